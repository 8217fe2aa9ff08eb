"""What we publish: strict enough for the strictest reader, and read back as it was meant."""

from typing import Any

import msgspec
import pytest

from federation import build, parse
from federation.build import Profile, Writing
from federation.vocab import AS_CONTEXT, PUBLIC, Attachment, Image, Key

ANN = "https://here.test/actors/1"
BO = "https://far.test/u/bo"
BRIDGE = Attachment(
    url="https://here.test/media/bridge.webp",
    media_type="image/webp",
    kind="image",
    alt="The new bridge",
    width=1200,
    height=800,
    blurhash="LEHV6nWB2y",
    focus=(0.5, -0.25),
)
SONG = Attachment(url="https://here.test/media/song.ogg", media_type="audio/ogg", kind="audio")
STORY = Writing(
    uri="https://here.test/objects/9",
    url="https://here.test/@ann/9",
    author=ANN,
    title="The bridge opens",
    lead="<p>On Sunday at noon.</p>",
    content="<p>The whole story.</p>",
    source="The whole story.",
    language="ko-KR",
    in_reply_to="https://far.test/p/1",
    context="https://here.test/contexts/9",
    to=(PUBLIC,),
    cc=(f"{ANN}/followers", BO),
    attachments=(BRIDGE, SONG),
    mentions=(("@bo@far.test", BO),),
    hashtags=(("다리", "https://here.test/tags/다리"),),
    published_ms=1_767_225_600_000,
    updated_ms=1_767_225_600_123,
    likes=3,
    shares=2,
)
PROFILE = Profile(
    uri=ANN,
    url="https://here.test/@ann",
    acct="ann@here.test",
    shared_inbox="https://here.test/inbox",
    pem="PEM",
    multibase="z6Mk",
    name="Ann 앤",
    summary="<p>Hello</p>",
    source="Hello",
    icon=Image("https://here.test/media/ann.webp", "image/webp", "Ann"),
    image=Image("https://here.test/media/sea.webp"),
    fields=(("Site", "<a>here.test</a>"),),
    locked=True,
    discoverable=False,
    also_known_as=("https://old.test/u/ann",),
    moved_to="https://new.test/u/ann",
    published_ms=1_767_225_600_000,
)


def everything_we_publish() -> list[dict[str, Any]]:
    article, note, like = build.article(STORY), build.note(STORY), _like()
    follow = build.follow("https://here.test/activities/1", ANN, BO)
    answer = {"follow_uri": "https://far.test/f/1", "follower": BO}
    uri = "https://here.test/activities/2"
    featured = f"{ANN}/featured"
    return [
        article,
        note,
        build.note(msgspec.structs.replace(STORY, warning="careful", attachments=())),
        build.person(PROFILE),
        build.group(PROFILE),
        build.application(PROFILE),
        build.create(article),
        build.create(note),
        build.update(article, 2),
        build.update(build.person(PROFILE), 3),
        build.update(build.group(PROFILE), 4),
        build.delete(uri, ANN, STORY.uri, to=(PUBLIC,), cc=(f"{ANN}/followers",)),
        build.delete(uri, ANN, ANN, to=(PUBLIC,)),
        build.tombstone(STORY.uri, 1_767_225_600_000),
        follow,
        build.accept(uri, ANN, **answer),
        build.reject(uri, ANN, **answer),
        build.undo(uri, follow),
        build.undo(uri, like),
        like,
        build.announce(uri, ANN, "https://far.test/p/1", cc=(BO,), published_ms=1),
        build.block(uri, ANN, BO),
        build.flag(uri, "https://here.test/actor", objects=(BO,), content="spam", to=BO),
        build.add(uri, ANN, STORY.uri, target=featured),
        build.remove(uri, ANN, STORY.uri, target=featured),
        build.move(uri, ANN, "https://new.test/u/ann"),
        build.ordered_collection(featured, 1, items=[STORY.uri]),
        build.ordered_collection(f"{ANN}/outbox", 7, first=f"{ANN}/outbox?page=1"),
        build.collection_page(f"{ANN}/outbox?page=1", f"{ANN}/outbox", [like], next="https://x.t"),
    ]


def _like() -> dict[str, Any]:
    return build.like("https://here.test/activities/3", ANN, "https://far.test/p/1", author=BO)


def values(body: Any) -> list[tuple[str, Any]]:
    """Every name and value in a document, at every depth."""
    if isinstance(body, list):
        return [pair for item in body for pair in values(item)]
    if not isinstance(body, dict):
        return []
    return [pair for name, value in body.items() for pair in ((name, value), *values(value))]


@pytest.mark.parametrize("body", everything_we_publish(), ids=lambda body: body["type"])
def test_arrays_are_arrays_nothing_is_null_and_public_is_spelt_out(body):
    for name, value in values(body):
        assert value is not None, name
        assert value != "as:Public"
        if name in {"to", "cc", "tag", "attachment", "alsoKnownAs", "orderedItems"}:
            assert isinstance(value, list), name


@pytest.mark.parametrize("body", everything_we_publish(), ids=lambda body: body["type"])
def test_what_we_publish_is_strict_json_with_the_context_first(body):
    document = build.document(body)
    context = document["@context"]

    assert parse.decode(msgspec.json.encode(document)) == document
    assert next(iter(document)) == "@context"
    assert context == AS_CONTEXT or context[0] == AS_CONTEXT


def test_every_term_beyond_activitystreams_is_explained():
    for body, terms in (
        (build.create(build.note(STORY)), {"Hashtag", "blurhash", "focalPoint", "canQuote"}),
        (build.update(build.person(PROFILE), 1), {"indexable", "PropertyValue", "Multikey"}),
    ):
        assert terms <= set(build.context(body)[2])
    assert build.context(_like()) == AS_CONTEXT


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_767_225_600_000, "2026-01-01T00:00:00Z"),
        (1_767_225_600_007, "2026-01-01T00:00:00.007Z"),
    ],
)
def test_a_time_is_written_as_it_is_read(ms, text):
    assert build.iso(ms) == text
    assert parse.time_ms(text) == ms


# writings --------------------------------------------------------------------------------------


def test_a_story_is_read_back_as_it_was_written():
    found = parse.object_(build.article(STORY))

    assert (found.id, found.url, found.attributed_to) == (STORY.uri, STORY.url, ANN)
    assert (found.type, found.name, found.lead) == ("Article", STORY.title, STORY.lead)
    assert (found.content, found.source) == (STORY.content, STORY.source)
    assert (found.in_reply_to, found.context) == (STORY.in_reply_to, STORY.context)
    assert (found.to, found.cc) == (STORY.to, STORY.cc)
    assert found.attachments == STORY.attachments
    assert (found.mentions, found.hashtags) == ((BO,), ("다리",))
    assert (found.published_ms, found.updated_ms) == (STORY.published_ms, STORY.updated_ms)
    assert (found.language, found.warning, found.sensitive) == ("ko-KR", "", False)
    assert found.replies == f"{STORY.uri}/replies"


def test_a_note_is_read_back_as_it_was_written():
    note = msgspec.structs.replace(STORY, title="", lead="", warning="spoilers")

    found = parse.object_(build.note(note))

    assert (found.type, found.name, found.lead) == ("Note", "", "")
    assert (found.warning, found.sensitive) == ("spoilers", True)
    assert found.attachments == STORY.attachments


def test_the_least_note_says_nothing_it_does_not_know():
    note = Writing(
        uri=STORY.uri, url=STORY.url, author=ANN, content="<p>Hi</p>", to=(BO,), cc=(),
        published_ms=0,
    )  # fmt: skip

    body = build.note(note)

    absent = {"summary", "inReplyTo", "context", "updated", "source", "contentMap", "language"}
    assert not absent & set(body)
    assert "interactionPolicy" not in body
    assert (body["tag"], body["attachment"], body["cc"]) == ([], [], [])


def test_mastodon_reads_the_first_key_of_the_map_and_lemmy_the_identifier():
    body = build.note(STORY)

    assert body["contentMap"] == {"ko-KR": STORY.content}
    assert body["language"] == {"identifier": "ko", "name": "한국어"}
    other = build.note(msgspec.structs.replace(STORY, language="tok"))
    assert other["language"] == {"identifier": "tok", "name": "tok"}


def test_lemmy_knows_no_sounds_and_wants_one_picture():
    body = build.article(STORY)

    assert [one["type"] for one in body["attachment"]] == ["Image", "Document"]
    assert body["image"] == body["attachment"][0]
    assert body["image"]["focalPoint"] == [0.5, -0.25]
    assert [one["type"] for one in build.note(STORY)["attachment"]] == ["Document", "Document"]
    assert "image" not in build.article(msgspec.structs.replace(STORY, attachments=(SONG,)))


def test_a_link_is_attached_as_one():
    link = Attachment(url="https://far.test/page", kind="link")

    body = build.note(msgspec.structs.replace(STORY, attachments=(link,)))

    assert body["attachment"] == [{"type": "Link", "href": "https://far.test/page"}]


def test_a_preview_carries_the_lead():
    assert build.article(STORY)["preview"] == {
        "type": "Note",
        "attributedTo": ANN,
        "content": STORY.lead,
        "published": "2026-01-01T00:00:00Z",
    }
    assert "preview" not in build.article(msgspec.structs.replace(STORY, lead=""))


def test_a_warning_stands_in_for_the_lead_and_hides_the_preview():
    body = build.article(msgspec.structs.replace(STORY, warning="spoilers"))

    found = parse.object_(body)

    assert (found.warning, found.lead, found.sensitive) == ("spoilers", "", True)
    assert "preview" not in body


@pytest.mark.parametrize(("to", "quotable"), [((PUBLIC,), True), ((f"{ANN}/followers",), False)])
def test_only_what_is_public_may_be_quoted(to, quotable):
    body = build.note(msgspec.structs.replace(STORY, to=to, cc=()))

    assert ("interactionPolicy" in body) is quotable


def test_replies_likes_and_shares_are_collections():
    body = build.note(STORY)

    assert parse.collection(body["replies"]).next == f"{STORY.uri}/replies?page=1"
    assert parse.collection(body["likes"]).total == 3
    assert parse.collection(body["shares"]).total == 2


# actors ----------------------------------------------------------------------------------------


def test_a_person_is_read_back_as_it_is():
    found = parse.actor(build.person(PROFILE))

    assert (found.id, found.type, found.username, found.name) == (ANN, "Person", "ann", "Ann 앤")
    assert (found.summary, found.url) == (PROFILE.summary, PROFILE.url)
    assert (found.inbox, found.shared_inbox) == (f"{ANN}/inbox", "https://here.test/inbox")
    assert (found.outbox, found.featured) == (f"{ANN}/outbox", f"{ANN}/featured")
    assert (found.followers, found.following) == (f"{ANN}/followers", f"{ANN}/following")
    assert (found.icon, found.image) == (PROFILE.icon, PROFILE.image)
    assert (found.locked, found.bot, found.discoverable) == (True, False, False)
    assert found.fields == PROFILE.fields
    assert found.keys == (
        Key(f"{ANN}#main-key", ANN, pem="PEM"),
        Key(f"{ANN}#ed25519-key", ANN, multibase="z6Mk"),
    )
    assert (found.also_known_as, found.moved_to) == (PROFILE.also_known_as, PROFILE.moved_to)
    assert found.published_ms == PROFILE.published_ms


def test_a_program_is_a_service_and_says_its_handle():
    body = build.person(msgspec.structs.replace(PROFILE, bot=True))

    assert parse.actor(body).bot
    assert (body["type"], body["webfinger"]) == ("Service", "ann@here.test")


def test_lemmy_finds_one_key_and_the_moderators():
    body = build.group(PROFILE)

    assert isinstance(body["publicKey"], dict)
    assert body["attributedTo"] == f"{ANN}/moderators"
    assert parse.actor(body).type == "Group"


def test_the_instance_reads_at_the_shared_inbox():
    found = parse.actor(build.application(PROFILE))

    assert (found.type, found.inbox, found.bot) == ("Application", "https://here.test/inbox", True)


def test_the_least_actor_says_nothing_it_does_not_know():
    body = build.person(
        Profile(uri=ANN, url="https://here.test/@ann", acct="ann@here.test", pem="PEM",
                shared_inbox="https://here.test/inbox", published_ms=0)
    )  # fmt: skip

    assert not {"icon", "image", "assertionMethod", "alsoKnownAs", "movedTo", "source"} & set(body)


# activities ------------------------------------------------------------------------------------


def test_the_id_of_a_create_cannot_be_fetched():
    created = parse.activity(build.create(build.note(STORY)))

    assert created.id == f"{STORY.uri}#create"
    assert (created.actor, created.object_id) == (ANN, STORY.uri)
    assert (created.to, created.cc) == (STORY.to, STORY.cc)
    assert created.published_ms == STORY.published_ms


def test_every_version_has_its_own_update():
    story = parse.activity(build.update(build.article(STORY), 2))
    person = parse.activity(build.update(build.person(PROFILE), 3))
    group = parse.activity(build.update(build.group(PROFILE), 4))

    assert (story.id, story.actor) == (f"{STORY.uri}#update-2", ANN)
    assert (story.to, story.cc) == (STORY.to, STORY.cc)
    assert (person.id, person.actor) == (f"{ANN}#update-3", ANN)
    assert (person.to, person.cc) == ((PUBLIC,), (f"{ANN}/followers",))
    assert group.actor == ANN


def test_a_deleted_writing_is_a_tombstone_and_a_deleted_actor_its_id():
    writing = parse.activity(build.delete("https://here.test/a/1", ANN, STORY.uri, to=(PUBLIC,)))
    actor = parse.activity(build.delete("https://here.test/a/2", ANN, ANN, to=(PUBLIC,)))

    assert (writing.object_id, writing.object_type) == (STORY.uri, "Tombstone")
    assert (actor.object_id, actor.object_type) == (ANN, None)


@pytest.mark.parametrize(("answer", "kind"), [(build.accept, "Accept"), (build.reject, "Reject")])
def test_an_answer_repeats_no_more_of_the_follow_than_lemmy_takes(answer, kind):
    body = answer("https://here.test/a/1", ANN, follow_uri="https://far.test/f/1", follower=BO)

    assert body == {
        "id": "https://here.test/a/1",
        "type": kind,
        "actor": ANN,
        "to": [BO],
        "object": {"id": "https://far.test/f/1", "type": "Follow", "actor": BO, "object": ANN},
    }


def test_an_undo_embeds_what_it_takes_back_for_the_same_recipients():
    like = _like()

    found = parse.activity(build.undo("https://here.test/a/2", like))

    assert found.object == like
    assert (found.actor, found.to) == (ANN, (BO,))


def test_a_boost_is_public_and_tells_the_author():
    boost = build.announce(
        "https://here.test/activities/5", ANN, "https://far.test/p/1", cc=(BO,), published_ms=0
    )

    found = parse.activity(boost)

    assert (found.to, found.cc, found.object_id) == ((PUBLIC,), (BO,), "https://far.test/p/1")


def test_a_report_gives_its_reason_where_each_reader_looks():
    body = build.flag(
        "https://here.test/a/1", "https://here.test/actor", objects=(BO, "https://far.test/p/1"),
        content="spam", to=BO,
    )  # fmt: skip

    assert body["content"] == body["summary"] == "spam"
    assert body["to"] == [BO]
    assert parse.activity(body).objects == (BO, "https://far.test/p/1")


def test_a_move_names_the_old_twice_and_the_new_as_target():
    found = parse.activity(build.move("https://here.test/a/1", ANN, "https://new.test/u/ann"))

    assert (found.actor, found.object_id, found.target_id) == (ANN, ANN, "https://new.test/u/ann")


def test_pins_go_into_and_out_of_featured():
    featured = f"{ANN}/featured"
    for change in (build.add, build.remove):
        found = parse.activity(change("https://here.test/a/1", ANN, STORY.uri, target=featured))
        assert (found.object_id, found.target_id) == (STORY.uri, featured)


def test_collections_are_read_back():
    items = ["https://here.test/objects/1", _like()]
    page = build.collection_page(
        f"{ANN}/outbox?page=2", f"{ANN}/outbox", items, prev=f"{ANN}/outbox?page=1"
    )

    assert parse.collection(page).items == tuple(items)
    assert "next" not in page
    whole = parse.collection(build.ordered_collection(f"{ANN}/featured", 2, items=items))
    assert (whole.total, whole.items, whole.first) == (2, tuple(items), None)
