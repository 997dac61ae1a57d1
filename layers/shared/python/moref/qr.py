"""QR codes of our links, for paper, trucks and screens.

Correction level Q: a quarter of it may be dirty, torn or under a thumb. Four modules of quiet zone, as ISO/IEC 18004
asks; black on white whatever the branding, since scanners need the contrast.
"""

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import segno

PIXELS = 16  # of a PNG's module: some 600 in all, sharp on a business card at 600 dpi
QUIET = 4


def svg(url: str) -> str:
    """A drawing that scales to any size, white ground included."""
    out = io.BytesIO()
    _made(url).save(out, kind="svg", border=QUIET, scale=10, dark="#000", light="#fff", omitsize=True, title="QR code")
    return out.getvalue().decode()


def png(url: str) -> bytes:
    out = io.BytesIO()
    _made(url).save(out, kind="png", border=QUIET, scale=PIXELS, dark="#000", light="#fff")
    return out.getvalue()


def _made(url: str) -> "segno.QRCode":
    import segno  # only who draws pays for it

    return segno.make_qr(url, error="q", boost_error=False)
