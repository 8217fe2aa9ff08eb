"""One world for everything that shows posts: who looks, what was written, and who may know of it.

Every post has words of its own in each of its parts (text, warning, title, lead, alternative text,
names of files, answers of its poll, the page to which it links), all of them beginning with its
mark, such as `qz007`. So whatever leaks is found in the bytes of an answer, and named.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from federation.vocab import PUBLIC
from server.clock import DAY_MS, now_ms
from server.ids import new_id
from server.inbox import door
from server.inbox.context import Arrival
from server.inbox.documents import Documents
from server.model import Account, Community, Media, Post
from server.services import (
    blog,
    blog_desk,
    bookmarks,
    books,
    communities,
    domain_mutes,
    follows,
    lists,
    pins,
    posts,
    previews,
    reactions,
    reading,
    scheduled,
    sessions,
    submissions,
    threads,
)
from server.services.books import Words
from server.services.communities import NewCommunity
from server.services.new_posts import NewPost
from server.services.polls import NewPoll
from server.store import accounts, blog_people
from server.store import blog as blog_rows
from server.store import books as book_rows
from server.store import media as media_rows
from server.store import posts as post_rows
from server.store import previews as preview_rows
from server.store import reports as report_rows
from server.store.db import Write
from server.store.lists import List
from server.text.webpage import Described
from tests.server.world import EVE, authentic, befriend, create, note, stranger
from tests.web.city import NO_KEYS, City, Person
from web.keys import RATES
from web.rates import Limit

TAG = "market"
WORD = "everywhere"  # what a search finds in all of them
PAGE = "https://paper.test/page"

ANNS = """
            public unlisted followers direct secret
anonymous   r      r        -         -      -
stranger    r      r        -         -      -
follower    r      r        r         -      -
former      r      r        -         -      -
named       r      r        r         r      -
author      r      r        r         r      r
whisperer   r      r        -         -      r
blocked     -      -        -         -      -
blocking    o      o        -         -      -
muting      o      o        o         -      -
quiet       r      r        r         -      -
apart       r      r        -         -      -
moderator   r      r        -         -      -
"""
"""Of what ann wrote. r: finds and reads it. o: reads it at its address, and finds it in no list.

`former` followed her once; `named` and `blocked` stand in every post but the secret ones,
and `blocked` was shut out later; `muting` and `quiet` follow her, and `quiet` has muted her
threads. All liked and saved whatever they could read, before that. The secret comments are the
whisperer's below her story, and her answer to it.
"""
LIMITED = """
            public followers
*           o      -
follower    r      r
"""
SUSPENDED = """
            public followers
*           -      -
"""
STRANGERS = """
            public followers direct
*           r      -         -
follower    r      r         -
named       r      -         r
apart       o      -         -
"""
"""Of eve, elsewhere; `apart` wants nothing from her server."""
OPEN = """
            public
*           r
"""
ACCESS = {"ann": ANNS, "lim": LIMITED, "sus": SUSPENDED, "eve": STRANGERS, "quinn": OPEN}
VIEWERS = [line.split()[0] for line in ANNS.strip().splitlines()[1:]]
BLOG = ("public-story", "limited-public", "suspended-public")
KINDS = ("note", "story", "reply", "poll", "picture", "link")
LEVELS = ("public", "unlisted", "followers", "direct")


def verdict(viewer: str, author: str, visibility: str) -> str:
    """What the table of the author says."""
    head, *lines = (line.split() for line in ACCESS[author].strip().splitlines())
    rows = {name: dict(zip(head, codes, strict=True)) for name, *codes in lines}
    return (rows.get(viewer) or rows["*"])[visibility]


@dataclass(frozen=True)
class Written:
    """A post: what it is called here, whose words it holds, and what it answers and quotes."""

    key: str
    author: str
    kind: str
    post: Post
    mark: str
    above: str = ""
    quoted: str = ""

    @property
    def visibility(self) -> str:
        return self.post.visibility

    @property
    def id(self) -> int:
        return self.post.id


@dataclass
class Viewer:
    """Somebody with a browser and an app; of a visitor neither has a name."""

    name: str
    person: Person
    token: str = ""
    list_id: int = 0

    @property
    def account(self) -> Account:
        assert self.person.account is not None
        return self.person.account

    @property
    def headers(self) -> dict[str, str]:
        """Of their app."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


@dataclass
class World:
    """A city with everybody and everything in it."""

    city: City
    viewers: dict[str, Viewer] = field(default_factory=dict)
    people: dict[str, Account] = field(default_factory=dict)
    posts: dict[str, Written] = field(default_factory=dict)
    submitted: int = 0
    book: int = 0

    def add(self, key: str, author: str, post: Post, **more: Any) -> Written:
        """Remember what was written."""
        self.posts[key] = Written(key, author, key.partition("-")[2], post, mark(key), **more)
        return self.posts[key]

    def such(self, viewer: str, codes: str, which: Callable[[Written], bool]) -> set[str]:
        """The posts of which the tables say one of `codes` for the viewer."""
        return {
            one.key
            for one in self.posts.values()
            if verdict(viewer, one.author, one.visibility) in codes and which(one)
        }

    def read_by(self, viewer: str, which: Callable[[Written], bool] = lambda _: True) -> set[str]:
        """What the viewer may read."""
        return self.such(viewer, "ro", which)

    def found_by(self, viewer: str, which: Callable[[Written], bool] = lambda _: True) -> set[str]:
        """What the viewer finds in lists."""
        return self.such(viewer, "r", which)

    def with_quoted(self, keys: Iterable[str], allowed: set[str]) -> set[str]:
        """These, and what they quote as far as that is allowed too."""
        quoted = {self.posts[key].quoted for key in keys if key in self.posts}
        return set(keys) | (quoted & allowed)

    def marked(self, body: bytes) -> set[str]:
        """The posts of which any word stands there; also what is only to be published later."""
        found = set(re.findall(rb"qz([0-9]{3})", body.lower()))
        return {_KEYS[int(number)] for number in found}

    def named(self, body: bytes) -> set[str]:
        """The posts of which the id stands there."""
        ids = {str(one.id).encode(): one.key for one in self.posts.values()}
        return {ids[one] for one in re.findall(rb"[0-9]{15,20}", body) if one in ids}

    def hinted(self, keys: Iterable[str]) -> set[str]:
        """What these name themselves: what they answer, and in their text what they quote."""
        known = [self.posts[key] for key in keys if key in self.posts]
        return {name for one in known for name in (one.above, one.quoted)}


_KEYS: list[str] = []


def mark(key: str) -> str:
    """What all words of a post begin with; the same one every time."""
    if key not in _KEYS:
        _KEYS.append(key)
    return f"qz{_KEYS.index(key):03}"


# --- the making of it


class Making:
    """One transaction in which everything happens."""

    def __init__(self, world: World, tx: Write) -> None:
        self.world, self.tx = world, tx
        self.site = world.city.site

    def says(self, author: str, key: str, **more: Any) -> Post:
        """Somebody of ours writes a post, in words of its own."""
        own, names = mark(key), "@named @blocked" if key.startswith(LEVELS) else ""
        above = more.pop("above", "")
        if above:
            more["reply_to_id"] = self.world.posts[above].id
        quoted = more.pop("quoted", "")
        if quoted:
            more["quoted_id"] = self.world.posts[quoted].id
        text = more.pop("text", "")
        new = NewPost(content=f"{own}text {WORD} {names} #{TAG} {text}", **more)
        post = posts.write(self.tx, self.site, self.world.people[author], new, now_ms())
        self.world.add(key, author, post, above=above, quoted=quoted)
        return post

    def picture(self, author: str, key: str) -> int:
        """A picture that waits for its post."""
        own, id = mark(key), new_id(now_ms())
        media_rows.insert(
            self.tx,
            Media(
                id=id,
                account_id=self.world.people[author].id,
                post_id=None,
                position=0,
                kind="image",
                media_type="image/webp",
                large=f"{own}large.webp",
                small=f"{own}small.webp",
                remote_url="",
                alt=f"{own}alt",
                width=64,
                height=64,
                small_width=32,
                small_height=32,
                bytes=100,
                blurhash="",
                focus_x=0.0,
                focus_y=0.0,
                created_ms=now_ms(),
            ),
        )
        return id

    def of_kind(self, author: str, level: str, kind: str) -> None:
        """A post with everything that its kind can hold."""
        key = f"{level}-{kind}"
        own, more = mark(key), {"visibility": level}
        if kind == "note":
            more |= {"warning": f"{own}warning"}
        elif kind == "story":
            more |= {"title": f"{own}title", "lead": f"{own}lead"}
        elif kind == "reply":
            more |= {"above": "public-root"}
        elif kind == "poll":
            more |= {"poll": NewPoll(options=(f"{own}yes", f"{own}no"), lasts_s=86_400)}
        elif kind == "picture":
            more |= {"media_ids": (self.picture(author, key),)}
        else:
            more |= {"text": f"{PAGE}/{own}page"}
        post = self.says(author, key, **more)
        if kind == "link":
            self.previewed(post, own)

    def previewed(self, post: Post, own: str) -> None:
        """The page to which a post links was read, where pages are read at all."""
        known = preview_rows.by_url(self.tx, f"{PAGE}/{own}page")
        if known is not None:
            said = Described(title=f"{own}page", description=f"{own}about")
            previews.keep(self.tx, known.id, said, now_ms())

    def follow(self, who: str, *whom: str) -> None:
        """Follow; strangers say yes at once."""
        for name in whom:
            follower, target = self.world.people[who], self.world.people[name]
            if follower.local and target.local:
                follows.follow(self.tx, self.site, follower, target.id, now_ms())
            else:
                befriend(self.tx, follower, target)

    def from_afar(self, level: str, to: list[str], **more: Any) -> None:
        """Eve writes something."""
        key = f"far-{level}"
        own, uri = mark(key), f"https://far.test/notes/{level}"
        said = note(
            uri,
            EVE,
            content=f"<p>{own}text {WORD}</p>",
            summary=f"{own}warning",
            attachment=[
                {
                    "type": "Document",
                    "mediaType": "image/png",
                    "url": f"https://far.test/{own}.png",
                    "name": f"{own}alt",
                }
            ],
            **{"to": to, "cc": []},
            **more,
        )
        given = authentic(create(said, id=f"{uri}/create"))
        eve = door.arrive(self.tx, given, now_ms())
        assert eve is not None
        door.apply(self.tx, Arrival(self.site, given.activity, eve, Documents(), now_ms()))
        post = post_rows.by_uri(self.tx, uri)
        assert post is not None
        self.world.add(key, "eve", post)

    # --- in this order

    def all(self) -> None:
        """Everything."""
        self.friends()
        self.anns()
        self.others()
        self.kept()
        self.breaks()
        self.reported()
        square = NewCommunity(name="square", keys=NO_KEYS, title="Square", tag=TAG)
        communities.create(self.tx, self.site, square, now_ms())
        self.blog()

    def blog(self) -> None:
        """A team blog, in whose every list stand stories by three of them; the moderator keeps it.

        Ann has submitted a text to its editors.
        """
        moderator = self.world.people["moderator"]
        new = NewCommunity(
            name="project",
            keys=NO_KEYS,
            kind="blog",
            title="Project",
            moderator_ids=(moderator.id,),
        )
        id = communities.create(self.tx, self.site, new, now_ms()).id
        home = blog.by_name(self.tx, "project")
        kind = blog_desk.add_category(self.tx, moderator, home, "Kind", None, now_ms=now_ms())
        row = blog_desk.add_series(self.tx, moderator, home, "Row", "", now_ms=now_ms())
        first = blog_desk.add_cohort(self.tx, moderator, home, 1, 2026, now_ms=now_ms())
        for part, key in enumerate(BLOG, 1):
            post = self.world.posts[key].post
            title = post.title or f"{mark(key)}title"
            post_rows.set_columns(self.tx, post.id, community_id=id, title=title)
            story = blog_rows.Story(
                post_id=post.id,
                community_id=id,
                category_id=kind.id,
                series_id=row.id,
                part=part,
                front=part,
            )
            blog_rows.put(self.tx, story)
            blog_people.add_writer(self.tx, first.id, post.author_id, now_ms())
        own = mark("submitted")
        text = NewPost(content=f"{own}text", title=f"{own}title", community_id=id)
        author = self.world.people["ann"]
        self.world.submitted = submissions.submit(self.tx, author, text, now_ms()).id
        self.book(moderator, home)

    def book(self, moderator: Account, home: Community) -> None:
        """A book for which all stories of the blog were chosen and everybody was asked."""
        book = books.begin(self.tx, moderator, home, Words(title="Book"), now_ms())
        book_rows.choose(self.tx, book.id, [self.world.posts[key].id for key in BLOG])
        books.ask(self.tx, moderator, home, book.id, now_ms())
        self.world.book = book.id

    def friends(self) -> None:
        """Who follows whom at first."""
        self.world.people["eve"] = stranger(self.tx, EVE)
        for name in ("follower", "former", "blocked", "muting", "quiet", "eve"):
            self.follow(name, "ann")
        for name in VIEWERS[1:]:
            self.follow(name, *({"quinn"} - {name}))
        self.follow("follower", "lim", "eve", "sus")
        self.follow("apart", "eve")

    def anns(self) -> None:
        """Posts of every kind for everybody that there is."""
        self.says("ann", "public-root")
        for level in LEVELS:
            for kind in KINDS:
                self.of_kind("ann", level, kind)
        self.says("ann", "followers-quoting", quoted="followers-note", visibility="followers")
        self.whispers("whisperer", "secret-comment", above="public-story")
        self.whispers("ann", "secret-answer", above="secret-comment")
        self.edited("public-note")
        self.edited("followers-note")
        self.edited("secret-comment", "whisperer")
        pins.pin(self.tx, self.site, self.world.people["ann"], self.id("public-note"), now_ms())
        self.later()

    def whispers(self, author: str, key: str, above: str) -> Post:
        """Answer in secret: below her story that is in ann's table, whoever writes it."""
        text = "@named @moderator"
        post = self.says(author, key, above=above, visibility="secret", text=text)
        self.world.posts[key] = replace(self.world.posts[key], author="ann")
        return post

    def id(self, key: str) -> int:
        """Of a post."""
        return self.world.posts[key].id

    def edited(self, key: str, author: str = "ann") -> None:
        """Say something else, with the same mark."""
        own, author_ = mark(key), self.world.people[author]
        new = NewPost(content=f"{own}again {WORD} @named @blocked #{TAG}", warning=f"{own}warned")
        posts.edit(self.tx, self.site, author_, self.id(key), new, now_ms())

    def later(self) -> None:
        """What ann has scheduled, which is for her alone whatever it will be."""
        new = NewPost(content=f"{mark('scheduled')}text", warning=f"{mark('scheduled')}warning")
        scheduled.schedule(
            self.tx, self.world.people["ann"], new, now_ms() + DAY_MS, now_ms=now_ms()
        )

    def others(self) -> None:
        """What others write, quote and pass on."""
        for level in ("public", "followers"):
            self.says("lim", f"limited-{level}", visibility=level)
            self.says("sus", f"suspended-{level}", visibility=level)
        self.from_afar("public", [PUBLIC])
        self.from_afar("followers", [f"{EVE}/followers"])
        named = self.world.people["named"].uri
        self.from_afar("direct", [named], tag=[{"type": "Mention", "href": named}])
        self.says("quinn", "quinn-quoting", quoted="public-note")
        self.says("lim", "limited-reply", above="public-root")
        self.says("sus", "suspended-reply", above="public-root")
        for name in ("quinn", "sus"):
            reactions.boost(
                self.tx, self.site, self.world.people[name], self.id("public-story"), now_ms()
            )

    def kept(self) -> None:
        """Everybody likes and saves all that they can read now."""
        found = [post_rows.by_id(self.tx, one.id) for one in self.world.posts.values()]
        there = [post for post in found if post is not None]
        for name in VIEWERS[1:]:
            who = self.world.people[name]
            for id in sorted(reading.readable_among(self.tx, who.id, there)):
                bookmarks.save(self.tx, self.site, who, id, now_ms())
                reactions.like(self.tx, self.site, who, id, now_ms())

    def reported(self) -> None:
        """Eve's server reports posts to the moderators, some of which it cannot know of."""
        uris = [one.post.uri for one in self.world.posts.values()]
        report_rows.insert(
            self.tx,
            id=new_id(now_ms()),
            uri="https://far.test/flags/1",
            reporter_id=self.world.people["eve"].id,
            target_id=self.world.people["ann"].id,
            objects=msgspec.json.encode(uris).decode(),
            comment="Please look",
            now_ms=now_ms(),
        )

    def breaks(self) -> None:
        """Friendships end, moderators act, people shut others out."""
        tx, site, people = self.tx, self.site, self.world.people
        ann = people["ann"]
        for name in ("follower", "muting", "quiet"):
            made = lists.make(tx, List(id=0, account_id=people[name].id, title="ann"), now_ms())
            lists.add(tx, people[name].id, made.id, [ann.id], now_ms())
            self.world.viewers[name].list_id = made.id
        follows.unfollow(tx, site, people["former"], ann.id, now_ms())
        follows.block(tx, site, ann, people["blocked"].id, now_ms())
        follows.block(tx, site, people["blocking"], ann.id, now_ms())
        follows.mute(tx, people["muting"].id, ann.id, None, True, now_ms())
        for key in ("public-root", "public-story"):
            threads.mute(tx, site, people["quiet"], self.id(key), now_ms())
        domain_mutes.shut_out(tx, site, people["apart"], "far.test", now_ms())
        accounts.set_columns(tx, people["lim"].id, limited_ms=now_ms())
        accounts.set_columns(tx, people["sus"].id, state="suspended")


def _make(tx: Write, world: World) -> None:
    Making(world, tx).all()


async def build(city: City) -> World:
    """The whole world."""
    world = World(city)
    limits = city.app[RATES].limits
    limits |= dict.fromkeys(limits, Limit(10**9, DAY_MS))
    for name in (*VIEWERS, "lim", "sus", "quinn"):
        if name == "anonymous":
            world.viewers[name] = Viewer(name, await city.visitor())
            continue
        role = "moderator" if name == "moderator" else "member"
        person = await city.join("ann" if name == "author" else name, role=role)
        assert person.account is not None
        await city.db.write(_findable, person.account.id)
        world.people[name] = person.account
        if name in VIEWERS:
            token = await city.db.write(
                sessions.create_access_token,
                person.account.id,
                "read write follow push",
                "tests",
                now_ms(),
            )
            world.viewers[name] = Viewer(name, person, token)
    world.people["ann"] = world.people["author"]
    await city.db.write(_make, world)
    return world


def _findable(tx: Write, account_id: int) -> None:
    accounts.set_columns(tx, account_id, indexable=1, discoverable=1)
