"""A post is for whom it was written: no way to it, and no word about it, shows it to others."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from federation.errors import FederationError
from federation.vocab import PUBLIC
from server.errors import AppError
from server.inbox.documents import Need
from server.model import Account, Post
from server.services import asking, contexts, posts, reactions, reading, search, timelines
from server.services.new_posts import NewPost
from server.store import accounts
from server.store import posts as rows
from server.store.db import Write
from server.store.paging import Page
from tests.server.squares import board
from tests.server.world import (
    CARL,
    EVE,
    GROUP,
    NOW,
    SITE,
    act,
    befriend,
    context,
    create,
    deliver,
    join,
    note,
    post,
    say,
    settle,
    who,
)
from web.actor_lists import _outbox

MARK = "persimmon"  # in every one of them
WHISPER = "https://far.test/notes/whisper"
LOUD = {"to": [PUBLIC], "cc": []}
OURS = ("ann", "bob", "cho", "water")
LISTS = ("pinned", "replies", "contexts", "notices")  # of ids
LATELY = {"updated": "2026-11-23T12:00:00Z"}


@pytest.fixture
def town(tx: Write) -> Write:
    """Cho may read most of it, and dora nothing, who follows whoever could tell her."""
    settle(tx)
    ann, bob = who(tx, "ann"), who(tx, "bob")
    cho, dora = join(tx, "cho"), join(tx, "dora")
    water = board(tx)
    befriend(tx, cho, ann)
    befriend(tx, cho, who(tx, EVE))
    for told in (cho, who(tx, CARL), who(tx, GROUP), bob, water):
        befriend(tx, dora, told)
    for follower in (CARL, EVE):
        for followed in (cho, water):
            befriend(tx, who(tx, follower), followed)
    return tx


# --- what is private


def _ours_for_followers(tx: Write) -> Post:
    return say(tx, who(tx, "ann"), f"{MARK} for followers", visibility="followers")


def _ours_for_one(tx: Write) -> Post:
    return say(tx, who(tx, "ann"), f"@cho {MARK}", visibility="direct")


def _secret_comment(tx: Write) -> Post:
    story = say(tx, who(tx, "cho"), "A story", title="Story")
    return say(tx, who(tx, "ann"), MARK, visibility="secret", reply_to_id=story.id)


def _theirs_for_followers(tx: Write) -> Post:
    deliver(tx, create(_whisper(to=[f"{EVE}/followers"], cc=[]), id=f"{WHISPER}/create"))
    return post(tx, WHISPER)


def _theirs_for_one(tx: Write) -> Post:
    cho = who(tx, "cho").uri
    tag = [{"type": "Mention", "href": cho}]
    deliver(tx, create(_whisper(to=[cho], cc=[], tag=tag), id=f"{WHISPER}/create"))
    return post(tx, WHISPER)


def _whisper(**more: object) -> dict[str, object]:
    return note(WHISPER, EVE, content=f"<p>{MARK}</p>", **more)


KINDS: dict[str, Callable[[Write], Post]] = {
    "ours for followers": _ours_for_followers,
    "ours for one": _ours_for_one,
    "secret comment": _secret_comment,
    "theirs for followers": _theirs_for_followers,
    "theirs for one": _theirs_for_one,
}


# --- ways to somebody else


def _author(tx: Write, of: Post) -> Account:
    found = accounts.by_id(tx, of.author_id)
    assert found is not None
    return found


def _arrives(tx: Write, raw: dict[str, object], of: Post) -> None:
    """It comes, and whoever is asked for the post says that it is for everybody."""
    documents: dict[str, object] = {}
    for _ in range(5):
        try:
            with tx.savepoint():
                deliver(tx, raw, documents)
        except Need as need:
            own = need.uri == of.uri
            documents[need.uri] = note(of.uri, _author(tx, of).uri, content=MARK) if own else None
        else:
            return


def _announced(tx: Write, of: Post) -> None:
    for by in (CARL, EVE, GROUP):
        _arrives(tx, act("Announce", by, of.uri, id=f"{by}/boost", **LOUD), of)


def _announced_whole(tx: Write, of: Post) -> None:
    whole = note(of.uri, _author(tx, of).uri, content=MARK)
    for by in (CARL, EVE, GROUP):
        _arrives(tx, act("Announce", by, whole, id=f"{by}/boost/whole", **LOUD), of)


def _told_by_a_group(tx: Write, of: Post) -> None:
    for kind in ("Create", "Update"):
        inner = act(kind, EVE, _whisper(audience=GROUP, **LATELY), id=f"{WHISPER}/{kind}", **LOUD)
        _arrives(tx, act("Announce", GROUP, inner, id=f"{GROUP}/announces/{kind}", **LOUD), of)


def _created_again(tx: Write, of: Post) -> None:
    for by in (EVE, CARL):
        wide = note(of.uri, by, content=MARK, audience=who(tx, "water").uri)
        _arrives(tx, create(wide, id=f"{by}/again"), of)


def _updated(tx: Write, of: Post) -> None:
    dora = who(tx, "dora").uri
    tag = [{"type": "Mention", "href": dora}]
    for by in (EVE, CARL):
        wide = note(of.uri, by, content=MARK, tag=tag, to=[PUBLIC, dora], **LATELY)
        _arrives(tx, act("Update", by, wide, id=f"{by}/update"), of)


def _edited(tx: Write, of: Post) -> None:
    """Our own author, who says another audience in the form."""
    author = _author(tx, of)
    if not author.domain:
        new = NewPost(content=f"{MARK} once more", visibility="public")
        posts.edit(tx, SITE, author, of.id, new, NOW + 1)


def _quoted_by_a_stranger(tx: Write, of: Post) -> None:
    quote = note(f"{CARL}/quote", CARL, quoteUrl=of.uri, quote=of.uri, to=[PUBLIC])
    _arrives(tx, create(quote, id=f"{CARL}/quote/create"), of)
    asked = act("QuoteRequest", CARL, of.uri, id=f"{CARL}/asks", instrument=quote)
    _arrives(tx, asked, of)


def _quoted_by_ours(tx: Write, of: Post) -> None:
    for name in ("cho", "ann"):
        with suppress(AppError):
            say(tx, who(tx, name), "Look at this", quoted_id=of.id)


def _boosted_by_ours(tx: Write, of: Post) -> None:
    for name in ("cho", "ann"):
        with suppress(AppError), tx.savepoint():
            reactions.boost(tx, SITE, who(tx, name), of.id, NOW)


def _answered_by_ours(tx: Write, of: Post) -> None:
    for visibility in ("public", "followers"):
        with suppress(AppError):
            say(tx, who(tx, "cho"), "To everybody", reply_to_id=of.id, visibility=visibility)


def _answered_by_a_stranger(tx: Write, of: Post) -> None:
    answer = note(f"{CARL}/answer", CARL, inReplyTo=of.uri, audience=who(tx, "water").uri)
    _arrives(tx, create(answer, id=f"{CARL}/answer/create"), of)


def _liked_and_asked_for(tx: Write, of: Post) -> None:
    for kind in ("Like", "EmojiReact"):
        _arrives(tx, act(kind, CARL, of.uri, id=f"{CARL}/{kind}", content="🌱"), of)
    answer = note(f"{CARL}/asked", CARL, inReplyTo=of.uri)
    _arrives(tx, act("ReplyRequest", CARL, of.uri, id=f"{CARL}/reply", instrument=answer), of)


def _reported_and_pinned(tx: Write, of: Post) -> None:
    _arrives(tx, act("Flag", CARL, [of.uri], id=f"{CARL}/flag", content="x"), of)
    for by in (EVE, CARL):
        _arrives(tx, act("Add", by, of.uri, id=f"{by}/pin", target=f"{by}/featured"), of)
    _arrives(tx, act("Add", GROUP, of.uri, id=f"{GROUP}/pin", target=f"{GROUP}/featured"), of)


WAYS: dict[str, Callable[[Write, Post], None]] = {
    "announced": _announced,
    "announced whole": _announced_whole,
    "told by a group": _told_by_a_group,
    "created again": _created_again,
    "updated": _updated,
    "edited": _edited,
    "quoted by a stranger": _quoted_by_a_stranger,
    "quoted by ours": _quoted_by_ours,
    "boosted by ours": _boosted_by_ours,
    "answered by ours": _answered_by_ours,
    "answered by a stranger": _answered_by_a_stranger,
    "liked and asked for": _liked_and_asked_for,
    "reported and pinned": _reported_and_pinned,
}


# --- what dora, a visitor and other servers get


def _shown(tx: Write, of: Post) -> dict[str, str]:
    """What is shown and sent to those for whom it was not written, by place."""
    dora = who(tx, "dora")
    shown: dict[str, str] = {}
    for viewer in (dora.id, None):
        whose = "dora" if viewer else "visitor"
        lists = {
            "local": timelines.local(tx, viewer, Page()),
            "federated": timelines.federated(tx, viewer, Page()),
            "search": search.find(tx, viewer, asking.read(MARK, "UTC"), Page()).entries,
            "home": timelines.home(tx, dora.id, Page()),
        }
        for place, entries in lists.items():
            shown[f"{place} of {whose}"] = repr(timelines.views(tx, viewer, entries))
        known = [row["id"] for row in tx.all("SELECT id FROM post WHERE id <> :id", id=of.id)]
        shown[f"beside others, to {whose}"] = repr([_thread(tx, viewer, id) for id in known])
    shown["outbox"] = repr([_outbox(tx, SITE, who(tx, name), Page()) for name in OURS])
    shown["pinned"] = repr([reading.featured(tx, who(tx, uri)) for uri in (EVE, CARL, GROUP)])
    shown["replies"] = repr(
        [uri.uri for row in tx.all("SELECT id FROM post") for uri in _replies(tx, row["id"])]
    )
    shown["contexts"] = repr([_context(tx, row["id"]) for row in tx.all("SELECT id FROM post")])
    shown["notices"] = repr(
        tx.all(
            "SELECT * FROM notification WHERE account_id = :id AND post_id = :post",
            id=dora.id,
            post=of.id,
        )
    )
    return shown


def _thread(tx: Write, viewer: int | None, id: int) -> object:
    with suppress(AppError):
        reading.readable(tx, viewer, id)
        above, below = context(tx, viewer, id)
        return above, below, timelines.by_post(tx, viewer, [id])
    return None


def _replies(tx: Write, id: int) -> list[Post]:
    return rows.public_replies(tx, id, Page())


def _context(tx: Write, id: int) -> object:
    with suppress(AppError):
        return contexts.members(tx, id, 1)
    return None


def _sent(tx: Write) -> set[str]:
    """What was promised to other servers."""
    return {bytes(row["body"]).decode() for row in tx.all("SELECT body FROM outbox ORDER BY id")}


def _readers(tx: Write, of: Post) -> set[str]:
    local = tx.all("SELECT id, name FROM account WHERE domain = ''")
    found = {str(row["name"]) for row in local if reading.may_read(tx, row["id"], of)}
    return found | ({"visitors"} if reading.may_read(tx, None, of) else set())


def _looks(tx: Write) -> int:
    """How often it stands somewhere for somebody."""
    counted = tx.one("SELECT count(*) AS n FROM boost")
    assert counted is not None
    return int(counted["n"])


sqlite = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


@sqlite
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_no_way_shows_it_to_anybody_new(town: Write, kind: str, way: str) -> None:
    tx = town
    of = KINDS[kind](tx)
    before, readers, sent = _shown(tx, of), _readers(tx, of), _sent(tx)
    assert "dora" not in readers and "visitors" not in readers
    with suppress(AppError, FederationError):
        WAYS[way](tx, of)
    now = rows.by_id(tx, of.id)
    assert now is not None
    assert (now.visibility, now.community_id) == (of.visibility, of.community_id)
    assert _readers(tx, now) <= readers
    for place, words in _shown(tx, now).items():
        assert MARK not in words, place
        assert place not in LISTS or of.uri not in words, place
    assert before.keys() == _shown(tx, now).keys()
    assert not any(MARK in body for body in _sent(tx) - sent) or way == "edited"
    assert _looks(tx) == 0


@sqlite
def test_the_same_of_a_post_for_everybody_is_seen_everywhere(town: Write) -> None:
    """So that those who look have eyes."""
    tx = town
    of = say(tx, who(tx, "bob"), f"{MARK} for all")
    say(tx, who(tx, "cho"), "An answer", reply_to_id=of.id)
    shown = _shown(tx, of)
    for place in ("local of visitor", "search of dora", "home of dora", "outbox"):
        assert MARK in shown[place], place
    for place in ("contexts", "beside others, to visitor"):
        assert of.uri in shown[place], place
    _announced(tx, of)
    assert _looks(tx) == 3
