"""Who sees what, at every door: nothing that the tables of `viewers` do not allow, in any byte.

`READS` and `PAGES` say for each address which posts stand in its answer; `ACTS` what is refused as
if there were nothing. The routes of the application are walked, so that a new one that gives posts
must be added here.
"""

import re
from typing import Any, get_args, get_type_hints
from urllib.parse import quote

import pytest

from tests.web.viewer_probes import (
    FEW,
    OURS,
    PRIVATE,
    UNKNOWN,
    Check,
    Faults,
    Probe,
    ask,
    at_home,
    beginning,
    each,
    linked,
    listed,
    lists,
    no_words,
    of,
    open_,
    pictured,
    private,
    profile,
    public,
    reads,
    searched,
    several,
    tagged,
    thread,
    within,
)
from tests.web.viewers import LEVELS, PAGE, TAG, VIEWERS, World, mark
from web import entities
from web.api import openapi

pytestmark = pytest.mark.asyncio(loop_scope="module")

READS: dict[str, Probe] = {
    "/api/v1/timelines/home": at_home("/api/v1/timelines/home?limit=40"),
    "/api/v1/timelines/public": lambda world, viewer: [
        *lists("/api/v1/timelines/public?limit=40", beginning)(world, viewer),
        *lists(
            "/api/v1/timelines/public?local=true&limit=40",
            lambda one: beginning(one) and one.author != "eve",
        )(world, viewer),
        *lists("/api/v1/timelines/public?remote=true&limit=40", of("eve", public))(world, viewer),
        *lists(
            "/api/v1/timelines/public?only_media=true&limit=40",
            lambda one: beginning(one) and pictured(one),
        )(world, viewer),
    ],
    "/api/v1/timelines/tag/{tag}": lists(f"/api/v1/timelines/tag/{TAG}?limit=40", tagged),
    "/api/v1/timelines/list/{id}": listed,
    "/api/v1/timelines/direct": lists("/api/v1/timelines/direct?limit=40", private),
    "/api/v1/timelines/link": lists(
        f"/api/v1/timelines/link?url={quote(PAGE)}/{mark('public-link')}page", linked
    ),
    "/api/v1/accounts/{id}/statuses": lambda world, viewer: [
        *profile("exclude_reblogs=true")(world, viewer),
        *profile("only_media=true", pictured)(world, viewer),
        *profile("exclude_direct=true", lambda one: one.visibility not in PRIVATE)(world, viewer),
        *profile("pinned=true", lambda one: one.key == "public-note")(world, viewer),
        *profile(f"tagged={TAG}", lambda o: o.author != "eve" and o.visibility != "secret")(
            world, viewer
        ),
    ],
    "/api/v1/statuses": several,
    "/api/v1/statuses/{id}": each("/api/v1/statuses/{id}"),
    "/api/v1/statuses/{id}/context": each("/api/v1/statuses/{id}/context", thread),
    "/api/v1/statuses/{id}/history": each("/api/v1/statuses/{id}/history"),
    "/api/v1/statuses/{id}/source": each("/api/v1/statuses/{id}/source", sample=OURS, own=True),
    "/api/v1/statuses/{id}/favourited_by": each(
        "/api/v1/statuses/{id}/favourited_by", no_words, FEW
    ),
    "/api/v1/statuses/{id}/reblogged_by": each("/api/v1/statuses/{id}/reblogged_by", no_words, FEW),
    "/api/v1/statuses/{id}/quotes": each(
        "/api/v1/statuses/{id}/quotes",
        lambda world, viewer, key: world.found_by(viewer, lambda one: one.quoted == key),
    ),
    "/api/v1/polls/{id}": each("/api/v1/polls/{id}", sample=[f"{level}-poll" for level in LEVELS]),
    "/api/v1/bookmarks": reads("/api/v1/bookmarks?limit=40", lambda one: True),
    "/api/v1/favourites": reads("/api/v1/favourites?limit=40", lambda one: True),
    "/api/v1/notifications": within(
        "/api/v1/notifications?limit=80", "/api/v1/notifications?limit=80&include_filtered=true"
    ),
    "/api/v2/notifications": within("/api/v2/notifications?limit=80"),
    "/api/v1/notifications/requests": within("/api/v1/notifications/requests?limit=80"),
    "/api/v1/conversations": within("/api/v1/conversations?limit=40"),
    "/api/v2/search": searched,
    "/api/v1/trends/statuses": lambda world, viewer: [
        Check("/api/v1/trends/statuses?limit=40", may=world.found_by(viewer, public))
    ],
    "/api/v1/trends/links": within("/api/v1/trends/links?limit=40"),
    "/api/v1/scheduled_statuses": lambda world, viewer: [
        Check("/api/v1/scheduled_statuses", {"scheduled"} if viewer == "author" else set())
    ],
    "/api/oembed": each("/api/oembed?url={uri}", sample=FEW, who="anonymous"),
}


# --- the doors of the client API


def _shows(answer: Any) -> bool:
    """Whether an answer holds something of a post, however deep."""
    seen: set[Any] = set()

    def within_(kind: Any) -> bool:
        if kind in SHOWN:
            return True
        if kind in seen:
            return False
        seen.add(kind)
        if hasattr(kind, "__required_keys__"):
            return any(map(within_, get_type_hints(kind).values()))
        return any(map(within_, get_args(kind)))

    return within_(answer)


SHOWN = {
    entities.MediaAttachment,
    entities.OEmbed,
    entities.Poll,
    entities.PreviewCard,
    entities.ScheduledStatus,
    entities.SharedStatus,
    entities.Status,
    entities.StatusEdit,
    entities.StatusSource,
}


def _endpoints(world: World) -> list[openapi.Endpoint]:
    return [one for one in openapi.endpoints(world.city.app) if _shows(one.shape.answer)]


async def test_every_endpoint_that_gives_posts_is_in_the_tables(world: World) -> None:
    known = {("GET", path) for path in READS} | set(ACTS) | set(THINGS) | set(ELSEWHERE)
    found = {(one.method, one.path) for one in _endpoints(world)}
    assert found - known == set(), "say in READS, ACTS or THINGS who sees what there"
    there = {(one.method, one.path) for one in openapi.endpoints(world.city.app)}
    assert known - there - set(ACTS) == set()


@pytest.mark.parametrize("path", READS)
async def test_apps_read_what_the_tables_say(world: World, path: str) -> None:
    faults, seen = Faults(), set()
    endpoint = next(
        one for one in openapi.endpoints(world.city.app) if (one.method, one.path) == ("GET", path)
    )
    for viewer in VIEWERS:
        if viewer == "anonymous" and not endpoint.optional:
            status, body = await ask(world, viewer, path.format(id=UNKNOWN, tag=TAG, group_key="x"))
            assert (status, world.marked(body)) == (401, set())
            continue
        for check in READS[path](world, viewer):
            status, body = await ask(world, viewer, check.path)
            faults.look(world, viewer, check, status, body)
            seen |= world.marked(body)
    assert not faults, faults.told


# --- what may not be read is refused like what never was

NOTE = {"status": "Hello"}
ACTS: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/api/v1/statuses/{id}/bookmark"): {},
    ("POST", "/api/v1/statuses/{id}/unbookmark"): {},
    ("POST", "/api/v1/statuses/{id}/favourite"): {},
    ("POST", "/api/v1/statuses/{id}/unfavourite"): {},
    ("POST", "/api/v1/statuses/{id}/reblog"): {},
    ("POST", "/api/v1/statuses/{id}/unreblog"): {},
    ("POST", "/api/v1/statuses/{id}/mute"): {},
    ("POST", "/api/v1/statuses/{id}/unmute"): {},
    ("POST", "/api/v1/statuses/{id}/pin"): {},
    ("POST", "/api/v1/statuses/{id}/unpin"): {},
    ("POST", "/api/v1/statuses/{id}/translate"): {},
    ("PUT", "/api/v1/statuses/{id}"): NOTE,
    ("DELETE", "/api/v1/statuses/{id}"): {},
    ("PUT", "/api/v1/statuses/{id}/interaction_policy"): {"quote_approval_policy": "nobody"},
    ("POST", "/api/v1/statuses/{id}/quotes/{quoting}/revoke"): {},
    ("POST", "/api/v1/statuses/{id}/replies/{reply}/revoke"): {},
    ("POST", "/api/v1/statuses/{id}/reblogs/{account}/revoke"): {},
    ("POST", "/api/v1/polls/{id}/votes"): {"choices": [0]},
    ("POST", "/api/v1/statuses"): {**NOTE, "in_reply_to_id": "{id}"},
    ("POST", "/api/v1/statuses?quoting"): {**NOTE, "quoted_status_id": "{id}"},
    ("POST", "/api/v1/statuses?whispering"): {
        **NOTE,
        "in_reply_to_id": "{id}",
        "visibility": "secret",
    },
    ("POST", "/api/v2/filters/{filter}/statuses"): {"status_id": "{id}"},
}
"""What an app sends to do something with a post."""

ELSEWHERE = {
    ("GET", "/api/v1/annual_reports"): "there are none",
    ("GET", "/api/v1/annual_reports/{year}"): "there are none",
    ("GET", "/api/v1/statuses/{id}/card"): "through the door of the status itself",
    **{
        (method, f"/api/v1/admin/{path}"): "moderators alone: test_api_admin_reports, _entry"
        for method, path in (
            ("GET", "reports"),
            ("GET", "reports/{id}"),
            ("PUT", "reports/{id}"),
            ("POST", "reports/{id}/assign_to_self"),
            ("POST", "reports/{id}/unassign"),
            ("POST", "reports/{id}/resolve"),
            ("POST", "reports/{id}/reopen"),
            ("GET", "trends/statuses"),
            ("POST", "trends/statuses/{id}/approve"),
            ("POST", "trends/statuses/{id}/reject"),
            ("GET", "trends/links"),
            ("POST", "trends/links/{id}/approve"),
            ("POST", "trends/links/{id}/reject"),
        )
    },
    ("POST", "/api/v1/media"): "what somebody has just sent",
    ("POST", "/api/v2/media"): "what somebody has just sent",
}


async def _refusal(
    world: World, viewer: str, act: tuple[str, str], id: int, filter: str
) -> tuple[int, bytes]:
    method, path = act
    quoting = world.posts["quinn-quoting"].id
    body = {name: str(id) if value == "{id}" else value for name, value in ACTS[act].items()}
    named = {"quoting": quoting, "reply": quoting, "account": world.people["ann"].id}
    at = path.partition("?")[0].format(id=id, filter=filter, **named)
    return await ask(world, viewer, at, method=method, json=body)


@pytest.mark.parametrize("act", ACTS, ids=" ".join)
async def test_nothing_can_be_done_with_what_may_not_be_read(
    world: World, act: tuple[str, str]
) -> None:
    faults = Faults()
    for viewer in VIEWERS[1:]:
        made = await ask(
            world,
            viewer,
            "/api/v2/filters",
            method="POST",
            json={"title": "Filter", "context": ["home"], "filter_action": "warn"},
        )
        filter = re.findall(rb'"id":"([0-9]+)"', made[1])[0].decode()
        hidden = set(world.posts) - world.read_by(viewer)
        expected = await _refusal(world, viewer, act, UNKNOWN, filter)
        assert expected[0] in (404, 422)
        for key in (set(FEW) | {f"{level}-poll" for level in LEVELS}) & hidden:
            status, body = await _refusal(world, viewer, act, world.posts[key].id, filter)
            if (status, body) != expected:
                faults.append(f"{viewer}: {act} {key}: {status} {body!r}, not {expected}")
    assert not faults, faults.told


# --- what belongs to somebody

THINGS: dict[tuple[str, str], str] = {
    ("GET", "/api/v1/notifications/{id}"): "SELECT id, account_id AS owner FROM notification",
    ("GET", "/api/v2/notifications/{group_key}"): """
        SELECT 'ungrouped-' || id AS id, account_id AS owner FROM notification
        UNION ALL SELECT group_key, account_id FROM notification WHERE group_key <> ''
    """,
    (
        "GET",
        "/api/v1/notifications/requests/{id}",
    ): "SELECT id, account_id AS owner FROM notification",
    ("POST", "/api/v1/conversations/{id}/read"): "SELECT id, account_id AS owner FROM conversation",
    ("POST", "/api/v1/conversations/{id}/unread"): """
        SELECT id, account_id AS owner FROM conversation
    """,
    ("GET", "/api/v1/media/{id}"): "SELECT id, account_id AS owner FROM media",
    ("PUT", "/api/v1/media/{id}"): "SELECT id, account_id AS owner FROM media",
    ("GET", "/api/v1/scheduled_statuses/{id}"): """
        SELECT id, account_id AS owner FROM scheduled_post
    """,
    ("PUT", "/api/v1/scheduled_statuses/{id}"): """
        SELECT id, account_id AS owner FROM scheduled_post
    """,
}
"""Addresses of things that somebody has, and whose they are."""
SENT = {"scheduled_at": "2030-01-01T00:00:00Z", "description": "x"}


@pytest.mark.parametrize("door", THINGS, ids=" ".join)
async def test_what_somebody_has_is_nothing_to_others_and_leaks_nothing_to_them(
    world: World, door: tuple[str, str]
) -> None:
    faults, shown = Faults(), set()
    (method, path), sql = door, THINGS[door]
    things = await world.city.db.read(lambda db: [dict(row) for row in db.all(sql)])
    assert things
    for viewer in VIEWERS[1:]:
        me = world.people[viewer].id
        sent = {} if method == "GET" else {"json": SENT}
        mine = [one["id"] for one in things if one["owner"] == me]
        allowed = world.read_by(viewer) | ({"scheduled"} if viewer == "author" else set())
        for id in [] if method == "PUT" else mine[:: len(mine) // 20 + 1]:
            at = path.format(id=id, group_key=id)
            status, body = await ask(world, viewer, at, method=method, **sent)
            faults.look(world, viewer, Check(at, may=allowed, status=0), status, body)
            shown |= world.marked(body)
        unknown = path.format(id=UNKNOWN, group_key="ungrouped-1")
        expected = await ask(world, viewer, unknown, method=method, **sent)
        for id in [one["id"] for one in things if one["owner"] != me][:: len(things) // 12 + 1]:
            if id in mine:  # groups are named alike for everybody
                continue
            at = path.format(id=id, group_key=id)
            if (found := await ask(world, viewer, at, method=method, **sent)) != expected:
                faults.append(f"{viewer}: {at}: {found}, not {expected}")
    assert not faults, faults.told


# --- numbers


async def test_no_number_tells_of_what_is_private(world: World) -> None:
    seen: dict[str, set[bytes]] = {}
    for viewer in VIEWERS:
        for key in ("public-root", "public-story", "public-note"):
            status, body = await ask(world, viewer, f"/api/v1/statuses/{world.posts[key].id}")
            if status == 200:
                seen.setdefault(key, set()).add(
                    b" ".join(re.findall(rb'"(?:replies|reblogs|quotes)_count":[0-9]+', body))
                )
        path = f"/api/v1/accounts/{world.people['ann'].id}"
        _, body = await ask(world, viewer, path)
        seen.setdefault("ann", set()).add(re.findall(rb'"statuses_count":([0-9]+)', body)[0])
    open_replies = [
        one for one in world.posts.values() if one.above == "public-root" and open_(one)
    ]
    counted = [
        one
        for one in world.posts.values()
        if one.post.author_id == world.people["ann"].id and one.visibility not in PRIVATE
    ]
    assert seen == {
        "public-root": {
            b'"replies_count":%d "reblogs_count":0 "quotes_count":0' % len(open_replies)
        },
        "public-story": {b'"replies_count":0 "reblogs_count":2 "quotes_count":0'},
        "public-note": {b'"replies_count":0 "reblogs_count":0 "quotes_count":1'},
        "ann": {b"%d" % len(counted)},
    }
