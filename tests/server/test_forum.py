"""Threads of communities of ours: who begins and answers them, what counts, who keeps order."""

from typing import Any

import msgspec
import pytest

from federation.vocab import PUBLIC
from server.clock import DAY_MS
from server.errors import Forbidden, Invalid, NotFound, TooMany
from server.model import REMOVED, Account, ForumThread, Post
from server.services import (
    communities,
    documents,
    forum,
    notifications,
    posts,
    reactions,
    reading,
    stewardship,
)
from server.services import timelines as timeline_service
from server.services.communities import Changes, NewCommunity
from server.store import communities as community_store
from server.store import forum as store
from server.store import hosts
from server.store import posts as post_store
from server.store.db import Write
from server.store.paging import Page
from tests.server.world import EVE, KEYS, NOW, SITE, befriend, join, say, stranger

LEMMY = "https://lemmy.test/u/bo"


def board(tx: Write, name: str = "water", **more: Any) -> Account:
    return communities.create(
        tx, SITE, NewCommunity(name=name, title="물", kind="board", keys=KEYS, **more), NOW
    )


def begin(tx: Write, author: Account, where: Account, title: str = "Title", **more: Any) -> Post:
    return say(tx, author, more.pop("content", "Text"), title=title, community_id=where.id, **more)


def thread(tx: Write, post: Post) -> ForumThread:
    found = store.by_id(tx, post.id)
    assert found is not None
    return found


def now(tx: Write, post: Post) -> Post:
    found = post_store.by_id(tx, post.id)
    assert found is not None
    return found


def sent(tx: Write, host: str) -> list[dict[str, Any]]:
    """What was promised to a host, in order."""
    rows = tx.all(
        """
        SELECT o.body FROM delivery d JOIN outbox o ON o.id = d.outbox_id
        JOIN peer p ON p.id = d.peer_id WHERE p.host = :host ORDER BY o.id
        """,
        host=host,
    )
    return [msgspec.json.decode(row["body"]) for row in rows]


def members(tx: Write, where: Account) -> None:
    """A server that understands groups, and one that does not, follow."""
    for uri in (LEMMY, EVE):
        befriend(tx, stranger(tx, uri), where)
    hosts.speaks_groups(tx, "lemmy.test", NOW)


# --- writing


def test_a_thread_is_a_titled_page_of_its_community(tx: Write) -> None:
    ann, water = join(tx, "ann"), board(tx)
    post = begin(tx, ann, water, link="https://news.test/1")
    assert (post.kind, post.community_id) == ("page", water.id)
    assert thread(tx, post).link == "https://news.test/1"
    body = documents.by_post(tx, SITE, post)
    assert body["type"] == "Page"
    assert body["audience"] == water.uri
    assert body["to"] == [water.uri, PUBLIC]
    assert body["attachment"][0] == {"type": "Link", "href": "https://news.test/1"}
    assert {"type": "Mention", "name": "@water@here.test", "href": water.uri} in body["tag"]
    assert "inReplyTo" not in body


def test_a_comment_stands_where_its_thread_stands_and_counts(tx: Write) -> None:
    ann, bob, water = join(tx, "ann"), join(tx, "bob"), board(tx)
    post = begin(tx, ann, water)
    comment = say(tx, bob, "A comment", reply_to_id=post.id)
    deep = say(tx, ann, "Deeper", reply_to_id=comment.id)
    assert {comment.community_id, deep.community_id} == {water.id}
    assert thread(tx, post).comments == 2
    body = documents.by_post(tx, SITE, deep)
    assert (body["type"], body["audience"]) == ("Note", water.uri)
    posts.delete(tx, SITE, bob, comment.id, NOW)
    assert thread(tx, post).comments == 1


@pytest.mark.parametrize("visibility", ["secret", "direct", "followers"])
def test_a_private_answer_stands_in_no_community(tx: Write, visibility: str) -> None:
    ann, bob, water = join(tx, "ann"), join(tx, "bob"), board(tx)
    post = begin(tx, ann, water)
    answer = say(tx, bob, "For you", reply_to_id=post.id, visibility=visibility)
    assert answer.community_id is None
    assert thread(tx, post).comments == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"visibility": "unlisted"},
        {"link": "no address"},
        {"link": "javascript:alert(1)"},
        {"link": "https://a.test/" + "x" * 2000},
    ],
)
def test_what_cannot_be_a_thread_is_refused(tx: Write, wrong: dict[str, str]) -> None:
    ann, water = join(tx, "ann"), board(tx)
    with pytest.raises(Invalid):
        begin(tx, ann, water, **wrong)


def test_a_link_outside_a_community_and_one_that_is_none_are_refused(tx: Write) -> None:
    ann = join(tx, "ann")
    with pytest.raises(Invalid):
        say(tx, ann, "x", link="https://news.test/1")
    with pytest.raises(NotFound):
        say(tx, ann, "x", title="x", community_id=ann.id)


def test_an_edit_moves_no_thread_and_keeps_its_link(tx: Write) -> None:
    ann, water, fire = join(tx, "ann"), board(tx), board(tx, "fire")
    post = begin(tx, ann, water, link="https://news.test/1")
    new = posts.NewPost(content="Better", title="Better", community_id=fire.id, link="")
    posts.edit(tx, SITE, ann, post.id, new, NOW)
    assert now(tx, post).community_id == water.id
    assert "https://news.test/1" in now(tx, post).content
    assert now(tx, post).kind == "page"


def test_who_may_begin_a_thread_is_for_the_community_to_say(tx: Write) -> None:
    ann, writer = join(tx, "ann"), join(tx, "will", role="writer")
    members_only = board(tx, "club", posting="members")
    writers_only = board(tx, "news", posting="writers")
    hood = communities.create(tx, SITE, NewCommunity(name="hood", title="골", keys=KEYS), NOW)
    for where in (members_only, writers_only, hood):
        with pytest.raises(Forbidden):
            begin(tx, ann, where)
    befriend(tx, ann, members_only)
    assert begin(tx, ann, members_only)
    post = begin(tx, writer, writers_only)
    assert say(tx, ann, "But anybody answers", reply_to_id=post.id).community_id == writers_only.id


# --- who is told


def test_each_server_is_told_in_the_shape_that_it_understands(tx: Write) -> None:
    ann, bob, water = join(tx, "ann"), join(tx, "bob"), board(tx)
    members(tx, water)
    post = begin(tx, ann, water)
    comment = say(tx, bob, "A comment", reply_to_id=post.id)
    reactions.like(tx, SITE, bob, post.id, NOW)
    relayed, boosted = sent(tx, "lemmy.test"), sent(tx, "far.test")
    assert [a["type"] for a in relayed] == ["Announce"] * 3
    assert [a["object"]["type"] for a in relayed] == ["Create", "Create", "Like"]
    assert {a["actor"] for a in relayed} == {water.uri}
    assert relayed[0]["object"]["object"]["id"] == post.uri
    assert relayed[0]["object"]["id"] == f"{post.uri}#create"  # nobody can fetch it
    assert relayed[1]["object"]["object"]["inReplyTo"] == post.uri
    assert [(a["type"], a["object"]) for a in boosted] == [("Announce", post.uri)]
    posts.delete(tx, SITE, bob, comment.id, NOW)
    gone = sent(tx, "lemmy.test")[-1]["object"]
    assert (gone["type"], gone["audience"], "summary" in gone) == ("Delete", water.uri, False)


def test_members_here_find_a_thread_at_home(tx: Write) -> None:
    ann, bob, water = join(tx, "ann"), join(tx, "bob"), board(tx)
    befriend(tx, bob, water)
    post = begin(tx, ann, water)
    say(tx, ann, "A comment is no news", reply_to_id=post.id)
    home = timeline_service.home(tx, bob.id, Page())
    assert [(entry.post_id, entry.booster_id) for entry in home] == [(post.id, water.id)]


# --- votes and orders


def test_votes_for_and_against_exclude_each_other_and_move_a_thread(tx: Write) -> None:
    ann, bob, water = join(tx, "ann"), join(tx, "bob"), board(tx)
    members(tx, water)
    post = begin(tx, ann, water)
    reactions.like(tx, SITE, bob, post.id, NOW)
    assert thread(tx, post).score == 1
    for _ in range(2):
        reactions.dislike(tx, SITE, bob, post.id, NOW)
    assert (now(tx, post).likes, now(tx, post).dislikes) == (0, 1)
    assert thread(tx, post).score == -1
    assert thread(tx, post).hot < forum.heat(0, NOW) + 1e-9
    reactions.like(tx, SITE, bob, post.id, NOW)
    assert (now(tx, post).likes, now(tx, post).dislikes) == (1, 0)
    said = [(a["object"]["type"], a["object"]["audience"]) for a in sent(tx, "lemmy.test")[1:]]
    assert said == [(kind, water.uri) for kind in ("Like", "Undo", "Dislike", "Undo", "Like")]


def test_nobody_votes_against_where_that_is_not_wanted(tx: Write) -> None:
    ann, bob = join(tx, "ann"), join(tx, "bob")
    kind = board(tx, "kind", votes="up")
    for post in (begin(tx, ann, kind), say(tx, ann, "Elsewhere")):
        with pytest.raises(Forbidden):
            reactions.dislike(tx, SITE, bob, post.id, NOW)


def test_heat_is_a_matter_of_score_and_time() -> None:
    assert forum.heat(10, NOW) == pytest.approx(forum.heat(0, NOW + forum.HOT_S * 1000))
    assert forum.heat(-10, NOW) < forum.heat(0, NOW) < forum.heat(2, NOW)
    assert forum.heat(1000, NOW) < forum.heat(0, NOW + 2 * DAY_MS)


@pytest.mark.parametrize(
    ("order", "wanted"),
    [("active", "old new middle"), ("top", "middle new old"), ("hot", "middle new old")],
)
def test_threads_are_sorted(tx: Write, order: str, wanted: str) -> None:
    ann, water = join(tx, "ann"), board(tx)
    made: dict[str, Post] = {}
    for hours, title in enumerate(("old", "middle", "new")):
        at_ms = NOW + hours * 3_600_000
        new = posts.NewPost(content="x", title=title, community_id=water.id)
        made[title] = posts.write(tx, SITE, ann, new, at_ms)
    for name in ("bob", "cid"):
        reactions.like(tx, SITE, join(tx, name), made["middle"].id, NOW)
    answer = posts.NewPost(content="x", reply_to_id=made["old"].id)
    posts.write(tx, SITE, ann, answer, NOW + DAY_MS)
    found = store.ordered(tx, 0, water.id, order, 10, 0)
    titles = {post.id: title for title, post in made.items()}
    assert " ".join(titles[entry.post_id] for entry in found) == wanted
    newest = store.newest(tx, 0, water.id, Page())
    assert [titles[entry.post_id] for entry in newest] == ["new", "middle", "old"]


# --- order


def test_in_a_locked_thread_moderators_alone_answer(tx: Write) -> None:
    ann, bob, mod, water = join(tx, "ann"), join(tx, "bob"), join(tx, "mod"), board(tx)
    members(tx, water)
    community_store.appoint(tx, water.id, mod.id, NOW)
    post = begin(tx, ann, water)
    with pytest.raises(Forbidden):
        stewardship.lock(tx, SITE, bob, post.id, NOW, locked=True)
    stewardship.lock(tx, SITE, mod, post.id, NOW, locked=True, reason="Enough")
    for who in (ann, bob):
        with pytest.raises(Forbidden):
            say(tx, who, "x", reply_to_id=post.id)
    assert say(tx, mod, "A last word", reply_to_id=post.id)
    stewardship.lock(tx, SITE, mod, post.id, NOW, locked=False)
    assert say(tx, bob, "x", reply_to_id=post.id)
    kinds = [a["object"]["type"] for a in sent(tx, "lemmy.test")]
    assert kinds == ["Create", "Lock", "Create", "Undo", "Create"]
    plain = [a["type"] for a in sent(tx, "far.test") if a["actor"] == ann.uri]
    assert plain == ["Update", "Update"]  # which say in the policy that it is locked, and open
    lines = community_store.logged(tx, water.id, Page())
    assert [(row["action"], row["reason"]) for row in lines] == [("unlock", ""), ("lock", "Enough")]


def test_pinned_threads_are_featured(tx: Write) -> None:
    mod, water = join(tx, "mod", role="moderator"), board(tx)
    members(tx, water)
    made = [begin(tx, mod, water) for _ in range(forum.MAX_PINNED + 1)]
    for post in made[:-1]:
        stewardship.pin(tx, SITE, mod, post.id, NOW, pinned=True)
    with pytest.raises(Invalid):
        stewardship.pin(tx, SITE, mod, made[-1].id, NOW, pinned=True)
    assert set(reading.featured(tx, water)) == {post.uri for post in made[:-1]}
    added = sent(tx, "lemmy.test")[-1]["object"]
    assert (added["type"], added["target"]) == ("Add", water.featured_uri)


def test_what_is_removed_its_author_and_moderators_alone_read(tx: Write) -> None:
    ann, bob, mod, water = join(tx, "ann"), join(tx, "bob"), join(tx, "mod"), board(tx)
    members(tx, water)
    befriend(tx, bob, water)
    community_store.appoint(tx, water.id, mod.id, NOW)
    post = begin(tx, ann, water, content="@bob look")
    comment = say(tx, ann, "@bob and here", reply_to_id=post.id)
    stewardship.remove(tx, SITE, mod, comment.id, NOW, reason="Insults somebody")
    stewardship.remove(tx, SITE, mod, post.id, NOW, reason="Insults somebody")
    for gone in (post, comment):
        assert now(tx, gone).visibility == REMOVED
        assert reading.may_read(tx, ann.id, now(tx, gone))
        for other in (None, bob.id):
            assert not reading.may_read(tx, other, now(tx, gone))
    assert thread(tx, post).comments == 0
    assert timeline_service.home(tx, bob.id, Page()) == []
    assert store.newest(tx, bob.id, water.id, Page()) == []
    removal = [a["object"] for a in sent(tx, "lemmy.test") if a["object"]["type"] == "Delete"]
    assert [r["summary"] for r in removal] == ["Insults somebody"] * 2
    undone = sent(tx, "far.test")[-1]
    assert (undone["type"], undone["object"]["object"]) == ("Undo", post.uri)
    stewardship.restore(tx, SITE, mod, post.id, NOW)
    stewardship.restore(tx, SITE, mod, comment.id, NOW)
    assert reading.may_read(tx, None, now(tx, post))
    assert thread(tx, post).comments == 1


def removals(tx: Write, who: Account) -> list[tuple[int, int | None]]:
    """Who took what away, as somebody is told of it."""
    which = notifications.wanted(tx, who.id, kinds=["removed"])
    told = notifications.page(tx, who.id, Page(), which)
    return [(one.account.id, one.notification.post_id) for one in told]


def test_who_wrote_what_moderators_removed_is_told_once(tx: Write) -> None:
    ann, mod, water = join(tx, "ann"), join(tx, "mod"), board(tx)
    community_store.appoint(tx, water.id, mod.id, NOW)
    post, own = begin(tx, ann, water), begin(tx, mod, water)
    for gone in (post, own):
        stewardship.remove(tx, SITE, mod, gone.id, NOW, reason="Off topic")
    assert removals(tx, mod) == []
    assert removals(tx, ann) == [(water.id, post.id)]  # the community: nobody learns who it was
    assert notifications.unread(tx, ann.id) == 1
    assert notifications.page(tx, ann.id, Page()) == []  # apps do not know this kind
    stewardship.restore(tx, SITE, mod, post.id, NOW)
    assert removals(tx, ann) == []
    stewardship.remove(tx, SITE, mod, post.id, NOW, reason="Again")
    assert removals(tx, ann) == [(water.id, post.id)]


def test_who_is_swept_out_is_told_once_of_all_they_wrote(tx: Write) -> None:
    ann, mod, water = join(tx, "ann"), join(tx, "mod"), board(tx)
    begin(tx, ann, water)
    last = begin(tx, ann, water)
    deed = forum.Deed(community_id=water.id, by=mod, now_ms=NOW)
    forum.sweep(tx, deed, ann)
    assert removals(tx, ann) == [(water.id, last.id)]


def test_moderators_read_what_they_removed(tx: Write) -> None:
    ann, mod, water = join(tx, "ann"), join(tx, "mod"), board(tx)
    community_store.appoint(tx, water.id, mod.id, NOW)
    post = begin(tx, ann, water)
    stewardship.remove(tx, SITE, mod, post.id, NOW, reason="x")
    assert [row["id"] for row in store.removed(tx, water.id, Page())] == [post.id]
    with pytest.raises(NotFound):
        stewardship.restore(tx, SITE, ann, post.id, NOW)


def test_who_is_banned_writes_nothing_there_until_it_ends(tx: Write) -> None:
    ann, mod, water = join(tx, "ann"), join(tx, "mod"), board(tx)
    community_store.appoint(tx, water.id, mod.id, NOW)
    post = begin(tx, ann, water)
    stewardship.ban(tx, SITE, mod, water.id, ann.id, NOW, reason="Spam", until_ms=NOW + DAY_MS)
    with pytest.raises(Forbidden):
        say(tx, ann, "x", reply_to_id=post.id)
    with pytest.raises(Forbidden):
        begin(tx, ann, water)
    later = posts.NewPost(content="x", reply_to_id=post.id)
    assert posts.write(tx, SITE, ann, later, NOW + DAY_MS + 1)
    with pytest.raises(Invalid):
        stewardship.ban(tx, SITE, mod, water.id, mod.id, NOW, reason="x")
    stewardship.unban(tx, SITE, mod, water.id, ann.id, NOW)
    assert say(tx, ann, "x", reply_to_id=post.id)


def test_a_thread_moves_with_all_that_answers_it(tx: Write) -> None:
    ann, mod, water, fire = join(tx, "ann"), join(tx, "mod"), board(tx), board(tx, "fire")
    community_store.appoint(tx, water.id, mod.id, NOW)
    post = begin(tx, ann, water)
    comment = say(tx, ann, "x", reply_to_id=post.id)
    with pytest.raises(Forbidden):
        stewardship.move(tx, SITE, mod, post.id, fire.id, NOW)
    community_store.appoint(tx, fire.id, mod.id, NOW)
    stewardship.move(tx, SITE, mod, post.id, fire.id, NOW, reason="About fire")
    assert {now(tx, one).community_id for one in (post, comment)} == {fire.id}
    assert [e.post_id for e in store.newest(tx, 0, fire.id, Page())] == [post.id]
    assert store.newest(tx, 0, water.id, Page()) == []


def test_who_asked_or_moderates_accepts_an_answer(tx: Write) -> None:
    ann, bob, water = join(tx, "ann"), join(tx, "bob"), board(tx)
    post, other = begin(tx, ann, water), begin(tx, ann, water)
    answer = say(tx, bob, "So", reply_to_id=post.id)
    with pytest.raises(Forbidden):
        stewardship.accept(tx, SITE, bob, post.id, answer.id, NOW)
    with pytest.raises(Invalid):
        stewardship.accept(tx, SITE, ann, other.id, answer.id, NOW)
    stewardship.accept(tx, SITE, ann, post.id, answer.id, NOW)
    assert thread(tx, post).answer_id == answer.id
    posts.delete(tx, SITE, bob, answer.id, NOW)
    assert thread(tx, post).answer_id is None


def test_moderators_come_and_go_and_everybody_is_told(tx: Write) -> None:
    mod, ann, water = join(tx, "mod", role="moderator"), join(tx, "ann"), board(tx)
    members(tx, water)
    stewardship.appoint(tx, SITE, mod, water.id, ann.id, NOW)
    assert [one.id for one in communities.moderators(tx, water.id)] == [ann.id]
    stewardship.dismiss(tx, SITE, ann, water.id, ann.id, NOW)
    assert communities.moderators(tx, water.id) == []
    told = [a["object"] for a in sent(tx, "lemmy.test")]
    assert [(a["type"], a["object"], a["target"]) for a in told] == [
        (kind, ann.uri, f"{water.uri}/moderators") for kind in ("Add", "Remove")
    ]


def test_a_community_is_changed_by_who_keeps_it(tx: Write) -> None:
    ann, mod, water = join(tx, "ann"), join(tx, "mod"), board(tx)
    hood = communities.create(tx, SITE, NewCommunity(name="hood", title="골", keys=KEYS), NOW)
    community_store.appoint(tx, water.id, mod.id, NOW)
    with pytest.raises(Forbidden):
        communities.change(tx, SITE, ann, water.id, Changes(title="x"), NOW)
    for wrong in (
        Changes(posting="nobody"),
        Changes(rules=("x" * 301,)),
        Changes(parent_id=water.id),
        Changes(boundary="x" * 100_001),
    ):
        with pytest.raises((Invalid, NotFound)):
            communities.change(tx, SITE, mod, water.id, wrong, NOW)
    new = Changes(title="Water", rules=("Be kind", " "), parent_id=hood.id, language="ko")
    changed = communities.change(tx, SITE, mod, water.id, new, NOW)
    assert (changed.title, communities.rules_of(changed)) == ("Water", ("Be kind",))
    assert [c.account.id for c in community_store.children(tx, hood.id, 10)] == [water.id]
    profile = documents.profile(tx, SITE, changed.account)
    assert profile["language"] == [{"identifier": "ko", "name": "한국어"}]
    assert profile["postingRestrictedToMods"] is False
    out = communities.change(tx, SITE, mod, water.id, Changes(parent_id=0), NOW)
    assert out.parent_id is None


def test_nobody_here_fills_a_board_in_an_hour(tx: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(communities, "MOST_AN_HOUR", 2)
    ann, water, fire = join(tx, "ann"), board(tx), board(tx, "fire")
    first = begin(tx, ann, water)
    say(tx, ann, "A comment", reply_to_id=first.id)
    for more in ({"title": "x", "community_id": water.id}, {"reply_to_id": first.id}):
        with pytest.raises(TooMany):
            say(tx, ann, "x", **more)
    assert begin(tx, ann, fire)
    later = posts.NewPost(content="x", reply_to_id=first.id)
    assert posts.write(tx, SITE, ann, later, NOW + 3_600_001)
