"""A text in progress: as a form shows it, as a draft keeps it, as the service takes it."""

import asyncio
import json
from typing import Any, Final

import msgspec
from aiohttp import web

from server.errors import AppError, Invalid, NotFound
from server.model import VISIBILITIES, Draft, Post, PostView
from server.services import permissions, polls, quotes
from server.services.new_posts import (
    MAX_NOTE,
    MAX_PICTURES_OF_NOTE,
    MAX_PICTURES_OF_STORY,
    MAX_STORY,
    NewPost,
)
from server.services.placing import MAX_LINK
from server.services.polls import DAY_S, MAX_OPTIONS, NewPoll
from server.store.blog import Filed
from server.text import markdown, opens, plain
from web.i18n import WRITTEN_IN
from web.keys import SITE
from web.pages.forms import Form

MOST_PICTURES: Final = {
    "note": MAX_PICTURES_OF_NOTE,
    "story": MAX_PICTURES_OF_STORY,
    "thread": MAX_PICTURES_OF_STORY,
}
AT_ONCE: Final = 4  # pictures that one form takes; the next ones after a preview
LASTS_S: Final = (3600, 6 * 3600, DAY_S, 3 * DAY_S, 7 * DAY_S, 30 * DAY_S)
KEPT: Final = (
    *("kind", "title", "lead", "content", "visibility", "warning", "language"),
    *("sensitive", "reply_to", "draft", "media", "edits"),
    *("option", "lasts", "multiple", "hidden", "later", "secret"),
    *("may_answer", "may_share", "may_quote"),
    *("community", "link", "category", "series", "part", "place", "together"),
)


class Refused(Exception):
    """What was typed cannot be used: `field` says where, `cause` why, `text` what is kept."""

    def __init__(self, field: str, cause: AppError, text: "Text") -> None:
        """`text` may hold more than was typed: pictures that have arrived already."""
        super().__init__(field)
        self.field = field
        self.cause = cause
        self.text = text


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A form in progress. `kind`: story | note | thread.

    `once` makes pressing the button twice one post.

    `alts` says anew what pictures show, by their ids; it is stored when the text is published.
    `edits_id` is the post that the text is to change; without one it becomes a post of its own.
    A story of a team blog stands in `community_id`; `together` names who wrote it too.
    `replies`, `boosts` and `quotes`: who may answer, share and quote it; `quotes` is empty for
    those whom its author always allows, and in a text of an older version.
    `options` are the answers of a poll that is open for `lasts_s`. `later` is when to publish, as
    the field for it sends it. `community_id` is where a thread begins, `link` what it is about.
    """

    kind: str = "story"
    title: str = ""
    lead: str = ""
    content: str = ""
    visibility: str = "public"
    warning: str = ""
    sensitive: bool = False
    language: str = ""
    media_ids: tuple[int, ...] = ()
    alts: tuple[tuple[int, str], ...] = ()
    reply_to_id: int | None = None
    draft_id: int | None = None
    edits_id: int | None = None
    once: str = ""
    options: tuple[str, ...] = ()
    lasts_s: int = DAY_S
    multiple: bool = False
    hidden: bool = False
    later: str = ""
    replies: str = "everyone"
    boosts: str = "everyone"
    quotes: str = ""
    community_id: int | None = None
    link: str = ""
    category_id: int | None = None
    series_id: int | None = None
    part: str = ""
    neighbourhood_id: int | None = None
    together: str = ""

    @property
    def titled(self) -> bool:
        """Whether it has a title, and room for a long text."""
        return self.kind != "note"

    def new_post(self) -> NewPost:
        """As the service takes it."""
        story = self.kind == "story"
        home = self.community_id if self.titled else None
        return NewPost(
            content=self.content,
            title=self.title if self.titled else "",
            lead=self.lead if story else "",
            visibility=self.visibility if home is None else "public",
            warning=self.warning,
            sensitive=self.sensitive or bool(self.warning),
            language=self.language,
            media_ids=self.media_ids,
            reply_to_id=self.reply_to_id,
            idempotency_key=self.key,
            poll=self.poll,
            poll_stays=self.edits_id is not None,
            replies=self.replies,
            boosts=self.boosts,
            quote_policy=self.quotes,
            community_id=home,
            link=self.link if self.kind == "thread" else "",
            filed=self.filed if story and home is not None else None,
        )

    @property
    def filed(self) -> Filed:
        """Where it stands in its team blog. A part that is no number is one that cannot be."""
        number = self.part.strip()
        part = int(number) if number.isascii() and number.isdigit() else 0
        return Filed(
            category_id=self.category_id,
            series_id=self.series_id,
            part=part if number and self.series_id is not None else None,
            neighbourhood_id=self.neighbourhood_id,
            names=tuple(self.together.replace(",", " ").split()),
        )

    @property
    def poll(self) -> NewPoll | None:
        """What is asked; nothing where no answer was written, and in a story."""
        if self.kind == "story" or self.edits_id is not None:
            return None
        if not any(option.strip() for option in self.options):
            return None
        return NewPoll(
            options=self.options,
            lasts_s=self.lasts_s,
            multiple=self.multiple,
            hidden=self.hidden,
        )

    @property
    def room(self) -> int:
        """How many more pictures fit."""
        return max(0, MOST_PICTURES[self.kind] - len(self.media_ids))

    @property
    def key(self) -> str:
        """What makes publishing this twice one post; nothing where it does not matter."""
        return f"page:{self.once}" if self.once else ""

    @property
    def words(self) -> tuple[str, ...]:
        """All that was typed, without what was only chosen."""
        head = (self.title, self.lead) if self.titled else ("", "")
        return (self.content, *(" ".join(one.split()) for one in (*head, self.warning)))

    def check(self) -> None:
        """Raise `Refused` for what a person forgets; the service knows every other rule."""
        if self.kind == "story" and not self.title:
            raise Refused("title", Invalid("A story needs a title."), self)
        if self.kind == "thread":
            self._check_thread()
            return
        if not self.content.strip() and not self.media_ids:
            raise Refused("content", Invalid("Please write something first."), self)
        self._check_poll()

    def _check_poll(self) -> None:
        """Raise `Refused` at the answer that is missing, else at the first."""
        try:
            if self.poll is not None:
                polls.checked(self.poll)
        except Invalid as error:
            missing = (place for place, one in enumerate(self.options) if not one.strip())
            raise Refused(f"option-{next(missing, 0)}", error, self) from error

    def _check_thread(self) -> None:
        if not self.title:
            raise Refused("title", Invalid("A thread needs a title."), self)
        if self.community_id is None and self.edits_id is None:
            raise Refused("form", NotFound("There is no such community."), self)
        if not self.content.strip() and not self.media_ids and not self.link:
            cause = Invalid("Please write something, or give the address of a page.")
            raise Refused("content", cause, self)

    def check_length(self) -> None:
        """Raise `Refused` for what could not be published, before work goes into showing it."""
        most = MAX_STORY if self.titled else MAX_NOTE
        if len(self.content) > most:
            cause = Invalid("This is too long: at most %(most)s characters.", most=most)
            raise Refused("content", cause, self)


def from_form(sent: Form) -> Text:
    """What was typed and chosen; a choice that was never offered becomes the usual one."""
    kind = sent.get("kind")
    visibility = "secret" if sent.get("secret") else sent.get("visibility")
    visibility = "public" if kind == "thread" else visibility
    language = sent.get("language")
    lasts_s = sent.id("lasts") or DAY_S
    removed = set(sent.ids("remove"))
    media_ids = tuple(id for id in dict.fromkeys(sent.ids("media")) if id not in removed)
    return Text(
        kind=kind if kind in ("note", "thread") else "story",
        title=" ".join(sent.get("title").split()),
        lead=sent.get("lead"),
        content=sent.raw("content"),
        visibility=visibility if visibility in VISIBILITIES else "public",
        warning=" ".join(sent.get("warning").split()),
        sensitive=bool(sent.get("sensitive")),
        language=language if language in WRITTEN_IN else "",
        media_ids=media_ids,
        alts=tuple((id, sent.get(f"alt_{id}")) for id in media_ids if sent.many(f"alt_{id}")),
        reply_to_id=sent.id("reply_to"),
        draft_id=sent.id("draft"),
        edits_id=sent.id("edits"),
        once=sent.get("once")[:64],
        options=sent.many("option")[:MAX_OPTIONS],
        lasts_s=lasts_s if lasts_s in LASTS_S else DAY_S,
        multiple=bool(sent.get("multiple")),
        hidden=bool(sent.get("hidden")),
        later=sent.get("later")[:40],
        replies=_one_of(permissions.REPLIES, sent.get("may_answer")),
        boosts=_one_of(permissions.BOOSTS, sent.get("may_share")),
        quotes=_one_of(("", *quotes.POLICIES), sent.get("may_quote")),
        community_id=sent.id("community") if kind != "note" else None,
        link=sent.get("link")[:MAX_LINK] if kind == "thread" else "",
        category_id=sent.id("category"),
        series_id=sent.id("series"),
        part=sent.get("part")[:6],
        neighbourhood_id=sent.id("place"),
        together=sent.get("together")[:300],
    )


def _one_of(offered: tuple[str, ...], chosen: str) -> str:
    return chosen if chosen in offered else offered[0]


def from_post(view: PostView) -> Text:
    """What a post says now, for its author to change."""
    post, thread = view.post, view.forum
    forum = thread is not None and post.kind != "article"  # else it is a story of a team blog
    return Text(
        kind="thread" if forum else "story" if post.title else "note",
        title=post.title,
        lead="" if forum or opens(post.content, post.lead) else plain(post.lead),  # made of it
        content=post.source,
        visibility=post.visibility,
        warning=post.warning,
        sensitive=bool(post.sensitive),
        language=post.language,
        media_ids=tuple(one.id for one in view.media),
        reply_to_id=post.reply_to_id,
        edits_id=post.id,
        replies=permissions.choice(post),
        boosts=permissions.sharing(post),
        quotes=quotes.policy(post),
        community_id=post.community_id if thread else None,
        link=thread.link if thread else "",
    )


def standing(text: Text, community_id: int | None, filed: Filed | None) -> Text:
    """A text that stands in a team blog as `filed` says; a thread of a board stays as it is."""
    if filed is None or community_id is None:
        return text
    return msgspec.structs.replace(
        text,
        kind="story",
        community_id=community_id,
        category_id=filed.category_id,
        series_id=filed.series_id,
        part=str(filed.part or ""),
        neighbourhood_id=filed.neighbourhood_id,
        together=" ".join(f"@{name.lstrip('@')}" for name in filed.names),
    )


def from_scheduled(new: NewPost, later: str) -> Text:
    """What was to be published later, to be changed before; `later` as the field for it has it."""
    poll = new.poll
    titled = "thread" if new.community_id else "story"
    text = Text(
        kind=titled if new.title else "note",
        title=new.title,
        lead=new.lead,
        content=new.content,
        visibility=new.visibility,
        warning=new.warning,
        sensitive=new.sensitive,
        language=new.language,
        media_ids=new.media_ids,
        reply_to_id=new.reply_to_id,
        later=later,
        community_id=new.community_id,
        link=new.link,
        replies=new.replies or "everyone",
        boosts=new.boosts or "everyone",
        quotes=new.quote_policy,
    )
    text = standing(text, new.community_id, new.filed)
    if poll is None:
        return text
    return msgspec.structs.replace(
        text,
        options=poll.options,
        lasts_s=poll.lasts_s,
        multiple=poll.multiple,
        hidden=poll.hidden,
    )


def told(post: Post, text: Text) -> bool:
    """Whether a post says what its author has typed; a lead that was left empty was made for it."""
    lead = plain(post.lead) if text.lead else ""
    said = Text(title=post.title, lead=lead, content=post.source, warning=post.warning)
    return said.words == text.words


def to_draft(text: Text) -> dict[str, Any]:
    """What a draft keeps; `once` tells from which form it came."""
    return dict(msgspec.to_builtins(msgspec.structs.replace(text, draft_id=None)))


def from_draft(draft: Draft) -> Text:
    """A draft as a form. One that no longer fits, from an older version, is shown empty."""
    try:
        text = msgspec.convert(json.loads(draft.body), Text)
    except (msgspec.ValidationError, ValueError):
        text = Text()
    return msgspec.structs.replace(text, draft_id=draft.id, once="")  # every form has its own


def carried(sent: Form) -> list[tuple[str, str]]:
    """The fields of a text as they go through a sign-in: in hidden fields, under another name."""
    plain_names = ((name.removeprefix("kept_"), value) for name, value in sent)
    return [(f"kept_{name}", value) for name, value in plain_names if value and _is_kept(name)]


def _is_kept(name: str) -> bool:
    return name in KEPT or name.startswith("alt_")


def arrived(sent: Form) -> Text | None:
    """The text that went through a sign-in; None where there was none."""
    fields = {
        name.removeprefix("kept_"): values
        for name, values in sent.fields.items()
        if name.startswith("kept_")
    }
    text = from_form(Form(fields, {}))
    return text if text.content.strip() or text.title or text.link else None


async def previewed(request: web.Request, content: str, kind: str = "story") -> str:
    """A text as readers would see it; made in a thread, as some texts take long on purpose."""
    media = f"{request.config_dict[SITE].origin}/media/"
    return await asyncio.to_thread(markdown, content, story=kind != "note", media=media)
