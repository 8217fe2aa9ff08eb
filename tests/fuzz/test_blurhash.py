"""A stranger's blurhash: whatever it says, a small picture or none."""

import base64
import io

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from web.blur import miniature

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"


def fitting(colours: int) -> st.SearchStrategy[str]:
    """Hashes of the length that their first sign announces."""
    across, down = colours % 9 + 1, colours // 9 + 1
    rest = st.text(DIGITS, min_size=3 + 2 * across * down, max_size=3 + 2 * across * down)
    return rest.map(lambda text: DIGITS[colours] + text)


@given(st.one_of(st.text(max_size=200), st.integers(0, 80).flatmap(fitting)))
def test_any_text_is_a_small_picture_or_none(hash: str) -> None:
    address = miniature(hash)
    if not address:
        return
    assert len(address) < 300
    data = base64.b64decode(address.removeprefix("data:image/png;base64,"), validate=True)
    Image.open(io.BytesIO(data)).load()


@given(st.integers(0, 80).flatmap(fitting))
def test_every_hash_of_the_right_length_is_drawn(hash: str) -> None:
    assert miniature(hash)
