"""What people in these tests have in common: a password, a neighbourhood, a photograph."""

import io
from functools import cache

from PIL import Image, ImageDraw

from server import keyring, passwords
from server.model import Account
from server.services import accounts, communities
from server.services.communities import NewCommunity
from tests.village import SPARE_KEYS, City
from web.keys import SITE, VAULT

PASSWORD = "seven quiet lanterns"


async def join(city: City, name: str) -> None:
    """An account that signs in with `PASSWORD`."""
    account = await city.join(name)
    hashed = await passwords.hash_(PASSWORD)
    await city.db.write(accounts.change_password, account, hashed)


async def founds(city: City, name: str, *, title: str, kind: str = "neighbourhood") -> Account:
    """A community."""
    rsa, vault = next(SPARE_KEYS), city.app[VAULT]
    keys = keyring.Keys((vault.seal(rsa[0]), rsa[1]), keyring.make_sealed_ed25519(vault))
    new = NewCommunity(name=name, title=title, kind=kind, keys=keys)
    return await city.db.write(communities.create, city.app[SITE], new, city.clock())


@cache
def photograph() -> bytes:
    """A JPEG as a phone takes it."""
    image = Image.new("RGB", (1600, 1200), "#b9d6e8")
    ImageDraw.Draw(image).rectangle((300, 500, 1300, 1200), fill="#8d5b3f")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()
