"""The only door: who gets in, who does not, and what is fetched on the way."""

import json
from typing import Any

import msgspec
import pytest

from federation import inbox, keys, signature
from federation.errors import FederationError, Gone, Malformed, NotAuthentic, Unreachable
from federation.signature import SignedRequest
from federation.vocab import PUBLIC, Actor, Key
from tests.federation.signing import (
    EVE,
    EVE_DER,
    EVE_KEY,
    EVE_PUBLIC,
    INBOX,
    MALLORY,
    MALLORY_DER,
    MALLORY_KEY,
    MALLORY_PUBLIC,
    NOW_MS,
    OWN_HOSTS,
    an_actor,
)

LIKE: dict[str, Any] = {
    "@context": "https://www.w3.org/ns/activitystreams",
    "id": f"{EVE}/likes/1",
    "type": "Like",
    "actor": EVE,
    "object": "https://here.test/objects/9",
    "to": [PUBLIC],
}


class Keyring:
    """Keys as last read, and what their owners publish now; counts what is fetched."""

    def __init__(self, *cached: Key, published: tuple[Actor, ...] | FederationError = ()) -> None:
        self.known = {key.id: key for key in cached}
        self.published = published
        self.fetched: list[str] = []

    async def cached(self, key_id: str) -> Key | None:
        return self.known.get(key_id)

    async def fetch(self, key_id: str, now_ms: int) -> tuple[Key, Actor]:
        self.fetched.append(key_id)
        if isinstance(self.published, FederationError):
            raise self.published
        for actor in self.published:
            for key in actor.keys:
                if key.id == key_id:
                    return key, actor
        raise Unreachable("no such key", code=404)


def a_post(document: Any, key=EVE_KEY, scheme: signature.Scheme = "cavage") -> SignedRequest:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    headers = signature.sign("POST", INBOX, body, key, NOW_MS, scheme)
    return SignedRequest("POST", "/inbox", "here.test", "https", tuple(headers.items()), body)


async def enter(request: SignedRequest, keyring: Keyring) -> inbox.Authentic:
    return await inbox.authenticate(request, keyring, NOW_MS, OWN_HOSTS)


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
async def test_an_activity_by_a_known_actor_is_let_in_without_a_fetch(scheme):
    keyring = Keyring(EVE_PUBLIC)
    authentic = await enter(a_post(LIKE, scheme=scheme), keyring)
    assert authentic.activity.id == LIKE["id"]
    assert authentic.activity.actor == EVE
    assert authentic.actor is None
    assert (authentic.key_id, authentic.scheme) == (EVE_KEY.id, scheme)
    assert keyring.fetched == []


async def test_an_unknown_actor_is_fetched_once_and_handed_over():
    eve = an_actor(EVE, EVE_PUBLIC)
    keyring = Keyring(published=(eve,))
    authentic = await enter(a_post(LIKE), keyring)
    assert authentic.actor == eve
    assert keyring.fetched == [EVE_KEY.id]


async def test_a_rotated_key_is_fetched_once():
    stale = Key(EVE_KEY.id, EVE, MALLORY_PUBLIC.pem)
    keyring = Keyring(stale, published=(an_actor(EVE, EVE_PUBLIC),))
    assert (await enter(a_post(LIKE), keyring)).actor is not None
    assert keyring.fetched == [EVE_KEY.id]


async def test_a_path_style_key_id_is_as_good_as_a_fragment():
    key = keys.signing_key(f"{EVE}/main-key", EVE_DER)
    public = Key(key.id, EVE, EVE_PUBLIC.pem)
    assert (await enter(a_post(LIKE, key), Keyring(public))).key_id == f"{EVE}/main-key"
    keyring = Keyring(published=(an_actor(EVE, public),))
    assert (await enter(a_post(LIKE, key), keyring)).actor is not None


async def test_a_second_key_of_the_same_actor_counts():
    second = keys.signing_key(f"{EVE}#second", MALLORY_DER)
    public = Key(second.id, EVE, MALLORY_PUBLIC.pem)
    keyring = Keyring(EVE_PUBLIC, published=(an_actor(EVE, EVE_PUBLIC, public),))
    assert (await enter(a_post(LIKE, second), keyring)).key_id == second.id


async def test_a_forged_signature_costs_one_fetch_and_is_refused():
    keyring = Keyring(EVE_PUBLIC, published=(an_actor(EVE, EVE_PUBLIC),))
    forger = keys.signing_key(EVE_KEY.id, MALLORY_DER)
    with pytest.raises(NotAuthentic, match="^key: "):
        await enter(a_post(LIKE, forger), keyring)
    assert keyring.fetched == [EVE_KEY.id]


ACTOR_DELETE = LIKE | {"id": f"{EVE}#delete", "type": "Delete", "object": EVE}


async def test_the_deletion_of_an_unknown_actor_is_answered_without_a_fetch():
    keyring = Keyring(published=(an_actor(EVE, EVE_PUBLIC),))
    for object_ in (EVE, {"id": EVE, "type": "Tombstone"}):
        with pytest.raises(Gone):
            await enter(a_post(ACTOR_DELETE | {"object": object_}), keyring)
    assert keyring.fetched == []


async def test_the_deletion_of_a_known_actor_is_verified():
    assert (await enter(a_post(ACTOR_DELETE), Keyring(EVE_PUBLIC))).activity.type == "Delete"
    forger = keys.signing_key(EVE_KEY.id, MALLORY_DER)
    keyring = Keyring(EVE_PUBLIC, published=Gone("deleted"))
    with pytest.raises(Gone):
        await enter(a_post(ACTOR_DELETE, forger), keyring)


async def test_the_deletion_of_an_object_by_an_unknown_actor_is_verified_like_any_other():
    delete = ACTOR_DELETE | {"object": f"{EVE}/notes/1"}
    keyring = Keyring(published=(an_actor(EVE, EVE_PUBLIC),))
    assert (await enter(a_post(delete), keyring)).actor is not None


@pytest.mark.parametrize("error", [Gone("gone"), Unreachable("down"), NotAuthentic("too often")])
async def test_what_the_key_source_says_is_passed_on(error):
    with pytest.raises(type(error)) as caught:
        await enter(a_post(LIKE), Keyring(published=error))
    assert caught.value is error


async def test_an_undo_that_snac2_names_after_the_followed_gets_an_id_of_its_own():
    followed = "https://here.test/actors/1"
    undo = LIKE | {"id": f"{followed}/Undo_1795431036.4", "type": "Undo", "object": followed}
    keyring = Keyring(EVE_PUBLIC)
    first = (await enter(a_post(undo), keyring)).activity
    again = (await enter(a_post(undo), keyring)).activity
    other = (await enter(a_post(undo | {"to": []}), keyring)).activity
    assert first.id == again.id != other.id
    assert first.id.startswith(f"{EVE}#undo-")
    assert first.object_id == followed


def altered(**changes: Any) -> SignedRequest:
    """Eve's Like with these members changed (None removes one), rightly signed by Eve."""
    return a_post({name: value for name, value in (LIKE | changes).items() if value is not None})


ELSEWHERE = "https://elsewhere.test/activities/1"
REFUSED = {
    "not JSON": (a_post(b"hello"), Malformed),
    "a list": (a_post([LIKE]), Malformed),
    "NaN": (a_post(b'{"id": NaN}'), Malformed),
    "UTF-16": (a_post(json.dumps(LIKE).encode("utf-16")), Malformed),
    "no id": (altered(id=None), Malformed),
    "id a number": (altered(id=1), Malformed),
    "id a list": (altered(id=[LIKE["id"]]), Malformed),
    "id an object": (altered(id={"id": LIKE["id"]}), Malformed),
    "id of another origin": (altered(id=ELSEWHERE), NotAuthentic),
    "id of another port": (altered(id="https://far.test:8443/likes/1"), NotAuthentic),
    "id of another scheme": (altered(id="http://far.test/likes/1"), NotAuthentic),
    "id on a subdomain": (altered(id="https://a.far.test/likes/1"), NotAuthentic),
    "id on our host": (altered(id="https://here.test/likes/1"), NotAuthentic),
    "id with a user": (altered(id="https://far.test@elsewhere.test/1"), Malformed),
    "id with dot segments": (altered(id="https://far.test/a/../b"), Malformed),
    "id in capitals": (altered(id="https://FAR.test/likes/1"), Malformed),
    "id with the default port": (altered(id="https://far.test:443/likes/1"), Malformed),
    "id with a trailing dot": (altered(id="https://far.test./likes/1"), Malformed),
    "id not ASCII": (altered(id="https://far.test/좋아요"), Malformed),
    "id without a host": (altered(id="urn:uuid:1"), Malformed),
    "no type": (altered(type=None), Malformed),
    "no object": (altered(object=None), Malformed),
    "no actor": (altered(actor=None), Malformed),
    "a list of actors": (altered(actor=[EVE, MALLORY]), Malformed),
    "a list of one actor": (altered(actor=[EVE]), Malformed),
    "an embedded actor": (altered(actor={"id": EVE, "type": "Person"}), Malformed),
    "actor null": (a_post(LIKE | {"actor": None}), Malformed),
    "another actor of the same server": (altered(actor=MALLORY), NotAuthentic),
    "an actor elsewhere": (altered(actor="https://elsewhere.test/u/bo"), NotAuthentic),
    "an actor elsewhere with an id elsewhere": (
        altered(actor="https://elsewhere.test/u/bo", id=ELSEWHERE),
        NotAuthentic,
    ),
    "one of our own actors": (
        altered(actor="https://here.test/actors/1", id="https://here.test/activities/1"),
        NotAuthentic,
    ),
    "actor in capitals": (altered(actor="https://far.test/users/../users/eve"), Malformed),
    "an Undo on our host that embeds its object": (
        altered(
            id="https://here.test/actors/1/Undo_1",
            type="Undo",
            object={"id": "https://here.test/actors/1", "type": "Follow"},
        ),
        NotAuthentic,
    ),
    "an Undo on our host about something else": (
        altered(
            id="https://here.test/actors/2/Undo_1", type="Undo", object="https://here.test/actors/1"
        ),
        NotAuthentic,
    ),
    "an Undo named after somebody elsewhere": (
        altered(
            id="https://elsewhere.test/u/bo/Undo_1",
            type="Undo",
            object="https://elsewhere.test/u/bo",
        ),
        NotAuthentic,
    ),
    "a key of another server": (
        a_post(LIKE, keys.signing_key("https://elsewhere.test/u/bo#main-key", EVE_DER)),
        NotAuthentic,
    ),
    "a key of another person there": (a_post(LIKE, MALLORY_KEY), NotAuthentic),
    "a request for another host": (
        msgspec.structs.replace(a_post(LIKE), host="elsewhere.test"),
        NotAuthentic,
    ),
    "a request for another port": (
        msgspec.structs.replace(a_post(LIKE), host="here.test:8443"),
        NotAuthentic,
    ),
    "an unsigned request": (msgspec.structs.replace(a_post(LIKE), headers=()), NotAuthentic),
    "a body exchanged": (msgspec.structs.replace(a_post(LIKE), body=b"{}"), NotAuthentic),
}


@pytest.mark.parametrize(("request_", "error"), REFUSED.values(), ids=REFUSED.keys())
async def test_a_forged_activity_is_refused(request_, error):
    keyring = Keyring(
        EVE_PUBLIC,
        MALLORY_PUBLIC,
        published=(an_actor(EVE, EVE_PUBLIC), an_actor(MALLORY, MALLORY_PUBLIC)),
    )
    with pytest.raises(error) as caught:
        await enter(request_, keyring)
    assert caught.type is error


async def test_what_was_sent_to_another_server_is_not_for_us_though_all_of_it_is_right():
    body = json.dumps(LIKE).encode()
    headers = signature.sign("POST", "https://elsewhere.test/inbox", body, EVE_KEY, NOW_MS)
    sent = SignedRequest("POST", "/inbox", "elsewhere.test", "https", tuple(headers.items()), body)
    there = await inbox.authenticate(sent, Keyring(EVE_PUBLIC), NOW_MS, ("elsewhere.test",))
    assert there.activity.actor == EVE
    with pytest.raises(NotAuthentic, match="^host: not ours"):
        await enter(sent, Keyring(EVE_PUBLIC))


async def test_nobody_acts_in_our_own_name_even_with_a_key_that_is_known():
    me = "https://here.test/actors/1"
    ours = keys.signing_key(f"{me}#main-key", EVE_DER)
    known = Keyring(Key(ours.id, me, EVE_PUBLIC.pem))
    said = LIKE | {"id": "https://here.test/activities/1", "actor": me}
    with pytest.raises(NotAuthentic, match="^origin: the actor is one of ours"):
        await enter(a_post(said, ours), known)


SIGNED_INSIDE = LIKE | {
    "signature": {
        "type": "RsaSignature2017",
        "creator": EVE_KEY.id,
        "created": "2026-01-01T00:00:00Z",
        "signatureValue": "aGVsbG8=",
    }
}


async def test_a_signature_inside_the_document_proves_nothing():
    """Whoever passes on what eve wrote speaks for themself, and for eve only eve's request does."""
    published = (an_actor(EVE, EVE_PUBLIC), an_actor(MALLORY, MALLORY_PUBLIC))
    keyring = Keyring(EVE_PUBLIC, MALLORY_PUBLIC, published=published)
    with pytest.raises(NotAuthentic):
        await enter(a_post(SIGNED_INSIDE, MALLORY_KEY), keyring)
    unsigned = msgspec.structs.replace(a_post(SIGNED_INSIDE), headers=())
    with pytest.raises(NotAuthentic):
        await enter(unsigned, keyring)
    assert (await enter(a_post(SIGNED_INSIDE), keyring)).activity.actor == EVE


async def test_no_context_is_fetched_or_believed():
    """Terms mean what they mean to us, whatever a context says of them."""
    renamed = {"actor": "https://evil.test/ns#other", "Like": "as:Delete", "who": "as:actor"}
    contexts = ["https://evil.test/context", {"@vocab": "https://evil.test/"}, renamed]
    keyring = Keyring(EVE_PUBLIC)
    strange = LIKE | {"@context": contexts, "who": MALLORY, "@graph": [{"actor": MALLORY}]}
    activity = (await enter(a_post(strange), keyring)).activity
    assert (activity.type, activity.actor) == ("Like", EVE)
    assert keyring.fetched == []
    nameless = {name: value for name, value in strange.items() if name != "actor"}
    with pytest.raises(Malformed):
        await enter(a_post(nameless), keyring)


OFFLINE = [name for name in REFUSED if name not in {
    "another actor of the same server", "a key of another person there",
}]  # fmt: skip


@pytest.mark.parametrize("name", OFFLINE)
async def test_nothing_is_looked_up_for_a_request_that_is_refused_anyway(name):
    keyring = Keyring()
    with pytest.raises(REFUSED[name][1]):
        await enter(REFUSED[name][0], keyring)
    assert keyring.fetched == []


LYING = {
    "a key whose owner is another": an_actor(EVE, Key(EVE_KEY.id, MALLORY, EVE_PUBLIC.pem)),
    "a key in a document of another actor there": an_actor(MALLORY, EVE_PUBLIC),
    "a document of another origin": an_actor(
        "https://elsewhere.test/users/eve",
        Key(EVE_KEY.id, "https://elsewhere.test/users/eve", EVE_PUBLIC.pem),
    ),
    "a document whose id is not normal": an_actor(
        "https://far.test/./users/eve",
        Key(EVE_KEY.id, "https://far.test/./users/eve", EVE_PUBLIC.pem),
    ),
    "a key of 17 characters": an_actor(EVE, Key(EVE_KEY.id, EVE, "not a key at all!")),
    "another key": an_actor(EVE, Key(EVE_KEY.id, EVE, MALLORY_PUBLIC.pem)),
}


@pytest.mark.parametrize("document", LYING.values(), ids=LYING.keys())
async def test_a_key_counts_only_from_its_owners_own_document(document):
    with pytest.raises(NotAuthentic):
        await enter(a_post(LIKE), Keyring(published=(document,)))
    with pytest.raises(NotAuthentic):
        await inbox.reader(a_get(), Keyring(published=(document,)), NOW_MS, OWN_HOSTS)


@pytest.mark.parametrize(
    "changes", [{"id": f"{EVE}#other"}, {"owner": MALLORY}, {"pem": MALLORY_PUBLIC.pem}]
)
async def test_a_key_source_that_answers_something_else_is_not_believed(changes):
    class Careless(Keyring):
        async def fetch(self, key_id: str, now_ms: int) -> tuple[Key, Actor]:
            return msgspec.structs.replace(EVE_PUBLIC, **changes), an_actor(EVE, EVE_PUBLIC)

    with pytest.raises(NotAuthentic, match="^owner: "):
        await enter(a_post(LIKE), Careless())


def a_get(key=EVE_KEY, target: str = "/actors/1") -> SignedRequest:
    headers = signature.sign("GET", f"https://here.test{target}", None, key, NOW_MS)
    return SignedRequest("GET", target, "here.test", "https", tuple(headers.items()), b"")


async def test_the_reader_of_a_page_is_whoever_signed_for_it():
    assert await inbox.reader(a_get(), Keyring(EVE_PUBLIC), NOW_MS, OWN_HOSTS) == EVE
    keyring = Keyring(published=(an_actor(EVE, EVE_PUBLIC),))
    assert await inbox.reader(a_get(), keyring, NOW_MS, OWN_HOSTS) == EVE
    assert keyring.fetched == [EVE_KEY.id]


async def test_a_reader_with_a_forged_signature_is_nobody():
    forger = keys.signing_key(EVE_KEY.id, MALLORY_DER)
    keyring = Keyring(EVE_PUBLIC, published=(an_actor(EVE, EVE_PUBLIC),))
    with pytest.raises(NotAuthentic, match="^key: "):
        await inbox.reader(a_get(forger), keyring, NOW_MS, OWN_HOSTS)


async def test_nobody_reads_in_our_own_name():
    ours = keys.signing_key("https://here.test/actors/1#main-key", EVE_DER)
    keyring = Keyring()
    with pytest.raises(NotAuthentic, match="^owner: "):
        await inbox.reader(a_get(ours), keyring, NOW_MS, OWN_HOSTS)
    assert keyring.fetched == []


def test_a_claim_tells_its_host_before_anything_is_looked_up():
    claim = inbox.claim(a_post(LIKE), NOW_MS, OWN_HOSTS)
    assert claim.signature.key_id == EVE_KEY.id
    assert claim.activity.actor == EVE
