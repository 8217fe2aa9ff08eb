"""What people in these tests have in common: a password, a photograph."""

import io
from functools import cache

from PIL import Image, ImageDraw

from server import passwords
from server.services import accounts
from tests.village import City

PASSWORD = "seven quiet lanterns"


async def join(city: City, name: str) -> None:
    """An account that signs in with `PASSWORD`."""
    account = await city.join(name)
    hashed = await passwords.hash_(PASSWORD)
    await city.db.write(accounts.change_password, account, hashed)


@cache
def photograph() -> bytes:
    """A JPEG as a phone takes it."""
    image = Image.new("RGB", (1600, 1200), "#b9d6e8")
    ImageDraw.Draw(image).rectangle((300, 500, 1300, 1200), fill="#8d5b3f")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()
