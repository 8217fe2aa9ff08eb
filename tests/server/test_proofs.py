"""Which of the activities that leave us carry a proof, and whose."""

import msgspec
import pytest

from federation import build, proof
from federation.keys import make_ed25519
from federation.vocab import Key
from server.keyring import Keys
from server.model import Account, Site
from server.services import accounts, proofs, relay
from server.services.accounts import NewAccount
from server.store.db import Write
from tests.server.squares import ROWAN, WREN, board, does, listens, told
from tests.server.world import NOW, SITE, stranger

PRIVATE, PUBLIC_KEY = make_ed25519()
OPEN: Site = msgspec.structs.replace(SITE, unseal=lambda sealed: sealed.removeprefix(b"sealed:"))


@pytest.fixture
def ann(tx: Write) -> Account:
    keys = Keys((b"sealed", "pem"), (b"sealed:" + PRIVATE, PUBLIC_KEY))
    new = NewAccount(name="ann", email="ann@here.test", password="", keys=keys)
    return accounts.create(tx, SITE, new, NOW)


def key_of(account: Account) -> Key:
    return Key(f"{account.uri}#ed25519-key", account.uri, multibase=PUBLIC_KEY)


def test_what_ours_do_in_a_board_is_passed_on_with_their_proof(tx: Write, ann: Account) -> None:
    water = board(tx)
    listens(tx, WREN, water)
    like = build.like(f"{SITE.origin}/activities/1", ann.uri, f"{ROWAN}/1", author=ROWAN)
    relay.tell(tx, OPEN, water, like, NOW)
    (inner,) = told(tx, water)
    proof.verify(inner, key_of(ann), NOW)
    assert {name: inner[name] for name in like} == like


def test_what_strangers_do_is_passed_on_as_it_is(tx: Write) -> None:
    water = board(tx)
    listens(tx, WREN, water)
    stranger(tx, ROWAN)
    like = does("Like", ROWAN, "https://here.test/objects/1", water.uri)
    relay.tell(tx, OPEN, water, like, NOW)
    assert told(tx, water) == [like]


def test_a_proof_stays_the_one_that_it_is(tx: Write, ann: Account) -> None:
    like = build.like(f"{SITE.origin}/activities/1", ann.uri, f"{ROWAN}/1", author=ROWAN)
    first = proofs.proven(tx, OPEN, ann, like, NOW)
    assert proofs.proven(tx, OPEN, ann, first, NOW + 5_000) == first
    assert build.document(first) == first


def test_without_the_instances_key_there_is_no_proof(tx: Write, ann: Account) -> None:
    like = build.like(f"{SITE.origin}/activities/1", ann.uri, f"{ROWAN}/1", author=ROWAN)
    assert proofs.proven(tx, SITE, ann, like, NOW) == like
