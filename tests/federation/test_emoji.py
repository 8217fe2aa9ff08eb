"""Which emoji a reaction may be."""

import json
from typing import Any

import pytest

from federation import emoji
from federation.vocab import Emoji

BLOB = {
    "type": "Emoji",
    "name": ":blob_cat:",
    "icon": {"type": "Image", "url": "https://far.test/blob.png"},
}


@pytest.mark.parametrize(
    "said",
    ["🙂", "❤️", "🧡", "👍🏽", "👩‍👩‍👧", "🇰🇷", "1️⃣", "‼️", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "☕", "▶️", "♥"],
)
def test_what_a_keyboard_draws_is_an_emoji(said: str) -> None:
    assert emoji.reaction({"content": said}) == Emoji(said, "")


@pytest.mark.parametrize(
    "said",
    [
        "",
        "spam",
        "a",
        "12",
        "1",
        "!",
        "김장",
        "🙂 buy",
        "<b>",
        "\u202e🙂",
        "\u200d",
        "🙂" * 17,
        "\ufe0f",
        ":no:",
    ],
)
def test_words_are_no_emoji(said: str) -> None:
    assert emoji.reaction({"content": said}) is None


@pytest.mark.parametrize("junk", [None, 7, ["🙂"], {"x": 1}, True])
def test_other_shapes_are_no_emoji(junk: Any) -> None:
    assert emoji.reaction({"content": junk, "tag": junk}) is None


@pytest.mark.parametrize("said", [":blob_cat:", ":blob_cat@far.test:", ":blob_cat@.:"])
def test_a_custom_emoji_of_akkoma_or_misskey_comes_with_its_picture(said: str) -> None:
    found = emoji.reaction({"content": said, "tag": [BLOB]})
    assert found == Emoji(":blob_cat:", "https://far.test/blob.png")
    assert emoji.reaction({"content": said, "tag": json.loads("[]")}) is None
    assert emoji.reaction({"content": ":other:", "tag": [BLOB]}) is None


def test_misskey_writes_it_under_its_own_name_too() -> None:
    assert emoji.reaction({"_misskey_reaction": "👍"}) == Emoji("👍", "")
