"""Whatever colour a city chooses, its pages can be read."""

import base64
import hashlib
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from web import colours
from web.colours import AT_EASE, READABLE, contrast, palette

HEX = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
CHOICES = ("#17614f", "#000000", "#ffffff", "#ffff00", "#0000ff", "#ff0000", "#808080", "#ffd1dc")


def holds(accent: str) -> None:
    found = palette(accent)
    for paper in ("#faf8f3", "#ffffff", found.light.tint):
        assert contrast(found.light.accent, paper) >= READABLE
    for paper in ("#161412", "#211e1b", found.dark.tint):
        assert contrast(found.dark.accent, paper) >= READABLE
    for tone in (found.light, found.dark):
        assert contrast(tone.on_accent, tone.accent) >= READABLE
    assert contrast(colours.LIGHT_INK, found.light.tint) >= AT_EASE
    assert contrast(colours.DARK_INK, found.dark.tint) >= AT_EASE


@pytest.mark.parametrize("accent", CHOICES)
def test_the_colours_at_the_edges_can_be_read(accent):
    holds(accent)


@settings(max_examples=400, deadline=None)
@given(HEX)
def test_any_colour_can_be_read(accent):
    holds(accent)


@settings(max_examples=300, deadline=None)
@given(HEX)
def test_a_colour_survives_the_way_to_oklch_and_back(accent):
    back = colours.from_oklch(*colours.oklch(accent))
    for at in (1, 3, 5):
        assert abs(int(back[at : at + 2], 16) - int(accent[at : at + 2], 16)) <= 1


@settings(max_examples=300, deadline=None)
@given(HEX)
def test_the_hue_stays(accent):
    found = palette(accent)
    _, chroma, hue = colours.oklch(accent)
    for colour in (found.light.accent, found.dark.accent):
        _, left, moved = colours.oklch(colour)
        if min(chroma, left) > 0.04:  # a grey has no hue to speak of
            turn = abs((moved - hue + math.pi) % (2 * math.pi) - math.pi)
            assert turn < 0.2, (accent, colour)


def test_an_accent_that_can_be_read_stays_as_it_is():
    assert palette("#17614f").light.accent == "#17614f"
    assert palette("#9adbc5").dark.accent == "#9adbc5"


def test_contrast_is_that_of_the_guidelines():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_style_has_both_themes_and_a_reader_may_choose():
    style = colours.css("#17614f")
    found = palette("#17614f")
    light, media, chosen = style.partition("@media")[0], *style.split("@media")[1].split("}}")
    assert light.startswith(":root{--accent:#17614f;--on-accent:#ffffff;--tint:#")
    assert '(prefers-color-scheme:dark){:root:not([data-theme="light"]){' in media
    assert f"--accent:{found.dark.accent};" in media
    assert chosen.startswith(':root[data-theme="dark"]{') and found.dark.tint in chosen
    assert style.count("{") == style.count("}")


def test_the_policy_allows_exactly_this_style():
    style = colours.css("#17614f")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert colours.style_hash(style) == f"'sha256-{digest}'"
