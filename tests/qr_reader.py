"""Reads a QR code back, by the standard (ISO/IEC 18004) and without the library that draws it: PNG to text.

For clean pictures of correction level Q, versions 2 to 6, byte mode: what `moref.qr` makes. No error is corrected, so
a single wrong module of the data shows.
"""

import struct
import zlib
from collections.abc import Callable, Iterator

Matrix = list[list[bool]]  # True is dark; without the quiet zone

# Level Q: data codewords of each block (table 9).
BLOCKS = {2: [22], 3: [17, 17], 4: [24, 24], 5: [15, 15, 16, 16], 6: [19, 19, 19, 19]}
ALIGNMENT = {2: 18, 3: 22, 4: 26, 5: 30, 6: 34}
LEVEL_Q = 0b11
FORMAT_MASK = 0b101010000010010
MASKS: tuple[Callable[[int, int], bool], ...] = (
    lambda row, column: (row + column) % 2 == 0,
    lambda row, column: row % 2 == 0,
    lambda row, column: column % 3 == 0,
    lambda row, column: (row + column) % 3 == 0,
    lambda row, column: (row // 2 + column // 3) % 2 == 0,
    lambda row, column: row * column % 2 + row * column % 3 == 0,
    lambda row, column: (row * column % 2 + row * column % 3) % 2 == 0,
    lambda row, column: ((row + column) % 2 + row * column % 3) % 2 == 0,
)


def text_of(png: bytes) -> str:
    return decoded(modules(png))


def decoded(matrix: Matrix) -> str:
    version = (len(matrix) - 17) // 4
    mask = MASKS[_format(matrix)]
    bits = [matrix[row][column] != mask(row, column) for row, column in _path(version)]
    words = [int("".join(map(str, map(int, bits[at : at + 8]))), 2) for at in range(0, len(bits) - 7, 8)]
    data = _joined(words, BLOCKS[version])
    assert data[0] >> 4 == 0b0100, "byte mode"
    stream = int.from_bytes(data, "big")
    length = stream >> len(data) * 8 - 12 & 0xFF
    return (stream >> len(data) * 8 - 12 - length * 8 & (1 << length * 8) - 1).to_bytes(length, "big").decode("ascii")


def modules(png: bytes) -> Matrix:
    """Of a PNG in greyscale or palette, one bit deep, dark being less light; quiet zone cut off."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    chunks = dict(_chunks(png))
    width, height, depth, _ = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert depth == 1
    rows = _rows(zlib.decompress(chunks[b"IDAT"]), (width + 7) // 8, height)
    dark = [[not row[x // 8] >> (7 - x % 8) & 1 for x in range(width)] for row in rows]
    top = next(y for y, line in enumerate(dark) if any(line))
    assert not any(any(line[:top]) or any(line[width - top :]) for line in dark), "a quiet zone on each side"
    size = next(x for x in range(top, width) if not dark[top][x]) - top  # a finder pattern is seven modules wide
    module = size // 7
    assert top >= 4 * module, "four modules of quiet"
    middle = range(top + module // 2, height - top, module)
    return [[dark[y][x] for x in middle] for y in middle]


def _rows(raw: bytes, width: int, height: int) -> list[bytes]:
    """Of `width` bytes; filters none (0) and up (2), which adds the row above."""
    rows = [bytes(width)]
    for at in range(0, height * (width + 1), width + 1):
        kind, row = raw[at], raw[at + 1 : at + 1 + width]
        assert kind in (0, 2)
        rows.append(row if kind == 0 else bytes((x + y) & 255 for x, y in zip(row, rows[-1], strict=True)))
    return rows[1:]


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


def _format(matrix: Matrix) -> int:
    """The mask's number, from the copy around the upper left finder."""
    places = [*((8, column) for column in (0, 1, 2, 3, 4, 5, 7, 8)), *((row, 8) for row in (7, 5, 4, 3, 2, 1, 0))]
    bits = int("".join(str(int(matrix[row][column])) for row, column in places), 2) ^ FORMAT_MASK
    assert bits >> 13 == LEVEL_Q
    return bits >> 10 & 0b111


def _path(version: int) -> Iterator[tuple[int, int]]:
    """Every data module in the order of placement: two columns at a time from the right, up and down in turn."""
    size, upwards = 17 + 4 * version, True
    for right in [*range(size - 1, 6, -2), *range(5, 0, -2)]:
        for row in range(size - 1, -1, -1) if upwards else range(size):
            for column in (right, right - 1):
                if not _fixed(row, column, version):
                    yield row, column
        upwards = not upwards


def _fixed(row: int, column: int, version: int) -> bool:
    size, at = 17 + 4 * version, ALIGNMENT[version]
    finder = (row < 9 and (column < 9 or column >= size - 8)) or (row >= size - 8 and column < 9)
    return finder or row == 6 or column == 6 or (abs(row - at) <= 2 and abs(column - at) <= 2)


def _joined(words: list[int], lengths: list[int]) -> bytes:
    """Data codewords are interleaved over the blocks; those for correction come after them."""
    blocks: list[list[int]] = [[] for _ in lengths]
    source = iter(words)
    for place in range(max(lengths)):
        for block, length in zip(blocks, lengths, strict=True):
            if place < length:
                block.append(next(source))
    return bytes(word for block in blocks for word in block)
