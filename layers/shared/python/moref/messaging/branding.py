"""How a branch looks and signs in its messages."""

from dataclasses import dataclass

from moref.tenants.model import Location

DARK, LIGHT = "#101820", "#ffffff"
LEGIBLE = 4.5  # WCAG 2.2, 1.4.3


@dataclass(frozen=True, slots=True)
class Brand:
    """What the layout is filled with; `ink` is legible on `colour`."""

    company: str
    address: str
    colour: str
    ink: str
    logo_url: str | None
    signature: tuple[str, ...]
    reply_to: str


def brand_of(location: Location) -> Brand:
    own = location.branding
    return Brand(
        company=own.company or location.name,
        address=location.postal_address,
        colour=own.colour,
        ink=ink_on(own.colour),
        logo_url=own.logo_url,
        signature=tuple(own.signature),
        reply_to=own.reply_to or location.staff_email,
    )


def ink_on(colour: str) -> str:
    """The letters' colour on a "#rrggbb": the one with more contrast, which is always legible."""
    return max((LIGHT, DARK), key=lambda ink: contrast(ink, colour))


def contrast(one: str, other: str) -> float:
    """WCAG's ratio, 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
