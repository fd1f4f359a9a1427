"""Colours, and how well one can be told from another (WCAG 2.2)."""

import colorsys
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_WRITTEN: Final = re.compile(r"#[0-9a-fA-F]{6}")
_SHADES: Final = 255


@dataclass(frozen=True)
class Colour:
    """A colour in sRGB, each part from 0 to 255."""

    red: int
    green: int
    blue: int

    @classmethod
    def read(cls, written: str) -> "Colour":
        """Read a colour as CSS writes it: "#14503f".

        Raises:
            ValueError: it is written otherwise.
        """
        if not _WRITTEN.fullmatch(written):
            raise ValueError(written)
        return cls(*bytes.fromhex(written[1:]))

    def __str__(self) -> str:
        """As CSS writes it."""
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @property
    def luminance(self) -> float:
        """Relative luminance, from 0 for black to 1 for white (WCAG 2.2)."""
        red, green, blue = map(_linear, (self.red, self.green, self.blue))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def contrast(self, other: "Colour") -> float:
        """The contrast ratio of the two, from 1 to 21 (WCAG 2.2)."""
        darker, lighter = sorted((self.luminance, other.luminance))
        return (lighter + 0.05) / (darker + 0.05)

    def least_contrast(self, backgrounds: Sequence["Colour"]) -> float:
        """The lowest contrast ratio with any of some backgrounds."""
        return min(map(self.contrast, backgrounds))

    def nearest(self, backgrounds: Sequence["Colour"], ratio: float) -> "Colour":
        """The nearest lightness of this hue that has a contrast ratio on all backgrounds.

        Args:
            backgrounds: what it is seen on.
            ratio: the contrast that it must have with each of them.

        Returns:
            The colour itself where it has it already.

        Raises:
            ValueError: no lightness has it.
        """
        if self.least_contrast(backgrounds) >= ratio:
            return self
        hue, lightness, saturation = colorsys.rgb_to_hls(
            self.red / _SHADES, self.green / _SHADES, self.blue / _SHADES
        )
        shades = [shade / _SHADES for shade in range(_SHADES + 1)]
        for shade in sorted(shades, key=lambda shade: abs(shade - lightness)):
            colour = _of(hue, shade, saturation)
            if colour.least_contrast(backgrounds) >= ratio:
                return colour
        raise ValueError(ratio)

    @property
    def lightness(self) -> float:
        """From 0 for black to 1 for white (HLS)."""
        parts = (self.red, self.green, self.blue)
        return (min(parts) + max(parts)) / 2 / _SHADES


def _of(hue: float, lightness: float, saturation: float) -> Colour:
    return Colour(
        *(round(part * _SHADES) for part in colorsys.hls_to_rgb(hue, lightness, saturation))
    )


def _linear(part: int) -> float:
    """Without the gamma of sRGB (IEC 61966-2-1)."""
    share = part / _SHADES
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4  # noqa: PLR2004
