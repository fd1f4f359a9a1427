"""Contrast as WCAG computes it, and the nearest colour that has enough."""

import colorsys

import pytest
from udvej.content.colours import Colour

PAPER = (Colour.read("#fcfaf6"), Colour.read("#f2efe7"))
NIGHT = (Colour.read("#151a18"), Colour.read("#202724"))


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21),
        ("#ffffff", "#ffffff", 1),
        ("#777777", "#ffffff", 4.48),
        ("#595959", "#ffffff", 7.00),
        ("#0000ff", "#ffffff", 8.59),
        ("#ff0000", "#000000", 5.25),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    """Known pairs, in either order."""
    first, second = Colour.read(one), Colour.read(other)
    assert first.contrast(second) == second.contrast(first) == pytest.approx(ratio, abs=0.01)


@pytest.mark.parametrize(
    "written", ["", "#fff", "14503f", "#14503g", "#14503f ", "red", "#14503F0"]
)
def test_what_is_no_colour_is_refused(written: str) -> None:
    """Six digits after a sign, as the browser's colour picker gives."""
    with pytest.raises(ValueError, match=r".*"):
        Colour.read(written)


def test_a_colour_is_written_as_it_is_read() -> None:
    """In small letters."""
    assert str(Colour.read("#0A50fF")) == "#0a50ff"


def hue(colour: Colour) -> float:
    """From 0 to 1, round."""
    return colorsys.rgb_to_hls(colour.red / 255, colour.green / 255, colour.blue / 255)[0]


@pytest.mark.parametrize("grounds", [PAPER, NIGHT], ids=["light", "dark"])
@pytest.mark.parametrize(
    "written", ["#c8102e", "#0055a4", "#ffcc00", "#888888", "#000000", "#ffffff"]
)
def test_the_nearest_keeps_its_hue_and_is_just_enough(
    written: str, grounds: tuple[Colour, Colour]
) -> None:
    """Between it and the colour that was wished for, none is enough."""
    wished = Colour.read(written)
    nearest = wished.nearest(grounds, 7)
    assert nearest.least_contrast(grounds) >= 7
    if wished.least_contrast(grounds) >= 7:
        assert nearest == wished
        return
    apart = abs(hue(nearest) - hue(wished))
    assert min(apart, 1 - apart) < 0.01
    step = 1.5 / 255 if nearest.lightness < wished.lightness else -1.5 / 255
    red, green, blue = (
        round(255 * part)
        for part in colorsys.hls_to_rgb(hue(wished), nearest.lightness + step, saturation(wished))
    )
    assert Colour(red, green, blue).least_contrast(grounds) < 7


def saturation(colour: Colour) -> float:
    """From 0 to 1 (HLS)."""
    return colorsys.rgb_to_hls(colour.red / 255, colour.green / 255, colour.blue / 255)[2]


def test_where_no_lightness_is_enough_there_is_no_nearest() -> None:
    """Black and white at once leave no room for 7:1."""
    with pytest.raises(ValueError, match="7"):
        Colour.read("#888888").nearest([Colour.read("#000000"), Colour.read("#ffffff")], 7)
