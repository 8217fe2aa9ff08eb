"""The blur that comes before a picture."""

import base64
import io

import blurhash
import pytest
from PIL import Image

from web.blur import miniature


def seen(address):
    data = base64.b64decode(address.removeprefix("data:image/png;base64,"), validate=True)
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.filterwarnings("ignore:Image.Image.getdata is deprecated")
@pytest.mark.parametrize("size", [(4, 3), (3, 4), (1, 1), (9, 9)])
def test_a_blur_looks_as_the_library_that_made_it_says(size):
    picture = Image.linear_gradient("L").resize((64, 64)).convert("RGB")
    picture.paste((200, 40, 40), (0, 0, 24, 40))
    hash = blurhash.encode(picture, *size)
    address = miniature(hash)
    image = seen(address)
    assert image.size == ((6, 4) if size[0] >= size[1] else (4, 6))
    assert len(address) < 250
    if max(size) > 4:
        return  # finer waves than we draw
    wanted = blurhash.decode(hash, *image.size)
    for x in range(image.width):
        for y in range(image.height):
            pair = zip(image.getpixel((x, y)), wanted.getpixel((x, y)), strict=True)
            assert all(abs(a - b) <= 2 for a, b in pair), (x, y)


@pytest.mark.parametrize(
    "hash",
    [
        *("", "L", "0" * 5, "LKO2?U%2Tw=w]~RBVZRi};RPxuw", "LKO2?U%2Tw=w]~RBVZRi};RPxuwHx"),
        *("LKO2?U%2Tw=w]~RBVZRi};RPxu\u00e9H", "LKO2?U%2Tw=w]~RBVZRi};RPxu\0H", "~" * 167),
        *("\ud800" * 28, "<script>", '"' * 28),
    ],
)
def test_a_bad_hash_has_no_blur(hash):
    assert miniature(hash) == ""
