"""What /styleguide shows: a corner of an invented city as values, in the reader's language.

Nothing of it is stored anywhere. Its addresses lead nowhere and its pictures lie in `web/static`.
"""

import json
from functools import partial
from itertools import count
from typing import Any, Final

import msgspec

from server.clock import DAY_MS, HOUR_MS, MINUTE_MS
from server.errors import Invalid
from server.model import (
    Account,
    Media,
    Member,
    Notification,
    Post,
    PostView,
    Quoted,
    Relationship,
    Site,
)
from server.services.accounts import blank
from server.services.notification_groups import Group
from server.services.notifications import Notice
from server.services.responses import Responses, Server
from server.store.announcements import Announcement
from web import i18n
from web.keys import Viewer
from web.pages.access import Pager
from web.pages.conversation import Above, Answer, Branch, Conversation, Fold, Reply
from web.pages.notices import Line
from web.pages.texts import Text
from web.render import asset

MARKET: Final = "sample-market.svg"
RIVER: Final = "sample-river.svg"
STREET: Final = "sample-street.svg"
FACE: Final = "sample-face.svg"
PLACE: Final = "sample-place.svg"
NOWHERE: Final = "/styleguide"
FORGED: Final = "sample"  # no session has it, so no form of the samples would be taken

PAGER: Final = Pager(NOWHERE, NOWHERE, NOWHERE)
ERRORS: Final = {
    "sample_line_bad": Invalid("A story needs a title."),
    "sample_area_bad": Invalid("Please write something first."),
    "sample_choice_bad": Invalid("Please write something first."),
}


def person_url(account: Account) -> str:
    """Nobody here has a page."""
    return NOWHERE


def post_url(post: Post, author: Account) -> str:
    """Nothing here has a page."""
    return NOWHERE


def face(account: Account) -> str:
    """Somebody's picture, or the one of those who have none."""
    return asset(account.avatar or "avatar.svg")


def picture_url(media: Media, *, small: bool = False) -> str:
    """A picture from `web/static`; nothing for what is no picture."""
    return asset(media.large) if media.large else ""


def srcset(media: Media) -> str:
    """Drawings have one size."""
    return ""


class Samples:
    """Everything that the page shows, made anew for each reader: ids count up, so none is twice."""

    def __init__(self, site: Site, language: str, now_ms: int) -> None:
        """In `language`, as if all of it had happened shortly before `now_ms`."""
        self._site, self._language, self._now_ms = site, language, now_ms
        self._ids = count(1)
        self._ = i18n.translations(language).gettext
        self._name_people()

    def _name_people(self) -> None:
        _ = self._
        self.mina = self._somebody("mina", _("Mina Seo"), avatar=FACE, bio=_("Walks, bakes, asks."))
        self.joon = self._somebody("joon", _("Joon Park"), bio=_("Repairs bicycles by the river."))
        self.place = self._somebody(
            "river", _("Riverside"), "Group", avatar=PLACE, bio=_("What happens by the river.")
        )
        self.far = self._somebody("ana", "Ana Duarte", domain="porto.example")
        self.locked = self._somebody("sora", _("Sora"), locked=1)
        self.viewer = Viewer(account=self.mina, member=_member(self.mina), scopes=None, csrf=FORGED)

    def _somebody(
        self, name: str, display: str, kind: str = "Person", domain: str = "", **more: Any
    ) -> Account:
        made = blank(self._site, next(self._ids), name, kind, self._now_ms, display_name=display)
        return msgspec.structs.replace(made, domain=domain, **more)

    # --- people

    def relations(self) -> list[tuple[str, Account, Relationship]]:
        """Somebody in each relation to the viewer that has a button, with words for it."""
        _ = self._
        known = partial(Relationship, id=self.joon.id)
        return [
            (_("a stranger"), self.joon, known()),
            (_("a stranger who approves followers"), self.locked, known()),
            (_("asked"), self.locked, known(requested=True)),
            (_("followed"), self.joon, known(following=True)),
            (_("blocked"), self.joon, known(blocking=True)),
        ]

    # --- posts

    def note(self, content: str, author: Account | None = None, **more: Any) -> PostView:
        """A post by Joon, or somebody; `more` are fields of the view, then of the post."""
        fields = {name: more.pop(name) for name in list(more) if name in _POST_FIELDS}
        author = author or self.joon
        post = _post(next(self._ids), author, self._now_ms - 20 * MINUTE_MS, content)
        post = msgspec.structs.replace(post, language=self._language, **fields)
        return PostView(post=post, author=author, entry_id=post.id, **more)

    def story(self, **more: Any) -> PostView:
        """A story with a title, a lead and a picture."""
        _ = self._
        told = {
            "kind": "article",
            "title": _("The market by the river opens again on Saturday"),
            "lead": _("Forty stalls, one bridge, and the best rice cakes of the autumn."),
            "tags": json.dumps([_("market"), _("riverside")]),
            "likes": 41,
            "boosts": 12,
            "replies": 8,
            "media": (self.picture(MARKET, _("Two stalls under striped awnings")),),
        }
        return self.note(_STORY.format(*self._paragraphs()), self.mina, **{**told, **more})

    def _paragraphs(self) -> list[str]:
        _ = self._
        return [
            _("For two years the square below the bridge stood empty."),
            _("On Saturday the first carts roll in again, at six in the morning."),
            _("Who sells what"),
            _("Persimmons from the hill, mackerel from the coast, and somebody who grinds knives."),
            _("We did not want a bigger market. We wanted ours back."),
        ]

    def picture(self, file: str, alt: str, **more: Any) -> Media:
        """A drawing of `web/static`, or with `kind` something that is played elsewhere."""
        return _media(next(self._ids), file, alt, self._now_ms, **more)

    def album(self, number: int) -> tuple[Media, ...]:
        """So many pictures."""
        _ = self._
        drawn = (
            (RIVER, _("The river below the bridge")),
            (MARKET, _("Two stalls under striped awnings")),
            (STREET, _("A shop window at night")),
            (RIVER, _("The river, a little later")),
        )
        return tuple(self.picture(file, alt) for file, alt in drawn[:number])

    def notes(self) -> list[tuple[str, PostView]]:
        """A note in each of its states, with words for it."""
        return [*self._plain_notes(), *self._notes_with_pictures(), *self._other_notes()]

    def _plain_notes(self) -> list[tuple[str, PostView]]:
        _, said = self._, self._said()
        edited_ms = self._now_ms - MINUTE_MS
        tag = f'<a href="{NOWHERE}" class="mention hashtag" rel="tag">#{_("market")}</a>'
        long = f"{'banchan' * 12} https://example.org/{'a-long-way/' * 12}"
        received: dict[str, Any] = {"replies": 3, "boosts": 2, "likes": 14}
        return [
            (_("a note"), self.note(f"{said} <p>{tag}</p>", **received)),
            (
                _("liked and shared by the reader"),
                self.note(said, **received, liked=True, boosted=True),
            ),
            (_("shared by somebody"), self.note(said, self.far, booster=self.mina)),
            (_("from a neighbourhood"), self.note(said, booster=self.place)),
            (_("an answer"), self.note(said, reply_to_id=1, reply_to_author=self.mina)),
            (_("for followers"), self.note(said, visibility="followers")),
            (_("for those named"), self.note(said, visibility="direct")),
            (_("secret comment"), self.note(said, visibility="secret")),
            (_("edited and pinned"), self.note(said, edited_ms=edited_ms, pinned_ms=1)),
            (_("a content warning"), self.note(said, warning=_("About food"))),
            (_("words without an end"), self.note(f"<p>{long}</p>")),
            (_("a quote"), self.note(said, quoted=self._quoted(self.story()))),
            (_("a quote of what is gone"), self.note(said, quoted=Quoted(state="deleted"))),
        ]

    def _quoted(self, view: PostView) -> Quoted:
        return Quoted(state="accepted", post_id=view.post.id, view=view)

    def _notes_with_pictures(self) -> list[tuple[str, PostView]]:
        words, said = self._("with %(number)s pictures"), self._said()
        found = [(words % {"number": n}, self.note(said, media=self.album(n))) for n in range(1, 5)]
        covered = self.note(said, sensitive=1, media=self.album(1))
        return [*found, (self._("sensitive pictures"), covered)]

    def _other_notes(self) -> list[tuple[str, PostView]]:
        _, said = self._, self._said()
        options = [[_("Saturday morning"), 12], [_("Sunday evening"), 7]]
        asked = {"options": options, "voters": 19}
        event = {"starts_ms": self._now_ms + 2 * DAY_MS, "location": _("Below the bridge")}
        video = self.picture(
            "",
            _("A walk along the river"),
            kind="video",
            remote_url="https://porto.example/video",
        )
        return [
            (
                _("a poll"),
                self.note(
                    _p(_("When shall we meet?")),
                    kind="question",
                    extra=json.dumps({**asked, "ends_ms": self._now_ms + DAY_MS}),
                ),
            ),
            (
                _("a poll that is over"),
                self.note(
                    _p(_("When shall we meet?")),
                    kind="question",
                    extra=json.dumps({**asked, "ends_ms": self._now_ms - DAY_MS}),
                    own_votes=(0,),
                ),
            ),
            (_("an event"), self.note(_p(_("Bring a cup.")), extra=json.dumps(event))),
            (_("a video on another server"), self.note(said, self.far, media=(video,))),
        ]

    def _said(self) -> str:
        return _p(self._("The first persimmons are here. Come early!"))

    def stories(self) -> list[tuple[str, PostView]]:
        """A story in each of its states, as a list shows it."""
        _ = self._
        return [
            (_("a story"), self.story()),
            (_("without a lead or a picture"), self.story(lead="", media=())),
            (_("a content warning"), self.story(warning=_("About food"))),
        ]

    # --- a thread

    def thread(self) -> Conversation:
        """A thread with a reply at each depth, new ones, and a fold."""
        _ = self._
        said = (
            (self.joon, _("Will the knife grinder come too?")),
            (self.mina, _("Yes, from nine o'clock.")),
            (self.far, _("We have one here in Porto as well. He plays the pan flute.")),
            (self.joon, _("Ours only hums.")),
            (self.locked, _("I shall bring my scissors.")),
        )
        replies = [
            Reply(self.note(f"<p>{words}</p>", who, likes=depth), depth, new=depth in (2, 3))
            for depth, (who, words) in enumerate(said)
        ]
        answered = Answer(self.joon, NOWHERE)
        replies[4] = msgspec.structs.replace(replies[4], answers=answered)
        replies[2] = msgspec.structs.replace(replies[2], next_new=f"#{replies[3].anchor}")
        lost = Reply(self.arrived(), 0, lost=True)
        fold = Fold("fold-sample", NOWHERE, NOWHERE, 12, 4, (self.mina, self.joon), 3, NOWHERE)
        return Conversation(
            view=self.story(),
            above=Above(),
            branches=(Branch(tuple(replies), fold), Branch((lost,))),
            total=18,
            newest_id=0,
            newest_first=False,
            whole=True,
            here=NOWHERE,
            oldest_first_url="",
            newest_first_url="",
            new=5,
            first_new=f"#{replies[2].anchor}",
            first=NOWHERE,
            previous=NOWHERE,
            next=NOWHERE,
            responses=self._responses(),
        )

    def arrived(self) -> PostView:
        """A reply that came just now."""
        return self.note(_p(self._("I agree.")), reply_to_id=1, reply_to_author=self.mina)

    def _responses(self) -> Responses:
        people = (self.far, self.joon, self.locked)
        servers = (Server("", 31), Server("porto.example", 9), Server("a.example", 1))
        return Responses(18, 41, 12, people, people[:1], servers)

    # --- what happened

    def notices(self) -> list[Line]:
        """A notification of each kind, the first ones not read yet."""
        _ = self._
        mine = self.note(self._said(), self.mina)
        answer = self.note(_p(_("Ours only hums.")), reply_to_author=self.mina)
        named = self.note(_p(_("Bring a cup.")), self.far)
        found: list[tuple[str, Account, PostView | None]] = [
            ("follow", self.far, None),
            ("follow_request", self.locked, None),
            ("mention", self.joon, answer),
            ("mention", self.far, named),
            ("favourite", self.joon, mine),
            ("reblog", self.joon, self.story()),
            ("update", self.joon, mine),
            ("poll", self.joon, mine),
            ("status", self.joon, mine),
            ("removed", self.place, mine),
            ("desk.published", self.joon, mine),
            ("answer_revoked", self.joon, mine),
            ("quote_revoked", self.joon, mine),
        ]
        return [
            self._line(self._notice(100 - place, kind, who, place), who, about)
            for place, (kind, who, about) in enumerate(found)
        ]

    def _line(self, notice: Notification, who: Account, about: PostView | None) -> Line:
        """Likes come from several people at once."""
        group = Group(
            key=notice.kind,
            notice=Notice(notice, who),
            people=(who,),
            count=4 if notice.kind == "favourite" else 1,
            top_id=notice.id,
            low_id=notice.id,
            latest_ms=notice.created_ms,
        )
        return Line(group, about)

    def _notice(self, id: int, kind: str, who: Account, hours: int) -> Notification:
        return Notification(
            id=id,
            account_id=self.mina.id,
            kind=kind,
            from_id=who.id,
            post_id=None,
            created_ms=self._now_ms - hours * HOUR_MS - MINUTE_MS,
        )

    def announcement(self) -> Announcement:
        """What the city says to everybody."""
        words, at_ms = _p(self._("Bring a cup.")), self._now_ms
        return Announcement(
            id=1, text=words, content=words, starts_ms=at_ms, published_ms=at_ms, updated_ms=at_ms
        )

    # --- writing

    def text(self) -> Text:
        """A story in progress."""
        told = self.story().post
        return Text(title=told.title, lead=told.lead)


def _p(words: str) -> str:
    return f"<p>{words}</p>"


_STORY: Final = "<p>{0} {1}</p><h2>{2}</h2><p>{3}</p><blockquote><p>{4}</p></blockquote>"
_POST_FIELDS: Final = frozenset(field.name for field in msgspec.structs.fields(Post))


def _member(account: Account) -> Member:
    return Member(
        account_id=account.id,
        email="",
        password="",
        role="member",
        state="active",
        reason="",
        language="",
        default_visibility="public",
        notified_id=0,
        created_ms=0,
    )


def _post(id: int, author: Account, published_ms: int, content: str) -> Post:
    return Post(
        id=id,
        uri=NOWHERE,
        url=NOWHERE,
        author_id=author.id,
        local=1,
        kind="note",
        visibility="public",
        title="",
        lead="",
        content=content,
        source="",
        warning="",
        sensitive=0,
        language="",
        tags="[]",
        emojis="[]",
        extra="{}",
        reply_to_uri=None,
        reply_to_id=None,
        thread_id=id,
        replies=0,
        likes=0,
        boosts=0,
        pinned_ms=None,
        published_ms=published_ms,
        edited_ms=None,
        deleted_ms=None,
        version=1,
    )


def _media(id: int, file: str, alt: str, now_ms: int, **more: Any) -> Media:
    drawn: dict[str, Any] = {
        "kind": "image",
        "media_type": "image/svg+xml",
        "remote_url": "",
        **more,
    }
    return Media(
        id=id,
        account_id=0,
        post_id=None,
        position=0,
        large=file,
        small=file,
        alt=alt,
        width=1200,
        height=800,
        small_width=600,
        small_height=400,
        bytes=0,
        blurhash="",
        focus_x=0.0,
        focus_y=0.0,
        created_ms=now_ms,
        **drawn,
    )
