"""A peer that repeats itself lives, too."""

from server.store import peers
from server.store.db import Write
from tests.server.world import EVE, NOW, act, deliver, settle, who


def test_what_comes_a_second_time_has_no_effect_but_shows_that_its_server_lives(tx: Write) -> None:
    settle(tx)
    eve, follow = who(tx, EVE), act("Follow", EVE, who(tx, "ann").uri)
    deliver(tx, follow)
    assert eve.peer_id is not None
    tx.run(
        "UPDATE peer SET failing_since_ms = :now, attempts = 1 WHERE id = :id",
        now=NOW,
        id=eve.peer_id,
    )
    assert peers.failing(tx, "far.test")

    deliver(tx, follow)
    assert not peers.failing(tx, "far.test")
