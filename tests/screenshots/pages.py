"""Which pages are photographed, and as whom."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from server.store.db import Row
from tests.screenshots import city
from tests.screenshots.city import ADMIN, MEMBER

VISITOR: Final = ""


class Page(msgspec.Struct, frozen=True):
    """A page: `who` looks at it, a visitor where that is empty.

    With `form` it is what answers when the form at `path` is sent there, with the fields of `sent`;
    `{language}` in them makes them others for each language.
    """

    name: str
    path: str
    who: str = VISITOR
    form: str = ""
    sent: Mapping[str, str] = {}

    @property
    def as_whom(self) -> str:
        """In the names of files."""
        return {VISITOR: "visitor", MEMBER: "member", ADMIN: "admin"}[self.who]


STORIES: Final = """
SELECT post.id, name, count(media.id) AS pictures, replies FROM post
JOIN account ON account.id = author_id LEFT JOIN media ON media.post_id = post.id
WHERE post.kind = 'article' AND post.local = 1 GROUP BY post.id, name, replies
"""
PARTS: Final = """
SELECT post_id AS id, name FROM blog_story JOIN post ON post.id = post_id
JOIN account ON account.id = author_id WHERE part = 2 ORDER BY post_id
"""
NOTES: Final = """
SELECT post.id, name FROM post JOIN account ON account.id = author_id
JOIN media ON media.post_id = post.id WHERE post.kind = 'note' ORDER BY replies DESC, post.id
"""
ASKING: Final = "SELECT client_id, redirect_uris, scopes FROM app WHERE name = 'Tusky'"
REVISED: Final = "SELECT id FROM post WHERE edited_ms IS NOT NULL"
ALONE: Final = f"""
SELECT filter.id AS filter, post.id AS post, post.author_id AS stranger,
    (SELECT max(id) FROM warning WHERE account_id = member.id) AS warning,
    (SELECT min(id) FROM warning WHERE account_id = member.id) AS appealed
FROM account member JOIN filter ON filter.account_id = member.id
JOIN filter_status fs ON filter_id = filter.id JOIN post ON post.id = post_id
WHERE member.name = '{MEMBER}'
"""  # noqa: S608
QUESTION: Final = "김장"


async def all_pages(app: web.Application) -> list[Page]:
    """Every page of a city whose new members are approved."""
    stories = [
        (f"/@{row['name']}/{row['id']}", row["pictures"], row["replies"])
        for row in await city.rows(app, STORIES)
    ]
    pictured = max(stories, key=lambda one: (one[1], one[2]))[0]
    thread = max(stories, key=lambda one: one[2])[0]
    note = (await city.rows(app, NOTES))[0]
    revised = (await city.rows(app, REVISED))[0]["id"]
    own = f"/@{MEMBER}/{revised}"
    app_asks = _asked_by((await city.rows(app, ASKING))[0])
    both = (
        ("front", "/"),
        ("stories", "/stories"),
        ("local", "/local"),
        ("federated", "/federated"),
        ("neighbourhoods", "/neighbourhoods"),
        ("neighbourhood", "/@neutigol"),
        ("blog", "/@hannae_project"),
        ("blog-category", "/c/hannae_project/categories/소소한-일상"),
        ("blog-series", "/c/hannae_project/series/철마다-김장"),
        ("blog-archive", "/c/hannae_project/archive"),
        ("blog-cohorts", "/c/hannae_project/cohorts"),
        ("blog-cohort", "/c/hannae_project/cohorts/2"),
        ("blog-story", await _part(app)),
        ("story", pictured),
        ("thread", thread),
        ("note", f"/@{note['name']}/{note['id']}"),
        ("person", "/@sunja"),
        ("about", "/about"),
        ("app-how", "/apps"),
        ("search", f"/search?q={QUESTION}"),
        ("search-stories", "/search?q=김장&show=story&since=2026-01-01&has=media"),
        ("search-people", "/search?q=a&show=people"),
    )
    return [
        *(Page(name, path, who) for name, path in both for who in (VISITOR, MEMBER)),
        *_for_visitors(own),
        *_for_members(own, revised, thread),
        Page("app-asks", app_asks, MEMBER),
        Page("app-asks-first", app_asks),
        Page("app-access", "/settings/apps", MEMBER),
        *await _of_what_they_see_alone(app),
        *await _of_the_desk(app),
        *_for_moderators(),
        *_last_words(),
    ]


async def _part(app: web.Application) -> str:
    """A story of the team blog with parts before and after, and others of its category."""
    row = (await city.rows(app, PARTS))[0]
    return f"/@{row['name']}/{row['id']}"


async def _of_the_desk(app: web.Application) -> list[Page]:
    """What the editor of the team blog sees."""
    offered = (await city.rows(app, "SELECT min(id) AS id FROM blog_submission"))[0]["id"]
    own = (
        ("blog-desk", "/c/hannae_project/desk"),
        ("blog-submission", f"/desk/{offered}"),
        ("blog-edited-cohort", "/c/hannae_project/cohorts/2"),
    )
    return [
        *(Page(name, path, ADMIN) for name, path in own),
        Page("blog-write", "/write?in=hannae_project", MEMBER),
        Page("my-desk", "/desk", MEMBER),
    ]


def _asked_by(app: Row) -> str:
    """Where an app sends people."""
    wish = {"response_type": "code", "client_id": app["client_id"], "scope": app["scopes"]}
    return f"/oauth/authorize?{urlencode({**wish, 'redirect_uri': app['redirect_uris']})}"


def _for_visitors(story: str) -> list[Page]:
    return [
        Page("tag", "/tags/느티골"),
        Page("person-with-header", f"/@{MEMBER}"),
        Page("person-replies", f"/@{MEMBER}?show=replies"),
        Page("person-pictures", f"/@{MEMBER}?show=pictures"),
        Page("followers", f"/@{MEMBER}/followers"),
        Page("following", f"/@{MEMBER}/following"),
        Page("likes", f"{story}/likes"),
        Page("boosts", f"{story}/boosts"),
        Page("history", f"{story}/history"),
        Page("nothing-found", "/search?q=펭귄"),
        Page("search-empty", "/search"),
        Page("search-refused", "/search?q=김장+before:soon&from=nobody-at-all"),
        Page("sign-in", "/sign-in"),
        Page("sign-in-first", "/sign-in?next=/write"),
        Page("sign-up", "/sign-up"),
        Page("take-part", f"/take-part?do=follow&of=http://{city.NAME}/@{MEMBER}"),
        Page("offline", "/offline"),
        Page("farewell", "/farewell"),
        Page("error-404", "/nobody"),
        Page("styleguide", "/styleguide"),
    ]


def _for_members(story: str, id: int, thread: str) -> list[Page]:
    answered = thread.rpartition("/")[2]
    own = (
        ("own-page", f"/@{MEMBER}"),
        ("own-story", story),
        ("home", "/home"),
        ("notifications", "/notifications"),
        ("write-story", "/write"),
        ("write-note", "/write?kind=note"),
        ("write-reply", f"/write?reply_to={answered}"),
        ("edit", f"/edit/{id}"),
        ("drafts", "/drafts"),
        ("settings", "/settings"),
        ("requests-none", "/requests"),
        ("muted", "/muted"),
        ("blocked", "/blocked"),
        ("delete", f"/posts/{id}/delete"),
        ("leave", "/settings/leave"),
    )
    unwritten = {"kind": "story", "title": "", "content": "", "visibility": "public"}
    return [
        *(Page(name, path, MEMBER) for name, path in own),
        Page("write-error", "/write", MEMBER, "/write", {**unwritten, "do": "publish"}),
        Page(
            "write-preview",
            "/write",
            MEMBER,
            "/write",
            {**unwritten, **PREVIEWED, "do": "preview"},
        ),
    ]


async def _of_what_they_see_alone(app: web.Application) -> list[Page]:
    found = (await city.rows(app, ALONE))[0]
    own = (
        ("bookmarks", "/bookmarks"),
        ("messages", "/messages"),
        ("kept-aside", "/notifications/requests"),
        ("from-whom", "/notifications/policy"),
        ("filters", "/settings/filters"),
        ("filter", f"/settings/filters/{found['filter']}"),
        ("scheduled", "/scheduled"),
        ("blocked-servers", "/blocked/servers"),
        ("report", f"/report?post={found['post']}"),
        ("report-sent", "/report/sent"),
        ("warnings", "/warnings"),
        ("warning", f"/warnings/{found['warning']}"),
        ("warning-appealed", f"/warnings/{found['appealed']}"),
    )
    return [
        *(Page(name, path, MEMBER) for name, path in own),
        Page("person-known", f"/moderation/{found['stranger']}", ADMIN),
        Page("developers", "/developers"),
        Page("paper", "/about/privacy-policy"),
    ]


PREVIEWED: Final = {
    "title": "우물터 가로등이 다시 켜지던 밤",
    "lead": "석 달 만에 골목이 환해졌습니다.",
    "content": "## 저녁 여섯 시\n\n불이 켜지자 **모두** 나왔습니다.\n\n> 밤길이 무섭지 않아요.",
}


def _for_moderators() -> list[Page]:
    return [
        Page("requests", "/requests", ADMIN),
        Page("pending", "/pending", ADMIN),
        Page("reports", "/reports", ADMIN),
        Page("closed-reports", "/reports?state=closed", ADMIN),
        Page("appeals", "/appeals", ADMIN),
    ]


def _last_words() -> list[Page]:
    """What changes the city comes last."""
    joining = {
        "name": "mirae_{language}",
        "display_name": "오미래",
        "email": "{language}@mail.example",
        "password": "seven quiet lanterns",
        "reason": "나루터에 삽니다.",
    }
    return [
        Page("sign-up-error", "/sign-up", VISITOR, "/sign-up", {**joining, "email": "mirae"}),
        Page("signed-up", "/sign-up", VISITOR, "/sign-up", joining),
    ]


def by_invitation() -> list[Page]:
    """What is different in a city that people come to by invitation."""
    return [
        Page("invitations", "/invitations", MEMBER),
        Page("sign-up-by-invitation", "/sign-up"),
    ]
