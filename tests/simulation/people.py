"""The cities as they are before anything happens: their people and their keys, made once."""

import random
from functools import cache
from typing import Final

from federation.keys import make_rsa
from server import ids
from server.keyring import Keys, make_sealed_ed25519
from server.services import accounts
from server.services.accounts import NewAccount
from server.store.db import Write
from tests.simulation.chance import loaded
from tests.simulation.city import VAULT, site_of
from tests.simulation.clock import START_MS
from tests.simulation.database import Disk

CITIES: Final = ("alpha.test", "beta.test", "gamma.test", "delta.test", "epsilon.test")
NAMES: Final = ("ann", "bob")
LONG_AGO_MS: Final = START_MS - 30 * 24 * 3_600_000


@cache
def _keys() -> Keys:
    """RSA keys take 100 ms each; the same pair under another id does for everybody of a city."""
    der, pem = make_rsa()
    return Keys((VAULT.seal(der), pem), make_sealed_ed25519(VAULT))


@cache
def disk(name: str) -> Disk:
    """The database of a city, with its people; to be used by one world at a time."""
    site = site_of(name)

    def settle(tx: Write) -> None:
        accounts.settle_domain(tx, site)
        accounts.ensure_instance_actor(tx, site, _keys(), LONG_AGO_MS)
        for one in NAMES:
            new = NewAccount(name=one, email=f"{one}@{name}", password="", keys=_keys())
            accounts.create(tx, site, new, LONG_AGO_MS)

    with loaded(random.Random(name)):
        ids._last = 0  # noqa: SLF001  as in a new process
        return Disk(settle)


def uris(of: Disk) -> list[tuple[str, str]]:
    """(name, actor id) of the people of a city."""
    return of.read(
        lambda db: [
            (row["name"], row["uri"])
            for row in db.all("SELECT name, uri FROM account WHERE kind = 'Person' ORDER BY name")
        ]
    )
