"""What kind of picture some bytes are, by how they begin; nothing is believed of what whoever uploads them says.

No SVG: it can hold scripts, and mail programs do not show it.
"""

from typing import Literal, get_args

PictureType = Literal["image/png", "image/jpeg", "image/webp", "image/gif"]
TYPES: tuple[PictureType, ...] = get_args(PictureType)
ENDINGS: dict[PictureType, str] = {
    "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"
}  # fmt: skip


def picture_type(body: bytes) -> PictureType | None:
    """None for anything else."""
    if body.startswith(b"\x89PNG\r\n\x1a\n") and body[12:16] == b"IHDR":
        return "image/png"
    if body.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp"
    return "image/gif" if body[:6] in (b"GIF87a", b"GIF89a") else None
