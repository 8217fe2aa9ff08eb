"""Hashtags that our people follow, however the posts come here."""

from typing import Any

import pytest

from server.store import tags
from server.store.db import Write
from tests.server.world import (
    CARL,
    EVE,
    GROUP,
    act,
    create,
    deliver,
    note,
    number,
    post,
    settle,
    who,
)

HOME = "SELECT count(*) FROM home WHERE owner_id = :me AND post_id = :post"
TAG = {"tag": [{"type": "Hashtag", "name": "#Persimmon", "href": "https://other.test/tags/p"}]}
URI = "https://other.test/notes/1"


@pytest.fixture
def world(tx: Write) -> Write:
    settle(tx)
    tags.follow(tx, who(tx, "bob").id, "persimmon", 7)
    return tx


def seen(tx: Write) -> int:
    return number(tx, HOME, me=who(tx, "bob").id, post=post(tx, URI).id)


def carls(**more: Any) -> dict[str, Any]:
    return note(URI, CARL, **TAG, **more)


@pytest.mark.parametrize("actor", [GROUP, EVE])
def test_a_tagged_post_that_a_group_or_a_booster_brings_is_shown(world: Write, actor: str) -> None:
    deliver(world, act("Announce", actor, URI), {URI: carls()})
    assert seen(world) == 1


def test_a_groups_announce_of_a_create_brings_a_tagged_post(world: Write) -> None:
    deliver(world, act("Announce", GROUP, create(carls(), id=f"{URI}#c")), {URI: carls()})
    assert seen(world) == 1


def test_what_is_old_or_not_public_is_not_news(world: Write) -> None:
    old = carls(published="2026-01-01T10:00:00Z")
    deliver(world, act("Announce", GROUP, URI), {URI: old})
    assert seen(world) == 0


def test_a_tagged_post_that_names_one_of_ours_is_shown_to_who_follows_the_tag(world: Write) -> None:
    named = carls(cc=[who(world, "ann").uri])
    deliver(world, create(named, id=f"{URI}#c"))
    assert seen(world) == 1


def test_who_follows_the_tag_and_the_group_sees_it_once(world: Write) -> None:
    ann = who(world, "ann").id
    tags.follow(world, ann, "persimmon", 8)
    deliver(world, act("Announce", GROUP, URI), {URI: carls()})
    assert number(world, HOME, me=ann, post=post(world, URI).id) == 1


def test_a_tag_with_a_particle_is_shown_to_who_follows_the_tag_without_it(world: Write) -> None:
    tags.follow(world, who(world, "bob").id, "서울", 9)
    tag = [{"type": "Hashtag", "name": "#서울에서", "href": "https://other.test/tags/s"}]
    named = note(URI, CARL, tag=tag, cc=[who(world, "ann").uri])
    deliver(world, create(named, id=f"{URI}#c"))
    assert seen(world) == 1
