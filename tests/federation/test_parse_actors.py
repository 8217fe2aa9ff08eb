"""Strangers' actors and their keys: what is refused, and what each tolerated shape means."""

import pytest

from federation import parse
from federation.errors import Malformed
from federation.vocab import Emoji, Image, Key
from tests.federation.theirs import ANN, an_actor


def test_the_least_actor_has_an_id_an_inbox_and_a_name():
    found = parse.actor(an_actor())

    assert (found.id, found.username, found.inbox) == (ANN, "ann", f"{ANN}/inbox")
    assert found.discoverable
    assert not found.locked
    assert not found.bot
    assert found.keys == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"inbox": None},
        {"inbox": "inbox"},
        {"type": "Note"},
        {"type": None},
        {"id": "https://far.test/a@b", "preferredUsername": "a@b"},
    ],
)
def test_an_actor_without_its_essentials_is_malformed(changes):
    with pytest.raises(Malformed):
        parse.actor(an_actor(**changes))


@pytest.mark.parametrize(
    ("id", "name", "username"),
    [
        (ANN, "Ann.Lee-1", "Ann.Lee-1"),
        (ANN, "한글", "한글"),
        (ANN, None, "ann"),
        (ANN + "/", "", "ann"),
        (ANN, "has space", "ann"),
        (ANN, "ann@far.test", "ann"),
        ("https://far.test/", None, "far.test"),
    ],
)
def test_the_name_is_told_or_read_from_the_id(id, name, username):
    assert parse.actor(an_actor(id=id, preferredUsername=name)).username == username


def test_an_actor_says_who_it_is():
    found = parse.actor(
        an_actor(
            type="Service",
            name="Ann 앤",
            summary="<p>Hello</p>",
            url=[{"type": "Link", "mediaType": "text/html", "href": "https://far.test/@ann"}],
            endpoints={"sharedInbox": "https://far.test/inbox"},
            outbox=f"{ANN}/outbox",
            followers={"id": f"{ANN}/followers", "type": "Collection"},
            featured=f"{ANN}/featured",
            manuallyApprovesFollowers=True,
            discoverable=None,
            icon=[{"type": "Image", "url": "https://far.test/i.png", "mediaType": "image/png"}],
            image="https://far.test/h.png",
            attachment=[
                {"type": "PropertyValue", "name": "Site", "value": "<a>far.test</a>"},
                {"type": "PropertyValue", "name": "Empty"},
                {"type": "PropertyValue", "value": "nameless"},
                {"type": "Link", "href": "https://far.test"},
            ],
            tag={"type": "Emoji", "name": ":e:", "icon": {"url": "https://far.test/e.png"}},
            alsoKnownAs="https://old.test/u/ann",
            movedTo={"id": "https://new.test/u/ann"},
            published="2026-01-01T00:00:00Z",
        )
    )

    assert (found.bot, found.locked, found.discoverable) == (True, True, False)
    assert (found.shared_inbox, found.url) == ("https://far.test/inbox", "https://far.test/@ann")
    assert (found.followers, found.featured) == (f"{ANN}/followers", f"{ANN}/featured")
    assert found.icon == Image("https://far.test/i.png", "image/png")
    assert found.image == Image("https://far.test/h.png")
    assert found.fields == (("Site", "<a>far.test</a>"), ("Empty", ""))
    assert found.emojis == (Emoji("e", "https://far.test/e.png"),)
    assert found.also_known_as == ("https://old.test/u/ann",)
    assert found.moved_to == "https://new.test/u/ann"
    assert found.published_ms == 1_767_225_600_000


ED25519 = {
    "id": f"{ANN}#ed25519-key",
    "type": "Multikey",
    "controller": ANN,
    "publicKeyMultibase": "z6Mk",
}
RSA = {"id": f"{ANN}#main-key", "owner": ANN, "publicKeyPem": "PEM"}


@pytest.mark.parametrize("keys", [RSA, [RSA], [None, RSA, 3, {"id": "x"}]])
def test_rsa_keys_are_found_in_every_shape(keys):
    assert parse.actor(an_actor(publicKey=keys)).keys == (Key(f"{ANN}#main-key", ANN, pem="PEM"),)


def test_a_second_key_is_a_multikey():
    methods = [ED25519, f"{ANN}#other", {**ED25519, "type": "JsonWebKey"}]

    found = parse.actor(an_actor(publicKey=RSA, assertionMethod=methods)).keys

    assert found == (
        Key(f"{ANN}#main-key", ANN, pem="PEM"),
        Key(f"{ANN}#ed25519-key", ANN, multibase="z6Mk"),
    )


def test_a_key_can_be_a_document_of_its_own():
    stub = {"id": ANN, "type": "Person", "publicKey": RSA}

    assert parse.keys(RSA) == parse.keys(stub) == (Key(f"{ANN}#main-key", ANN, pem="PEM"),)
    assert parse.keys({}) == ()
