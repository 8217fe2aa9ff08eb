"""What one server or one person sends in masses: it costs them their turn, and nobody else's."""

import msgspec
import pytest

from server.clock import DAY_MS
from server.errors import Invalid
from server.ids import created_ms
from server.services import follows, looks, new_reports, previews, relations
from server.store import posts
from tests.server.world import EVE, MALLORY, NOW, SITE, join, number, say, stranger


@pytest.fixture
def few(monkeypatch):
    """Limits that a test reaches."""
    monkeypatch.setattr(looks, "MAX_WAITING", 5)
    monkeypatch.setattr(new_reports, "MAX_OF_A_SERVER", 3)
    monkeypatch.setattr(posts, "MAX_REVISIONS", 3)


def test_what_one_host_makes_us_fetch_takes_one_turn_and_has_an_end(tx, few):
    for n in range(20):
        looks.look_later(tx, "ancestors", f"https://slow.test/notes/{n}", n, NOW)
    assert number(tx, "SELECT count(*) FROM job") == 5
    assert number(tx, "SELECT count(DISTINCT lane) FROM job") == 1
    lanes = set()
    for n in range(200):
        looks.look_later(tx, "quoted", f"https://h{n}.test/notes/1", n, NOW)
        lanes |= {row["lane"] for row in tx.all("SELECT DISTINCT lane FROM job")}
    assert 1 < len(lanes) <= looks.LANES
    assert number(tx, "SELECT count(*) FROM job") <= looks.LANES * 5


def test_a_preview_that_waits_does_not_make_ids_of_the_future(tx):
    eve = stranger(tx, EVE)
    told = '<p><a href="https://paper.test/today">news</a></p>'
    for n in range(8):
        post = say(tx, join(tx, f"ann{n}"))
        content = told.replace("today", f"{n}")
        theirs = msgspec.structs.replace(post, local=0, author_id=eve.id, content=content)
        previews.note(tx, SITE, theirs, NOW)
    rows = tx.all("SELECT id, due_ms FROM job WHERE kind = 'preview' ORDER BY id")
    assert len(rows) == 8
    assert any(row["due_ms"] > NOW + 1_000 for row in rows)
    assert all(created_ms(row["id"]) < NOW + 1_000 for row in rows)


def test_a_server_reports_so_much_a_day_whichever_of_its_actors_says_it(tx, few):
    ann = join(tx, "ann")
    actors = [stranger(tx, uri) for uri in (EVE, MALLORY)]

    def hear(n: int, at_ms: int) -> None:
        new_reports.hear(
            tx,
            actors[n % 2],
            f"https://far.test/flags/{n}",
            ann,
            objects=[ann.uri],
            comment="",
            now_ms=at_ms,
        )

    for n in range(10):
        hear(n, NOW)
    assert number(tx, "SELECT count(*) FROM report") == 3
    hear(11, NOW + 2 * DAY_MS)
    assert number(tx, "SELECT count(*) FROM report") == 4


def test_of_a_post_that_is_edited_without_end_the_last_versions_are_kept(tx, few):
    post = say(tx, join(tx, "ann"))
    for n in range(10):
        posts.insert_revision(tx, posts.by_id(tx, post.id))
        posts.set_columns(tx, post.id, content=f"<p>{n}</p>")
    kept = [one.version for one in posts.revisions(tx, post.id)]
    assert number(tx, "SELECT count(*) FROM revision") == 3
    assert kept == [8, 9, 10]


def test_nobody_follows_or_remembers_without_end(tx, monkeypatch):
    monkeypatch.setattr(follows, "MAX_FOLLOWED", 2)
    monkeypatch.setattr(relations, "MAX_NOTED", 2)
    ann, others = join(tx, "ann0"), [join(tx, f"other{n}") for n in range(3)]
    for one in others[:2]:
        follows.follow(tx, SITE, ann, one.id, NOW)
        relations.note(tx, ann, one.id, "kind")
    follows.follow(tx, SITE, ann, others[0].id, NOW)  # again
    relations.note(tx, ann, others[0].id, "very kind")
    for act in (
        lambda: follows.follow(tx, SITE, ann, others[2].id, NOW),
        lambda: relations.note(tx, ann, others[2].id, "kind"),
    ):
        with pytest.raises(Invalid, match="people"), tx.savepoint():
            act()
    assert number(tx, "SELECT count(*) FROM follow WHERE follower_id = :a", a=ann.id) == 2
    assert number(tx, "SELECT count(*) FROM account_note WHERE account_id = :a", a=ann.id) == 2
    relations.note(tx, ann, others[0].id, "")
    relations.note(tx, ann, others[2].id, "kind")
