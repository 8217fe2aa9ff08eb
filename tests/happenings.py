"""What fills the pages that one person alone sees: what they keep, await, shut out, are told."""

import json
from typing import Final

import msgspec

from server.clock import DAY_MS, HOUR_MS
from server.ids import new_id
from server.model import Account, Media, Post, Site
from server.services import (
    apps,
    bookmarks,
    domain_mutes,
    filters,
    follows,
    moderation,
    new_reports,
    notification_policy,
    posts,
    rules,
    scheduled,
)
from server.services.deeds import Moderator
from server.services.moderation import Decision
from server.services.new_posts import NewPost
from server.services.new_reports import NewReport
from server.services.polls import NewPoll
from server.store import media as media_rows
from server.store import scheduled as scheduled_rows
from server.store.db import Write
from server.store.filters import Filter
from server.store.paging import Page
from web.house_rules import GIVEN

APP_SCOPES: Final = "read write follow push"
APPS: Final = (
    ("Phanpy", "https://phanpy.social", "https://phanpy.social/"),
    ("Tusky", "https://tusky.app", "oauth2redirect://com.keylesspalace.tusky/"),
)
PAPER: Final = (
    "우리 마당은 광고를 싣지 않고, 여러분이 적은 것을 아무에게도 팔지 않습니다.\n\n"
    "## 무엇을 적어 두나요\n\n* 계정 이름과 전자우편 주소\n* 마지막으로 들어온 때와 기기\n\n"
    "## 얼마나 두나요\n\n| 무엇 | 얼마 동안 |\n|---|---|\n| 접속 기록 | 30일 |\n"
    "| 글 | 지울 때까지 |"
)


class Cast(msgspec.Struct, frozen=True):
    """Who is in it. The member follows the friend, and does not follow the stranger."""

    member: Account
    friend: Account
    stranger: Account
    moderator: Account


class Happened(msgspec.Struct, frozen=True):
    """Where there is something to see: ids of the member's own, and of a post of the stranger's."""

    filter_id: int
    warning_ids: tuple[int, ...]
    post_id: int


def happen(tx: Write, site: Site, cast: Cast, kept: tuple[int, ...], now_ms: int) -> Happened:
    """Everything. `kept`: ids of posts that the member saves."""
    before_ms = now_ms - 2 * DAY_MS  # it is not what notifications begin with
    for id in kept:
        bookmarks.save(tx, site, cast.member, id, now_ms)
    _talk(tx, site, cast, before_ms)
    post = _speak_unasked(tx, site, cast, before_ms)
    _shut_out(tx, site, cast.member, now_ms)
    _wait(tx, cast.member, now_ms)
    warning_ids = _judge(tx, site, cast, post, now_ms)
    for kind in rules.KINDS:
        rules.publish(tx, kind, PAPER, before_ms, before_ms)
    return Happened(_filter(tx, cast.member, post, now_ms), warning_ids, post.id)


def let_in(tx: Write, member: Account, now_ms: int) -> None:
    """Apps of theirs."""
    for name, home, redirect in APPS:
        new = apps.Registration(name=name, redirects=(redirect,), scopes=APP_SCOPES, website=home)
        app, _ = apps.register(tx, new, now_ms - 4 * DAY_MS)
        apps.issue(tx, app, APP_SCOPES, now_ms - 4 * DAY_MS, account_id=member.id)


def _talk(tx: Write, site: Site, cast: Cast, now_ms: int) -> None:
    """Two conversations: one that the member began, and one that is unread."""
    all_three = f"@{cast.friend.name} @{cast.moderator.name} 이번 주 토요일 회의는 몇 시인가요?"
    to_member = f"@{cast.member.name} 사진 고마워요. 다음 호 첫머리에 실어도 될까요?"
    for author, words, at_ms in (
        (cast.member, all_three, now_ms - HOUR_MS),
        (cast.friend, to_member, now_ms),
    ):
        posts.write(tx, site, author, NewPost(content=words, visibility="direct"), at_ms)


def _speak_unasked(tx: Write, site: Site, cast: Cast, now_ms: int) -> Post:
    """Somebody whom the member does not follow speaks to them, which is kept aside."""
    follows.unfollow(tx, site, cast.member, cast.stranger.id, now_ms)
    strict = notification_policy.Changes(for_not_following="filter")
    notification_policy.change(tx, cast.member.id, strict)
    said = NewPost(
        content=f"@{cast.member.name} 김장 배추 한 포기 삼천 원! 오늘만 이 값입니다.",
        visibility="unlisted",
    )
    post = posts.write(tx, site, cast.stranger, said, now_ms)
    mild = notification_policy.Changes(for_not_following="accept", for_bots="drop")
    notification_policy.change(tx, cast.member.id, mild)
    return post


def _shut_out(tx: Write, site: Site, member: Account, now_ms: int) -> None:
    for domain in ("loud.example", "advertisements.of.a.very-long-name.example"):
        domain_mutes.shut_out(tx, site, member, domain, now_ms)


def _filter(tx: Write, member: Account, post: Post, now_ms: int) -> int:
    """Two filters, one of which ends; the id of the first."""
    lasting = Filter(id=0, account_id=member.id, title="드라마 결말", contexts="home public thread")
    ending = Filter(
        id=0,
        account_id=member.id,
        title="선거",
        contexts="home notifications public thread account",
        action="hide",
        expires_ms=now_ms + 30 * DAY_MS,
    )
    words = [filters.Change(keyword=word) for word in ("마지막 회", "범인은", "결말")]
    made = filters.make(tx, lasting, words, now_ms)
    filters.add_post(tx, member.id, made.id, post.id, now_ms)
    filters.make(tx, ending, [filters.Change(keyword="출구조사", whole_word=True)], now_ms)
    return made.id


def _wait(tx: Write, member: Account, now_ms: int) -> None:
    """A story with a picture, a note with a poll, and one that could not be published."""
    pictured = NewPost(
        title="첫눈 오는 날의 골목 사진전",
        content="사진관 앞에서 만나요. 찍어 온 사진을 함께 벽에 겁니다.",
        media_ids=(_picture(tx, member, now_ms),),
    )
    poll = NewPoll(options=("토요일 오전", "토요일 오후", "일요일"), lasts_s=3 * 86_400)
    asking = NewPost(content="다음 골목 청소는 언제가 좋을까요?", poll=poll)
    late = NewPost(content="어제 저녁에 나갔어야 할 소식입니다.")
    for hours, new in ((20, pictured), (44, asking), (5, late)):
        made = scheduled.schedule(tx, member, new, now_ms + hours * HOUR_MS, now_ms=now_ms)
    why = {"message": "Something went wrong here. Please look at it and try again.", "values": {}}
    scheduled_rows.fail(tx, made.id, json.dumps(why))


def _picture(tx: Write, member: Account, now_ms: int) -> int:
    """A picture that hangs on no post yet."""
    picture = Media(
        id=new_id(now_ms),
        account_id=member.id,
        post_id=None,
        position=0,
        kind="image",
        media_type="image/webp",
        large="",
        small="",
        remote_url="",
        alt="골목에 걸린 사진",
        width=0,
        height=0,
        small_width=0,
        small_height=0,
        bytes=0,
        blurhash="",
        focus_x=0.0,
        focus_y=0.0,
        created_ms=now_ms,
    )
    media_rows.insert(tx, picture)
    return picture.id


def _judge(tx: Write, site: Site, cast: Cast, post: Post, now_ms: int) -> tuple[int, ...]:
    """A report that waits, an appeal that waits, and what the member was told."""
    by = Moderator(cast.moderator, "admin")
    covered = Decision(action="sensitive", text="전단 사진이 너무 많습니다.")
    moderation.decide(tx, site, by, cast.stranger.id, covered, now_ms - DAY_MS)
    (told,) = moderation.strikes_of(tx, cast.stranger.id, Page())
    moderation.appeal(tx, cast.stranger.id, told.id, "제 가게 사진이지 전단이 아닙니다.")
    report = NewReport(
        target_id=cast.stranger.id,
        post_ids=(post.id,),
        comment="골목마다 같은 광고를 붙입니다. 벌써 네 번째예요.",
        category="violation",
        rule_ids=(3,),
        rules=frozenset(range(1, len(GIVEN) + 1)),
    )
    new_reports.file(tx, site, cast.friend, report, now_ms - HOUR_MS)
    for days, text in ((3, "이웃의 전화번호가 글에 그대로 있어 가렸습니다."), (2, "")):
        warned = Decision(action="none", text=text)
        moderation.decide(tx, site, by, cast.member.id, warned, now_ms - days * DAY_MS)
    told_first = moderation.strikes_of(tx, cast.member.id, Page())
    moderation.appeal(tx, cast.member.id, told_first[-1].id, "제 가게 전화번호입니다.")
    return tuple(one.id for one in told_first)
