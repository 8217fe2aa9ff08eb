"""Rows become values by the places of their columns, whichever database gave them."""

from collections.abc import Sequence

import msgspec
import pytest

from server.model import Account, Job, Media, Member, Notification, Outline, Peer, Post, Preview
from server.services import reactions, timelines
from server.store import accounts, posts
from server.store.db import Write, struct, structs
from server.store.timelines import entries
from tests.server.world import NOW, SITE, join, say


class Boat(msgspec.Struct, frozen=True):
    name: str
    length: int
    home: str | None


def test_columns_may_come_in_any_order_and_among_others(tx: Write) -> None:
    row = tx.one("SELECT CAST(NULL AS TEXT) AS home, 7 AS oars, 12 AS length, 'Gull' AS name")
    assert row is not None
    assert struct(Boat, row) == Boat(name="Gull", length=12, home=None)


def test_rows_of_several_statements_are_not_taken_for_one_another(tx: Write) -> None:
    """What is known of the columns of one statement does not count for the next."""
    one = tx.all("SELECT 'Gull' AS name, 12 AS length, 'Busan' AS home")
    other = tx.all("SELECT 'Jeju' AS home, 9 AS length, 'Tern' AS name")
    assert structs(Boat, one) == [Boat("Gull", 12, "Busan")]
    assert structs(Boat, other) == [Boat("Tern", 9, "Jeju")]
    assert structs(Boat, one + one) == [Boat("Gull", 12, "Busan")] * 2
    assert structs(Boat, []) == []


def test_a_column_that_is_missing_is_an_error_and_no_other_value(tx: Write) -> None:
    rows = tx.all("SELECT 'Gull' AS name, 12 AS length")
    with pytest.raises((KeyError, ValueError)):
        structs(Boat, rows)


@pytest.mark.parametrize(
    "kind", [Account, Post, Outline, Notification, Media, Job, Peer, Member, Preview]
)
def test_what_is_read_most_is_made_by_places(kind: type[msgspec.Struct]) -> None:
    made: Sequence[object] = range(len(kind.__struct_fields__))
    assert msgspec.structs.astuple(kind(*made)) == tuple(made)


def test_a_person_and_a_post_come_back_as_they_were_kept(tx: Write) -> None:
    mina = join(tx, "mina", display_name="미나", avatar_description="A gull")
    post = say(tx, mina, "Nets are mended", title="Nets")
    assert accounts.by_ids(tx, [mina.id]) == {mina.id: accounts.by_uri(tx, mina.uri)}
    kept = posts.by_ids(tx, [post.id])[post.id]
    asked = tx.one("SELECT * FROM post WHERE id = :id", id=post.id)
    assert asked is not None
    assert {name: asked[name] for name in Post.__struct_fields__} == msgspec.structs.asdict(kept)
    assert (kept.title, kept.author_id) == ("Nets", mina.id)


def test_whether_the_viewer_likes_it_is_looked_up_where_somebody_does(tx: Write) -> None:
    mina, joon = join(tx, "mina"), join(tx, "joon")
    post = say(tx, mina)

    def seen() -> tuple[int, int]:
        (found,) = entries(tx, joon.id, [post.id])
        (view,) = timelines.views(tx, joon.id, [found])
        assert (view.liked, view.boosted) == (bool(found.liked), bool(found.boosted))
        return found.liked, found.boosted

    assert seen() == (0, 0)
    reactions.like(tx, SITE, joon, post.id, NOW)
    reactions.boost(tx, SITE, joon, post.id, NOW)
    assert seen() == (1, 1)
    posts.set_columns(tx, post.id, likes=0, boosts=0)  # as nobody could: the rows are there
    assert seen() == (0, 0)
