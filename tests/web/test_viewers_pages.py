"""Who sees what on pages, in feeds and in documents for peers: as `test_viewers` for apps."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.web.viewer_probes import (
    FEW,
    OURS,
    SAMPLE,
    UNKNOWN,
    Check,
    Faults,
    Probe,
    each,
    no_words,
    of,
    open_,
    public,
    thread,
    within,
)
from tests.web.viewers import BLOG, EVE, TAG, VIEWERS, WORD, World
from web import signers

pytestmark = pytest.mark.asyncio(loop_scope="module")

SEOUL = ZoneInfo("Asia/Seoul")
ACTIVITY = {"Accept": "application/activity+json"}


def found(*paths: str) -> Probe:
    """Some of what the viewer finds in lists, and everybody might."""
    return lambda world, viewer: [Check(path, may=world.found_by(viewer, open_)) for path in paths]


def by_anybody(*paths: str) -> Probe:
    """Some of what a visitor finds."""
    return lambda world, viewer: [
        Check(path, may=world.found_by("anonymous", open_), status=0) for path in paths
    ]


def page_of_each(
    tail: str, keys: Any = None, sample: tuple[str, ...] = SAMPLE, page: str = "/@{handle}/{id}"
) -> Probe:
    """The page of each post: with it and its thread, and who quotes it."""

    def probe(world: World, viewer: str) -> Iterator[Check]:
        for check in each(page + tail, keys, sample)(world, viewer):
            around = thread(world, viewer, check.asked) | world.found_by(
                viewer, lambda one, key=check.asked: one.quoted == key
            )
            if check.asked in BLOG:
                around |= _blog(world, viewer)
            yield check._replace(may=around if check.status == 200 else set())

    return probe


def linked(world: World, viewer: str) -> Iterator[Check]:
    """Who links to a story: of what is none, or not for everybody, there is no such page."""
    for check in page_of_each("/linked", no_words, FEW)(world, viewer):
        post = world.posts[check.asked].post
        if check.status == 200 and post.title and post.open:
            yield check._replace(may=check.may | {check.asked})
        else:
            yield Check(check.path, status=404, asked=check.asked)


def people(world: World, viewer: str) -> Iterator[Check]:
    """The pages of those who write."""
    for author, name in (("ann", "author"), ("lim", "lim"), ("eve", "eve"), ("sus", "sus")):
        may = world.read_by(viewer, of(author)) - {"secret-comment"}
        status = 404 if author == "sus" else 200
        yield Check(f"/@{world.people[name].acct}", may=may, status=status)


def _blog(world: World, viewer: str) -> set[str]:
    return world.found_by(viewer, lambda one: one.key in BLOG)


def in_blog(path: str) -> Probe:
    """A list of a team blog: the stories that the viewer finds, and not their number of others."""
    return lambda world, viewer: [Check(path, _blog(world, viewer))]


def by_month(world: World, viewer: str) -> Iterator[Check]:
    """The month in which everything was written."""
    yield from in_blog(f"/c/project/archive/{datetime.now(SEOUL):%Y-%m}")(world, viewer)


def notices(world: World, viewer: str) -> Iterator[Check]:
    """Who keeps the blog is told of what waits at its desk."""
    kept = {"submitted"} if viewer == "moderator" else set()
    yield Check("/notifications", may=world.read_by(viewer) | kept)


def desk(world: World, viewer: str) -> Iterator[Check]:
    """What ann submitted: for her, and for those who keep the blog."""
    if viewer in ("author", "moderator"):
        yield Check(f"/desk/{world.submitted}", {"submitted"})
    else:
        yield Check(f"/desk/{world.submitted}", status=404)


def own(path: str) -> Probe:
    """What the author alone may open; who may read it is told that."""

    def probe(world: World, viewer: str) -> Iterator[Check]:
        for check in each(path, sample=FEW, own=True)(world, viewer):
            if check.keys:
                yield check._replace(may={world.posts[check.asked].above} - {""})
            else:
                told = check.asked in world.read_by(viewer)
                yield check._replace(status=403 if told else 404)

    return probe


def _reported(world: World) -> set[str]:
    """What moderators see of what was reported: what is for everybody, also by the suspended."""
    return {one.key for one in world.posts.values() if open_(one)}


def live(world: World, viewer: str) -> Iterator[Check]:
    """What came to open pages."""
    for check in each("/live/thread/{id}?after=0", thread)(world, viewer):
        yield check._replace(keys=set(), may=check.keys)


PAGES: dict[str, Probe] = {
    "/": found("/"),
    "/home": within("/home"),
    "/bookmarks": within("/bookmarks"),
    "/local": found("/local"),
    "/federated": found("/federated"),
    "/stories": found("/stories"),
    "/tags/{tag}": found(f"/tags/{TAG}"),
    "/search": found(
        f"/search?q={WORD}",
        f"/search?q=%23{TAG}",
        f"/search?q={WORD}&show=comment",
        f"/search?q={WORD}&has=media",
        "/search?from=ann",
        "/search?q=from:me",
    ),
    "/c/{name}": found("/c/square"),
    "/c/{name}/log": found("/c/square/log"),
    "/c/{name}/removed": lambda world, viewer: [Check("/c/square/removed", status=0)],
    "/posts/{id}/moderate": lambda world, viewer: [
        Check(
            f"/posts/{world.posts[key].id}/moderate",
            # it stands in the team blog, which the city's moderators keep
            {key} if viewer == "moderator" and key == "public-story" else set(),
            status=0,
            asked=key,
        )
        for key in FEW
    ],
    "/c/{name}/categories/{slug}": in_blog("/c/project/categories/kind"),
    "/c/{name}/series/{slug}": in_blog("/c/project/series/row"),
    "/c/{name}/archive/{month}": by_month,
    "/c/{name}/cohorts/{number}": in_blog("/c/project/cohorts/1"),
    "/c/{name}/desk": lambda world, viewer: [
        Check("/c/project/desk", may=_blog(world, viewer) | {"submitted"})
        if viewer == "moderator"
        else Check("/c/project/desk", status=403)
    ],
    "/desk": lambda world, viewer: [Check("/desk", {"submitted"} if viewer == "author" else set())],
    "/desk/{id}": desk,
    "/desk/imports/{id}": lambda world, viewer: [Check("/desk/imports/1", status=404)],
    "/desk/books": lambda world, viewer: [
        Check(
            "/desk/books",
            {"public-story"} if viewer == "author" else set(),
            may=world.read_by(viewer, of("ann")),
        )
    ],
    "/c/{name}/books/{id}": lambda world, viewer: [
        Check(f"/c/project/books/{world.book}", {"public-story"}, may=_blog(world, viewer))
        if viewer == "moderator"
        else Check(f"/c/project/books/{world.book}", status=404)
    ],
    "/@{handle}": people,
    "/@{handle}/{id}": page_of_each(""),
    "/@{handle}/{id}/branch": page_of_each("/branch?after={id}", no_words, FEW),
    "/@{handle}/{id}/history": page_of_each("/history", None, FEW),
    "/@{handle}/{id}/likes": page_of_each("/likes", no_words, FEW),
    "/@{handle}/{id}/boosts": page_of_each("/boosts", no_words, FEW),
    "/@{handle}/{id}/linked": linked,
    "/@{handle}/{id}/trackback": page_of_each("/trackback", None, FEW),
    "/notifications": notices,
    "/notifications/requests": within("/notifications/requests"),
    "/notifications/answers": within("/notifications/answers"),
    "/messages": within("/messages"),
    "/scheduled": lambda world, viewer: [
        Check("/scheduled", {"scheduled"} if viewer == "author" else set())
    ],
    "/reports": lambda world, viewer: [Check("/reports", may=_reported(world), status=0)],
    "/write": each("/write?reply_to={id}", sample=FEW),
    "/edit/{id}": own("/edit/{id}"),
    "/posts/{id}/delete": own("/posts/{id}/delete"),
    "/authorize_interaction": page_of_each("?uri={uri}", None, FEW, "/authorize_interaction"),
    "/live/thread/{id}": live,
    "/live/timeline/{kind}": lambda world, viewer: [
        *found(
            "/live/timeline/local?min_id=0",
            "/live/timeline/federated?min_id=0",
            "/live/timeline/stories?min_id=0",
        )(world, viewer),
        Check("/live/timeline/home?min_id=0", may=world.read_by(viewer), status=0),
    ],
    "/live/notifications": within("/live/notifications"),
    "/feeds/local": by_anybody("/feeds/local"),
    "/feeds/stories": by_anybody("/feeds/stories"),
    "/feeds/tags/{tag}": by_anybody(f"/feeds/tags/{TAG}"),
    "/feeds/@{handle}": lambda world, viewer: [
        Check("/feeds/@ann", may=world.read_by("anonymous", of("ann"))),
        Check("/feeds/@lim", may=world.read_by("anonymous", of("lim"))),
        Check("/feeds/@sus", status=404),
        Check("/feeds/@square", may=world.found_by("anonymous", public)),
    ],
    "/feeds/@{handle}/{id}": lambda world, viewer: [
        check._replace(keys=set(), may=thread(world, "anonymous", check.asked) | {check.asked})
        for check in each("/feeds/@{handle}/{id}", sample=OURS, who="anonymous")(world, viewer)
    ],
    "/take-part": lambda world, viewer: (
        each("/take-part?do=reply&of={uri}", sample=OURS)(world, viewer)
        if viewer == "anonymous"
        else []
    ),
    "/cards/{id}-{version}.png": lambda world, viewer: (
        each("/cards/{id}-1.png", no_words)(world, viewer) if viewer == "anonymous" else []
    ),
}
QUIET = [
    "/posts/{id}/links/{number}/remove",  # test_pages_linked
    "/.well-known/host-meta",
    "/.well-known/nodeinfo",
    "/.well-known/oauth-authorization-server",
    "/.well-known/webfinger",
    "/@{handle}/followers",
    "/@{handle}/following",
    "/about",
    "/about/{kind}",
    "/blocked",
    "/blocked/servers",
    "/boards",
    "/c/{name}/bans",
    "/c/{name}/joined",
    "/c/{name}/moderators",
    "/c/{name}/settings",
    "/c/{name}/archive",
    "/c/{name}/books",
    "/c/{name}/books/{id}.epub",
    "/c/{name}/books/{id}.png",
    "/c/{name}/cohorts",
    "/c/{name}/desk/imports",
    "/c/{name}/desk/imports/{id}",
    "/c/{name}/desk/imports/{id}/report.csv",
    "/c/{name}/export",
    "/c/{name}/export/{id}.zip",
    "/cards/site.png",
    "/cover",
    "/cover/small",
    "/developers",
    "/drafts",
    "/farewell",
    "/favicon.ico",
    "/health",
    "/healthz",
    "/icons/mark.svg",
    "/icons/{name}.png",
    "/invitations",
    "/live",
    "/logo",
    "/manifest.webmanifest",
    "/media/remote/{kind}/{token}",
    "/media/{name}",
    "/metrics",
    "/muted",
    "/neighbourhoods",
    "/nodeinfo/{version}",
    "/notifications/policy",
    "/oauth/authorize",
    "/oauth/userinfo",
    "/offline",
    "/pending",
    "/readyz",
    "/requests",
    "/settings",
    "/settings/apps",
    "/settings/filters",
    "/settings/filters/{id}",
    "/settings/leave",
    "/sign-in",
    "/sign-up",
    "/static/{name}",
    "/styleguide",
    "/sw.js",
    "/appeals",
    "/apps",
    "/moderation/{id}",
    "/report",
    "/report/sent",
    "/warnings",
    "/warnings/{id}",
    "/write/complete",
]
"""Pages that show no posts, or those that the viewer alone has (`/drafts`)."""


async def test_every_page_is_in_the_tables(world: World) -> None:
    there = {
        re.sub(r"\\{(\\w+)(?::[^}]*)?\\}", r"{\\1}", route.resource.canonical)
        for route in world.city.app.router.routes()
        if route.method == "GET" and route.resource is not None
    }
    known = set(PAGES) | set(QUIET) | set(DOCUMENTS) | set(NO_DOCUMENTS)
    pages = {path for path in there if not path.startswith("/api/")}
    pages = {path for path in pages if not (path.endswith("/") and path != "/")}
    assert pages - known == set(), "say in PAGES who sees what there"
    assert known - there == set()


async def visit(world: World, viewer: str, path: str, **headers: str) -> tuple[int, bytes]:
    """What a browser is given; without scripts and cookies of others."""
    person = world.viewers[viewer].person
    async with person.client.get(path, headers={**person.headers, **headers}) as answer:
        return answer.status, await answer.read()


@pytest.mark.parametrize("path", PAGES)
async def test_people_see_what_the_tables_say(world: World, path: str) -> None:
    faults = Faults()
    for viewer in VIEWERS:
        for check in PAGES[path](world, viewer):
            status, body = await visit(world, viewer, check.path)
            if viewer == "anonymous" and b"/sign-in" in body and not world.marked(body):
                continue
            faults.look(world, viewer, check, status, body)
    assert not faults, faults.told


@pytest.mark.parametrize("tail", ["", "/branch", "/history", "/likes", "/boosts"])
async def test_the_page_of_what_may_not_be_read_is_that_of_what_never_was(
    world: World, tail: str
) -> None:
    for viewer in VIEWERS:
        never = await visit(world, viewer, f"/@ann/{UNKNOWN}{tail}")
        assert never[0] == 404
        for key in sorted(set(FEW) - world.read_by(viewer)):
            id = world.posts[key].id
            status, body = await visit(world, viewer, f"/@ann/{id}{tail}")
            same = body.replace(str(id).encode(), str(UNKNOWN).encode())
            assert (status, _steady(same)) == (404, _steady(never[1])), (viewer, key)


def _steady(body: bytes) -> bytes:
    """Without what is another at each request."""
    body = re.sub(rb'data-since="[0-9]*"', b"", body)
    body = re.sub(rb'(name="csrf" value|nonce|content)="[^"]*"', b"", body)
    return re.sub(rb"<code>[^<]*</code>|nonce-[^']*", b"", body)


# --- what peers read

NO_DOCUMENTS = [
    "/activities/{id}",
    "/actor",
    "/actor/{name}",
    "/actors/{id}",
    "/actors/{id}/followers",
    "/actors/{id}/following",
    "/actors/{id}/moderators",
]


def _document(world: World, reader: str) -> Iterator[Check]:
    for key in OURS:
        one = world.posts[key]
        there = _readable(world, reader)
        for at in (f"/objects/{one.id}", f"/@{_handle(world, key)}/{one.id}"):
            keys = {key} if key in there else set()
            yield Check(at, keys, status=200 if keys else 404, asked=key)


def _handle(world: World, key: str) -> str:
    author_id = world.posts[key].post.author_id
    return next(who.name for who in world.people.values() if who.id == author_id)


def _readable(world: World, reader: str) -> set[str]:
    """What a visitor reads, and eve, who follows ann, of what may leave this server."""
    also = world.read_by("follower", of("ann")) if reader == "eve" else set()
    return world.read_by("anonymous") | also


def _beside(tail: str) -> Probe:
    def probe(world: World, reader: str) -> Iterator[Check]:
        for key in OURS:
            there = key in world.read_by("anonymous")
            at = f"/objects/{world.posts[key].id}{tail}"
            yield Check(at, status=200 if there else 404, asked=key)

    return probe


DOCUMENTS: dict[str, Probe] = {
    "/objects/{id}": _document,
    "/objects/{id}/replies": _beside("/replies"),
    "/objects/{id}/likes": _beside("/likes"),
    "/objects/{id}/shares": _beside("/shares"),
    "/contexts/{id}": lambda world, reader: [
        Check(
            f"/contexts/{world.posts[key].id}",
            status=200 if key in world.read_by("anonymous") else 404,
            asked=key,
        )
        for key in ("public-story", "unlisted-note", "followers-note", "direct-note")
    ],
    "/quotes/{id}": lambda world, reader: [
        Check(f"/quotes/{world.posts['followers-quoting'].id}", status=404),
        Check(f"/quotes/{world.posts['quinn-quoting'].id}", may={"quinn-quoting"}),
    ],
    "/approvals/{id}": lambda world, reader: [
        Check(f"/approvals/{world.posts[key].id}", status=404, asked=key)
        for key in ("followers-note", "public-story")
    ],
    "/approvals/likes/{id}": lambda world, reader: [
        Check(f"/approvals/likes/{world.posts['followers-note'].id}", status=404)
    ],
    "/approvals/boosts/{id}": lambda world, reader: [
        Check(f"/approvals/boosts/{world.posts['followers-note'].id}", status=404)
    ],
    "/actors/{id}/outbox": lambda world, reader: [
        Check(f"/actors/{world.people['ann'].id}/outbox", status=200),
        Check(
            f"/actors/{world.people['ann'].id}/outbox?page=1",
            may=world.read_by("anonymous", of("ann")),
        ),
        Check(f"/actors/{world.people['whisperer'].id}/outbox?page=1"),
        Check(f"/actors/{world.people['sus'].id}/outbox?page=1", status=404),
    ],
    "/actors/{id}/featured": lambda world, reader: [
        Check(f"/actors/{world.people['ann'].id}/featured", asked="public-note")
    ],
}


@pytest.mark.parametrize("reader", ["anonymous", "eve"])
@pytest.mark.parametrize("path", DOCUMENTS)
async def test_peers_read_what_may_leave_this_server(
    world: World, path: str, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def known(request: Any) -> str | None:
        return EVE if reader == "eve" else None

    monkeypatch.setattr(signers, "reader", known)  # whom the signature names
    faults = Faults()
    for check in DOCUMENTS[path](world, reader):
        status, body = await visit(world, "anonymous", check.path, **ACTIVITY)
        if b"Collection" in body:  # what it names is for everybody, whatever it is about
            assert world.named(body) <= world.read_by("anonymous") | {check.asked}, check
            body = re.sub(rb"[0-9]{15,}", b"", body)
        faults.look(world, "anonymous", check, status, body)
    assert not faults, faults.told
