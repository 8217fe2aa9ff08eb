"""Documents as each software writes them: not only read, but read as they were meant.

`golden/` holds documents in our own words, in the shapes that each software gives. Beside the
project there may be a folder of recorded ones, which are read in place.
"""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from federation import nodeinfo, parse, webfinger
from federation.audience import visibility
from federation.errors import FederationError, Gone, Malformed
from federation.vocab import PUBLIC, Activity, Actor, Collection, Object, Option

OURS = Path(__file__).parent / "golden"
RECORDED = Path(__file__).parents[2].parent / "shared" / "golden"
GTS, SNAC = "gotosocial-0.20.0-rc1", "snac2-2.94"

recordings = pytest.mark.skipif(
    not RECORDED.is_dir(), reason=f"there are no recorded documents at {RECORDED}"
)

Value = Activity | Actor | Object | Collection


def read(raw: dict[str, Any]) -> Value:
    """The document as whatever it is. Raises what the reader of its kind raises."""
    found: list[Value] = []
    reasons: list[FederationError] = []
    for reader in (parse.activity, parse.actor, parse.object_, parse.collection):
        try:
            found.append(reader(raw))
        except FederationError as error:
            reasons.append(error)
    assert len(found) < 2, "one document, two meanings"
    if not found:
        raise next((one for one in reasons if isinstance(one, Gone)), reasons[-1])
    return found[0]


def body_of(path: Path) -> bytes:
    """The body of a recording, or the file itself."""
    data = path.read_bytes()
    if path.parent.name in (GTS, SNAC):
        return (msgspec.json.decode(data)["body_raw"] or "").encode()
    return data


def meaning(value: Value, fact: str) -> Any:
    """One fact about a document; `object.x` is about the one embedded in it."""
    name, _, rest = fact.partition(".")
    if name == "object" and rest:
        assert isinstance(value, Activity)
        return meaning(read(value.object or {}), rest)
    if name == "alts":
        return [one.alt for one in value.attachments]
    if name == "kinds":
        return [one.kind for one in value.attachments]
    if name == "key_ids":
        return [key.id for key in value.keys]
    if name == "visibility":
        author = value.attributed_to if isinstance(value, Object) else value.actor
        return visibility(value.to, value.cc, f"{author}/followers")
    if name == "items":
        return len(value.items)
    return getattr(value, name)


def means(value: Value, facts: dict[str, Any]) -> None:
    found = {fact: meaning(value, fact) for fact in facts}
    assert found == facts


HERE = "https://here.example/actors/1"
HANA = "https://masto.example/users/hana"
GARDENS = "https://lemmy.example/c/gardens"
NOON = 1_777_624_200_000
"""2026-05-01T08:30:00Z."""

IN_OUR_WORDS: dict[str, dict[str, Any]] = {
    "mastodon-person": {
        "username": "hana",
        "name": "하나 :wave:",
        "locked": True,
        "discoverable": False,
        "fields": (("Garden", '<a href="https://garden.example" rel="me">garden.example</a>'),),
        "shared_inbox": "https://masto.example/inbox",
        "key_ids": [f"{HANA}#main-key"],
    },
    "mastodon-create-note": {
        "type": "Create",
        "actor": HANA,
        "object.warning": "Long walk",
        "object.sensitive": True,
        "object.visibility": "public",
        "object.in_reply_to": "https://here.example/objects/1",
        "object.mentions": (HERE,),
        "object.hashtags": ("herons",),
        "object.kinds": ["image", "video"],
        "object.alts": ["A heron on a stone", ""],
        "object.context": "https://masto.example/contexts/1-1",
        "object.replies": f"{HANA}/statuses/1/replies",
        "object.published_ms": NOON,
    },
    "mastodon-delete-note": {"type": "Delete", "object_id": f"{HANA}/statuses/1"},
    "mastodon-move": {
        "actor": HANA,
        "object_id": HANA,
        "target_id": "https://other.example/users/hana",
    },
    "mastodon-question": {
        "options": (Option("River", 2), Option("Hill", 1)),
        "multiple": False,
        "voters": 3,
        "ends_ms": NOON + 86_400_000,
        "visibility": "unlisted",
    },
    "gotosocial-create-note": {
        "to": (PUBLIC,),
        "object.hashtags": ("tides",),
        "object.warning": "",
        "object.visibility": "public",
        "object.published_ms": NOON - 2 * 3_600_000,
        "object.replies": "https://gts.example/users/juno/statuses/01A/replies",
    },
    "gotosocial-flag": {
        "objects": ("https://here.example/actors/9", "https://here.example/objects/44"),
        "content": "Sells herons",
        "to": (),
    },
    "lemmy-group": {
        "type": "Group",
        "username": "gardens",
        "featured": f"{GARDENS}/featured",
        "published_ms": 1_672_567_200_123,
    },
    "lemmy-announce-create-page": {
        "type": "Announce",
        "object_type": "Create",
        "object.actor": "https://lemmy.example/u/rowan",
        "object.object.name": "Moss or gravel?",
        "object.object.audience": GARDENS,
        "object.object.source": "Which one drains?",
        "object.object.kinds": ["link", "image"],
        "object.object.in_reply_to": None,
        "object.object.visibility": "public",
    },
    "lemmy-dislike": {"type": "Dislike", "to": ()},
    "lemmy-removal": {"type": "Delete", "content": "Off topic"},
    "lemmy-message": {"type": "Create", "object_type": "ChatMessage", "to": (HERE,)},
    "piefed-create-page": {
        "object.type": "Page",
        "object.kinds": ["image"],
        "object.alts": ["A wooden box in a beech"],
        "object.language": "en",
        "object.updated_ms": None,
        "object.context": "https://pie.example/post/12/context",
    },
    "piefed-question": {
        "name": "Which box?",
        "multiple": True,
        "options": (Option("Open", 4), Option("Tunnel", 0)),
        "voters": None,
    },
    "nodebb-article": {
        "name": "Pruning",
        "lead": "<p>How to prune in a dry spring [...]</p>",
        "warning": "",
        "source": "How to prune in a dry spring, tree by tree.",
        "context": "https://bb.example/topic/9",
        "audience": "https://bb.example/category/4",
        "mentions": (GARDENS,),
        "published_ms": NOON + 176,
    },
    "nodebb-context": {"items": 2, "total": 2, "first": None},
    "wordpress-article": {
        "lead": "After nine years of repairs.",
        "alts": ["The old quay"],
        "hashtags": ("harbour",),
        "url": "https://blog.example/the-quay-reopens/",
        "updated_ms": NOON + 1_800_000,
    },
    "wordpress-person": {
        "id": "https://blog.example/?author=2",
        "username": "editor",
        "also_known_as": (
            "https://blog.example/author/editor/",
            "https://old.example/@editor",
        ),
        "fields": (("Blog", '<a href="https://blog.example">blog.example</a>'),),
    },
    "mitra-person": {
        "name": "",
        "key_ids": [
            "https://mitra.example/users/lark#main-key",
            "https://mitra.example/users/lark#ed25519-key",
        ],
    },
    "mitra-create-note": {
        "object.language": "",
        "object.visibility": "direct",
        "object.published_ms": NOON + 500,
    },
    "mobilizon-event": {
        "type": "Event",
        "attributed_to": "https://events.example/@harbour",
        "location": "North quay, 2 Quay Road, 12345, Madang, South Korea",
        "starts_ms": 1_780_707_600_000,
        "ends_ms": 1_780_736_400_000,
        "language": "en",
        "kinds": ["image", "link"],
    },
}


@pytest.mark.parametrize("name", IN_OUR_WORDS)
def test_a_document_of_each_software_is_read_as_it_was_meant(name):
    means(read(parse.decode((OURS / f"{name}.json").read_bytes())), IN_OUR_WORDS[name])


def test_no_document_in_our_words_is_left_unread():
    stems = {path.stem for path in OURS.glob("*.json")}

    assert stems - set(IN_OUR_WORDS) == {"gotosocial-key"}


def test_a_key_document_of_gotosocial_names_key_and_owner_and_is_no_actor():
    raw = parse.decode((OURS / "gotosocial-key.json").read_bytes())

    (key,) = parse.keys(raw)

    assert (key.id, key.owner) == (
        "https://gts.example/users/juno/main-key",
        "https://gts.example/users/juno",
    )
    with pytest.raises(Malformed):
        parse.actor(raw)


# recorded --------------------------------------------------------------------------------------

ALICE, BOB = "https://gts.test/users/alice", "https://snac.test/bob"
WENDY = "https://load.test/users/wendy"

RECORDED_FACTS: dict[str, dict[str, Any]] = {
    f"{GTS}/create-note-image": {
        "to": (PUBLIC,),
        "cc": (f"{ALICE}/followers",),
        "object.alts": ["A small gradient used as a test image"],
        "object.kinds": ["image"],
        "object.hashtags": (),
    },
    f"{GTS}/create-note-content-warning": {
        "object.warning": "A content warning",
        "object.sensitive": True,
    },
    f"{GTS}/create-note-unlisted": {"object.visibility": "unlisted"},
    f"{GTS}/create-note-followers-only": {"object.visibility": "followers"},
    f"{GTS}/create-note-direct": {"object.visibility": "direct", "object.mentions": (WENDY,)},
    f"{GTS}/create-note-korean": {
        "object.language": "ko",
        "object.hashtags": ("한국어", "연합우주"),
    },
    f"{GTS}/create-note-mention-hashtag": {
        "object.mentions": (WENDY, "https://f0001.load.test/users/max"),
        "object.hashtags": ("activitypub", "fediverse"),
    },
    f"{GTS}/create-note-reply": {"object.in_reply_to": f"{WENDY}/statuses/n1"},
    f"{GTS}/create-question-multiple": {
        "object.multiple": True,
        "object.options": (Option("a"), Option("b"), Option("c")),
    },
    f"{GTS}/create-question-single": {
        "object.multiple": False,
        "object.options": (Option("red", 0), Option("green", 0), Option("파랑", 0)),
    },
    f"{GTS}/update-question-closed": {
        "type": "Update",
        "object.options": (Option("x", 1), Option("y", 0)),
        "object.voters": 1,
    },
    f"{GTS}/announce": {
        "type": "Announce",
        "object_id": f"{WENDY}/statuses/n1",
        "visibility": "unlisted",
    },
    f"{GTS}/like": {"type": "Like", "actor": ALICE},
    f"{GTS}/flag": {
        "actor": "https://gts.test/users/gts.test",
        "objects": (WENDY, f"{WENDY}/statuses/n1"),
        "content": "A test report.",
        "to": (),
    },
    f"{GTS}/undo-follow": {"type": "Undo", "object_type": "Follow", "object.type": "Follow"},
    f"{GTS}/undo-block": {"object.type": "Block", "object.object_id": WENDY},
    f"{GTS}/accept-follow": {
        "object_id": f"{WENDY}#follow-alice",
        "object.actor": WENDY,
        "object.object_id": ALICE,
    },
    f"{GTS}/accept-interaction-impolite-reply": {
        "object_id": "https://f0001.load.test/users/max/statuses/r1",
        "object_type": None,
    },
    f"{GTS}/delete-person": {"actor": "https://gts.test/users/frank", "object": None},
    f"{GTS}/move": {"target_id": WENDY},
    f"{GTS}/get-actor-alice": {
        "username": "alice",
        "name": "Alice 앨리스",
        "shared_inbox": "",
        "key_ids": [f"{ALICE}/main-key"],
        "discoverable": False,
    },
    f"{GTS}/get-actor-dave-moved": {"moved_to": WENDY, "also_known_as": (WENDY,)},
    f"{GTS}/get-instance-actor": {"type": "Service", "bot": True},
    f"{GTS}/get-followers": {"total": 4, "items": 0, "first": f"{ALICE}/followers?limit=40"},
    f"{GTS}/vote-single": {"object.type": "Note", "object.content": ""},
    f"{SNAC}/undo-follow-unaccepted": {
        "id": f"{WENDY}/Undo_1795431036.423434",
        "actor": BOB,
        "object_id": WENDY,
        "object": None,
    },
    f"{SNAC}/undo-follow-accepted": {"object_type": "Follow", "object.object_id": WENDY},
    f"{SNAC}/create-note-unlisted": {"to": (), "object.visibility": "unlisted"},
    f"{SNAC}/create-note-public": {"object.visibility": "public", "object.in_reply_to": None},
    f"{SNAC}/create-note-followers-only": {"object.visibility": "followers"},
    f"{SNAC}/create-note-direct": {"object.visibility": "direct"},
    f"{SNAC}/create-note-korean": {
        "object.language": "ko",
        "object.hashtags": ("한국어", "연합우주"),
    },
    f"{SNAC}/create-note-image": {"object.alts": ["A small gradient used as a test image"]},
    f"{SNAC}/create-question-multiple": {
        "object.multiple": True,
        "object.options": (Option("a", 0), Option("b", 0), Option("c", 0)),
        "object.ends_ms": 1_795_431_149_000,
    },
    f"{SNAC}/vote-single": {
        "object.name": "보리차",
        "object.content": "",
        "object.in_reply_to": f"{WENDY}/statuses/sq1",
        "visibility": "direct",
    },
    f"{SNAC}/follow": {"type": "Follow", "to": ()},
    f"{SNAC}/move": {"to": (), "target_id": WENDY},
    f"{SNAC}/emoji-react": {"type": "EmojiReact", "content": "🙂"},
    f"{SNAC}/delete-note": {"object_type": "Tombstone"},
    f"{SNAC}/ping": {"type": "Ping", "object_id": None},
    f"{SNAC}/get-replies": {"next": "https://snac.test/bob/r/1795431060.042301?page=true"},
    f"{SNAC}/get-actor-erin-moved": {"moved_to": None, "also_known_as": (WENDY,)},
    "lemmy-assets/peertube/objects/video": {
        "attributed_to": "https://tilvids.com/accounts/thelinuxexperiment",
        "url": "https://tilvids.com/videos/watch/e7946124-7b72-4ad7-9d22-844a84bb2de1",
        "language": "en",
        "kinds": ["image"],
    },
    "lemmy-assets/mobilizon/objects/event": {
        "location": "The Kenn Centre, Devon Expressway, EX6 7TW, Teignbridge, England, "
        "United Kingdom",
        "starts_ms": 1_670_785_200_000,
        "alts": ["Banner"],
        "hashtags": ("dance", "caledonian", "lesson"),
    },
    "lemmy-assets/nodebb/objects/page": {
        "type": "Article",
        "name": "Welcome to your NodeBB!",
        "context": "https://bb.devnull.land/topic/1",
        "warning": "",
        "updated_ms": None,
    },
    "lemmy-assets/discourse/objects/page": {"type": "Note", "to": (), "name": "Our next meeting"},
    "lemmy-assets/pleroma/objects/note": {
        "type": "Note",
        "visibility": "unlisted",
        "attributed_to": "https://queer.hacktivis.me/users/lanodan",
    },
    "lemmy-assets/mbin/activities/flag": {
        "objects": ("https://lemmy-test/post/4", "https://lemmy-test/u/BentiGorlich")
    },
    "lemmy-assets/lemmy/activities/block/block_user": {
        "target_id": "http://enterprise.lemmy.ml/c/main",
        "content": "spam post",
    },
    "lemmy-assets/lemmy/activities/deletion/remove_note": {"content": "bad comment"},
    "lemmy-assets/lemmy/activities/deletion/delete_page": {"content": None},
    "lemmy-assets/lemmy/activities/community/announce_create_page": {
        "object_type": "Create",
        "object.object_type": "Page",
    },
    "lemmy-assets/lemmy/activities/create_or_update/create_page": {
        "object.language": "ko",
        "object.kinds": ["image"],
        "object.visibility": "public",
    },
    "lemmy-assets/lemmy/objects/instance": {
        "type": "Application",
        "username": "enterprise.lemmy.ml",
    },
    "lemmy-assets/wordpress/objects/person": {"username": "matthias"},
    "lemmy-assets/friendica/objects/page_1": {"source": "", "visibility": "unlisted"},
    "lemmy-assets/mastodon/collections/featured": {"items": 1, "total": 1},
}

UNREADABLE = {
    r".*/(firstcontact.*|get|move-target-check)-.*?(nodeinfo|webfinger|host-meta).*": "discovery",
    r".*/firstcontact.*-(robots-txt|api-v1-instance)": "asked of us by a stranger",
    r".*/other-get-.*": "an answer of the recorder, not ActivityStreams",
    r".*/get-(actor-unsigned-401|object-followers-only-nonfollower)": "a refusal",
    r".*/get-authorization-accept-reply-request": "a stamp that approves a reply",
    r".*/get-main-key-.*": "a key and its owner, no actor (parse.keys reads it)",
    r"snac.*/get-(actor-gone|instance-actor-.*|object-note-(direct|followers-only))": "a web page",
    r"lemmy-assets/pleroma/objects/chat_message": "a chat that we do not show",
    r"lemmy-assets/(lemmy|lotide)/objects/tombstone": "a tombstone",
}
"""Recorded documents that are none of the four kinds, and why."""


def recorded() -> dict[str, Path]:
    found = (path.relative_to(RECORDED).with_suffix("") for path in RECORDED.rglob("*.json"))
    return {str(name): RECORDED / f"{name}.json" for name in sorted(found)}


@recordings
@pytest.mark.parametrize("name", RECORDED_FACTS)
def test_a_recorded_document_is_read_as_it_was_meant(name):
    means(read(parse.decode(body_of(RECORDED / f"{name}.json"))), RECORDED_FACTS[name])


@recordings
def test_every_recorded_document_is_read_or_we_know_why_not():
    documents = recorded()
    unread = set()
    for name, path in documents.items():
        try:
            read(parse.decode(body_of(path)))
        except FederationError:
            unread.add(name)

    explained = {
        name for name in documents if any(re.fullmatch(shape, name) for shape in UNREADABLE)
    }
    assert unread == explained
    assert len(documents) > 300


@recordings
def test_whatever_is_embedded_in_a_recorded_activity_is_read_too():
    for name, path in recorded().items():
        try:
            value = read(parse.decode(body_of(path)))
        except FederationError:
            continue
        if isinstance(value, Activity) and value.object_type in {"Create", "Note", "Question"}:
            assert isinstance(read(value.object or {}), Activity | Object), name


@recordings
@pytest.mark.parametrize("who", ["alice", "carol", "dave", "frank", "instance"])
def test_the_recorded_key_documents_name_their_owner(who):
    raw = parse.decode(body_of(RECORDED / GTS / f"get-main-key-{who}.json"))

    (key,) = parse.keys(raw)

    assert key.owner == raw["id"]
    assert key.id == f"{key.owner}/main-key"


@recordings
@pytest.mark.parametrize(
    ("name", "handle", "actor"),
    [
        (f"{GTS}/get-webfinger", "alice@gts.test", ALICE),
        (f"{GTS}/get-webfinger-by-url", "alice@gts.test", ALICE),
        (f"{SNAC}/get-webfinger", "bob@snac.test", BOB),
        (f"{SNAC}/get-webfinger-by-url", "bob@snac.test", BOB),
    ],
)
def test_the_recorded_webfinger_answers_name_their_actor(name, handle, actor):
    found = webfinger.parse_jrd(body_of(RECORDED / f"{name}.json"), handle)

    assert (found.acct, found.actor) == (handle, actor)


@recordings
@pytest.mark.parametrize(("folder", "software"), [(GTS, "gotosocial"), (SNAC, "snac")])
def test_the_recorded_nodeinfo_tells_software_and_version(folder, software):
    index = parse.decode(body_of(RECORDED / folder / "get-nodeinfo-index.json"))
    document = parse.decode(body_of(RECORDED / folder / "get-nodeinfo-2.0.json"))

    name, version = nodeinfo.parse(document)

    assert name == software
    assert version
    assert (nodeinfo.newest(index) or "").startswith("https://")
