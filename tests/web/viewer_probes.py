"""What an address shows of the world of `viewers`: probes to write tables with, and the verdict."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

from tests.web.viewers import WORD, World, Written, mark

UNKNOWN = 123_456_789_012_345_678
SAMPLE = (
    *("public-root", "public-story", "unlisted-note", "followers-note", "direct-note"),
    *("secret-comment", "secret-answer", "limited-public", "limited-followers"),
    *("suspended-public", "far-public", "far-followers", "far-direct", "quinn-quoting"),
)
OURS = tuple(key for key in SAMPLE if not key.startswith("far"))
FEW = ("public-story", "followers-note", "direct-note", "secret-comment", "suspended-public")
PRIVATE = ("direct", "secret")


class Check(NamedTuple):
    """An address, and whose words stand in the answer: those of `keys` must, those of `may` can.

    `asked` is the post that the address names. `status` 0: whatever it is.
    """

    path: str
    keys: set[str] = set()
    may: set[str] = set()
    status: int = 200
    asked: str = ""


Probe = Callable[[World, str], Iterable[Check]]
Which = Callable[[Written], bool]


# --- what an address shows


def lists(path: str, which: Which) -> Probe:
    """A list that has of these posts what the viewer finds."""
    return lambda world, viewer: [Check(path, world.found_by(viewer, which))]


def reads(path: str, which: Which, *, who: str = "") -> Probe:
    """As `lists`, with what the viewer reads but finds nowhere; `who`: as this one reads it."""
    return lambda world, viewer: [Check(path, world.read_by(who or viewer, which))]


def within(*paths: str) -> Probe:
    """Some of what the viewer may read."""
    return lambda world, viewer: [Check(path, may=world.read_by(viewer)) for path in paths]


def nothing(*paths: str) -> Probe:
    """No words of anybody."""
    return lambda world, viewer: [Check(path) for path in paths]


def each(
    path: str,
    around: Callable[[World, str, str], set[str]] | None = None,
    sample: Iterable[str] = SAMPLE,
    *,
    own: bool = False,
    who: str = "",
) -> Probe:
    """The address of each post: with its words and those `around` it where it may be read.

    `own`: its author alone may. `who`: as this one may.
    """

    def probe(world: World, viewer: str) -> Iterator[Check]:
        allowed = world.read_by(who or viewer)
        for key in sample:
            one = world.posts[key]
            at = _filled(path, world, one)
            if key not in allowed or (own and not _is_author(world, viewer, one)):
                yield Check(at, status=404, asked=key)
            else:
                keys = around(world, viewer, key) if around else {key}
                yield Check(at, keys, asked=key)

    return probe


def _filled(path: str, world: World, one: Written) -> str:
    author = next(who for who in world.people.values() if who.id == one.post.author_id)
    return path.format(id=one.id, handle=author.acct, uri=quote(one.post.uri, safe=""))


def _is_author(world: World, viewer: str, one: Written) -> bool:
    return viewer in world.people and world.people[viewer].id == one.post.author_id


def thread(world: World, viewer: str, key: str) -> set[str]:
    """What stands above and below a post, as far as the viewer finds it."""
    above, at = set(), world.posts[key].above
    while at:
        above.add(at)
        at = world.posts[at].above
    below = {key}
    for one in world.posts.values():  # in the order of writing
        if one.above in below:
            below.add(one.key)
    return world.found_by(viewer, lambda one: one.key in (above | below) - {key})


def with_thread(world: World, viewer: str, key: str) -> set[str]:
    """A post and its thread."""
    return {key, *thread(world, viewer, key)}


def no_words(world: World, viewer: str, key: str) -> set[str]:
    """None: people, or numbers."""
    return set()


def of(author: str, which: Which = lambda one: True) -> Which:
    """Posts of an author."""
    return lambda one: one.author == author and which(one)


def public(one: Written) -> bool:
    return one.visibility == "public"


def beginning(one: Written) -> bool:
    """Public, and answers nobody."""
    return public(one) and not one.above


def pictured(one: Written) -> bool:
    return one.kind == "picture" or one.author == "eve"


def tagged(one: Written) -> bool:
    return public(one) and one.author != "eve"


def open_(one: Written) -> bool:
    return one.visibility in ("public", "unlisted")


def linked(one: Written) -> bool:
    return public(one) and one.kind == "link"


def private(one: Written) -> bool:
    return one.visibility == "direct"


def home(world: World, viewer: str) -> set[str]:
    """What those wrote whom the viewer follows, and what they passed on; and their own."""
    follows = {
        "follower": {"ann", "lim", "eve", "quinn"},
        "quiet": {"ann", "quinn"},
    }.get(viewer, {"quinn"})

    def there(one: Written) -> bool:
        if _is_author(world, viewer, one):
            return True
        if one.author in follows and one.visibility not in PRIVATE:
            return not one.above or world.posts[one.above].author in follows
        # quinn passed it on; who had it already did not get it again
        return one.key == "public-story" and viewer != "former"

    return world.found_by(viewer, there)


def at_home(path: str) -> Probe:
    return lambda world, viewer: [Check(path, home(world, viewer))]


def listed(world: World, viewer: str) -> Iterator[Check]:
    """The list of the viewer that has ann in it."""
    id = world.viewers[viewer].list_id
    if not id:
        yield Check(f"/api/v1/timelines/list/{UNKNOWN}", status=404)
        return
    own = {key for key in home(world, viewer) if world.posts[key].author == "ann"}
    there = {key for key in own if world.posts[key].visibility not in PRIVATE}
    yield Check(f"/api/v1/timelines/list/{id}?limit=40", there)


def profile(tail: str, which: Which = lambda one: True) -> Probe:
    """What ann's page has, for each viewer; and those of the others."""

    def probe(world: World, viewer: str) -> Iterator[Check]:
        for author, name in (("ann", "author"), ("lim", "lim"), ("eve", "eve")):
            id = world.people[name].id
            keys = world.read_by(viewer, of(author, which)) - {"secret-comment"}
            yield Check(f"/api/v1/accounts/{id}/statuses?limit=40&{tail}", keys)
        sus = world.people["sus"].id
        yield Check(f"/api/v1/accounts/{sus}/statuses?limit=40&{tail}", status=0)

    return probe


def several(world: World, viewer: str) -> Iterator[Check]:
    """All posts at once."""
    ids = "&".join(f"id[]={one.id}" for one in world.posts.values())
    assert len(world.posts) <= 40
    yield Check(f"/api/v1/statuses?{ids}", world.read_by(viewer))


def searched(world: World, viewer: str) -> Iterator[Check]:
    """Words that are in all posts, words that are in one, and addresses."""
    path = "/api/v2/search?type=statuses&limit=40"
    allowed = world.found_by(viewer, public)
    yield Check(f"{path}&q={WORD}", allowed if viewer != "anonymous" else set(), allowed)
    for words in (f"{WORD} from:@ann", "from:me", f"{WORD} kind:comment", f"-nobody {WORD}"):
        yield Check(f"{path}&q={quote(words)}", may=allowed)
    for key in SAMPLE:
        yield Check(f"{path}&q={mark(key)}text", may=allowed & {key})
        uri = quote(world.posts[key].post.uri, safe="")
        if viewer != "anonymous":
            found = world.read_by(viewer) & {key}
            yield Check(f"{path}&resolve=true&q={uri}", found, asked=key)


class Faults(list[str]):
    """What leaked or was missing, of all that was looked at."""

    @property
    def told(self) -> str:
        """Some of them, one a line."""
        return "\n".join(self[:12])

    def look(self, world: World, viewer: str, check: Check, status: int, body: bytes) -> None:
        """Compare an answer with what it should be."""
        where = f"{viewer}: {check.path} [{check.asked}]"
        if check.status and status != check.status:
            self.append(f"{where}: {status}, not {check.status}")
        # apps are given a quoted post by somebody whom the viewer muted, and told to cover it
        allowed = world.with_quoted(check.keys | check.may, world.read_by(viewer))
        marked = world.marked(body)
        if leaked := marked - allowed:
            self.append(f"{where}: LEAKED words of {sorted(leaked)}")
        if missing := check.keys - marked:
            self.append(f"{where}: misses {sorted(missing)}")
        named = world.named(body) - allowed - world.hinted(allowed) - {check.asked}
        if named:
            self.append(f"{where}: LEAKED ids of {sorted(named)}")


OF_THE_MOMENT = ("x-request-id", "date", "x-ratelimit")


async def ask(world: World, viewer: str, path: str, **sent: Any) -> tuple[int, bytes]:
    """What an app of somebody is answered."""
    one = world.viewers[viewer]
    method = sent.pop("method", "GET")
    headers = {**one.headers, "Accept-Language": "en"}
    async with one.person.client.request(method, path, headers=headers, **sent) as answer:
        heads = sorted(
            (name, value)
            for name, value in answer.headers.items()
            if not name.lower().startswith(OF_THE_MOMENT)
        )
        return answer.status, await answer.read() + repr(heads).encode()
