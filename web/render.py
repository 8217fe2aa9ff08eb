"""HTML out: one Jinja2 environment per language, and the headers that every page carries.

Everything is escaped unless a template says `|html`, which sanitises once more before it trusts.
Times are shown in words with the exact time, in the city's zone, behind them.
"""

import json
import re
import secrets
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import cache, partial
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from aiohttp import web
from babel import Locale
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from server import geojson, text
from server.errors import AppError
from server.model import Account, Community, Media, Post, PostView
from server.services import bylines, notifications, permissions, polls, profile_links
from web import filtering, i18n, meta, packing, pictures, players, times
from web.blur import miniature
from web.kept import Parts
from web.keys import ADDRESSES, BRAND, CONFIG, DB, NOW, PARTS, SITE, SPOKEN, VIEWER, Viewer
from web.own_server import own_handle
from web.pictures import Addresses

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
BUILT: Final = STATIC / "built"  # made by `make install`
THEMES: Final = ("light", "dark")
THEME_COOKIE: Final = "theme"

# The first mark that a User-Agent contains names it; they all contain those of older ones.
BROWSERS: Final = (
    ("SamsungBrowser", "Samsung Internet"),
    ("Whale", "Whale"),
    ("KAKAOTALK", "KakaoTalk"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)

_TAG: Final = re.compile(r'(<[^"<>]*(?:"[^"]*"[^"<>]*)*>)')
_ICON: Final = Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>')
LONG_ADDRESS: Final = 23  # characters of an address that hardly stand on a line of a card
_PARTS: Final = re.compile(r"[@.:]")
_SHORTCODE: Final = re.compile(r":([A-Za-z0-9_]{2,64}):")
_POLICY: Final = (
    "default-src 'none'; style-src 'self' {style}; script-src 'self'; img-src 'self' data:; "
    "media-src 'self'; form-action 'self'{beyond}; base-uri 'none'; frame-ancestors 'none'; "
    "manifest-src 'self'; worker-src 'self'; connect-src 'self'{frames}"
)


async def page(
    request: web.Request,
    template: str,
    *,
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    **context: object,
) -> web.Response:
    """`template` in the person's language, with who they are and what waits for them."""
    viewer = viewer_of(request)
    unread = 0
    if viewer is not None and status < HTTPStatus.INTERNAL_SERVER_ERROR:
        unread = await request.config_dict[DB].read(notifications.unread, viewer.account.id)
    return _answer(request, template, {"unread": unread, **context}, status, headers)


def fragment(request: web.Request, template: str, **context: object) -> web.Response:
    """A part of a page, for a page that is open already; `here` in `context` is that page."""
    response = _answer(request, f"fragments/{template}", context)
    response.headers["Cache-Control"] = "no-store"
    return response


def _answer(
    request: web.Request,
    template: str,
    context: Mapping[str, object],
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """`template` in the person's language; packed if nothing in it is somebody's own."""
    values = {**_common(request), **context}
    written = environment(language_of(request)).get_template(template).render(values)
    written, frames = players.framed(written)
    response = web.Response(text=written, status=status, content_type="text/html", headers=headers)
    guarded(request, response, frames=frames)
    if not (values["viewer"] or values["csrf"] or values["own_handle"]):
        packing.send_packed(request, response)
    return response


def _common(request: web.Request) -> dict[str, object]:
    """What every template may ask for."""
    viewer, language = viewer_of(request), language_of(request)
    return {
        "viewer": viewer,
        "language": language,
        "theme": theme_of(request),
        "site": request.config_dict[SITE],
        "brand": request.config_dict[BRAND],
        "registrations": request.config_dict[CONFIG].registrations.mode,
        "path": request.path,
        "here": request.path_qs,
        "now_ms": request.config_dict[NOW](),
        "once": secrets.token_urlsafe(16),
        "csrf": viewer.csrf if viewer else "",
        "errors": {},
        "document": "",
        "feed": "",  # the address of the Atom feed of what the page shows
        "own_handle": own_handle(request),  # of a visitor who takes part from another server
        "addresses": request.config_dict[ADDRESSES],
        "parts": request.config_dict[PARTS],
        "covering": partial(filtering.covered, request),  # what the viewer's filters say of a post
    }


def guarded(
    request: web.Request,
    response: web.Response,
    *,
    leads_on: bool = False,
    schemes: str = "",
    frames: str = "",
) -> web.Response:
    """`response` with the headers that keep a page from being misused, and from shared caches.

    A form of a page that `leads_on` may end on another server, or where `schemes` (`tusky:`) lead:
    browsers hold `form-action` to where a form is redirected, too. Players may be loaded from
    `frames`.
    """
    secure = request.config_dict[SITE].origin.startswith("https:")
    beyond = "" if not leads_on else " https:" if secure else " https: http:"
    beyond += f" {schemes}" if schemes else ""
    style = request.config_dict[BRAND].style_hash
    response.headers["Content-Security-Policy"] = _POLICY.format(
        beyond=beyond, style=style, frames=f"; frame-src {frames}" if frames else ""
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Accept, Accept-Language, Cookie"
    return response


def viewer_of(request: web.Request) -> Viewer | None:
    """Who is signed in with a session; a token of an app does not open pages."""
    viewer = request.get(VIEWER)
    return viewer if viewer is not None and viewer.scopes is None else None


def language_of(request: web.Request) -> str:
    """The language this person reads."""
    viewer = viewer_of(request)
    wish = request.get(SPOKEN) or (viewer.member.language if viewer else None)
    return i18n.choose(request, request.config_dict[SITE].languages, wish)


def theme_of(request: web.Request) -> str:
    """`light` or `dark` where this person has chosen one; empty follows their device."""
    viewer = viewer_of(request)
    wish = viewer.member.theme if viewer else request.cookies.get(THEME_COOKIE, "")
    return wish if wish in THEMES else ""


@cache
def environment(language: str) -> Environment:
    """The templates with the words of `language`."""
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # else every page asks the disk for the age of every template
    )
    env.filters.update(
        html=html,
        lines=profile_links.lines,
        mine=mine,
        named=named,
        foldable=foldable,
        old_name=bylines.of,
        shortened=text.excerpt,
        opens=text.opens,
        parted=players.parted,
        when=times.when,
        ago=times.ago,
        at_length=times.at_length,
        day=times.day,
        month=times.month,
        today=times.today,
        for_field=times.for_field,
        iso_day=times.iso_day,
        count=count,
        measure=measure,
        loads=json.loads,
        offered=offered,
        browser=browser,
        host=host,
    )
    env.globals.update(i18n.for_templates(language))
    env.globals.update(
        asset=asset,
        beside_text=beside_text,
        icon=icon,
        kept=kept,
        all_of=all_of,
        poll_of=polls.of,
        shareable=permissions.shareable,
        person_url=person_url,
        post_url=post_url,
        face=face,
        banner=banner,
        picture_url=picture_url,
        film_url=film_url,
        film_of=film_of,
        srcset=pictures.srcset,
        blur=blur,
        boundary=boundary,
        language_name=language_name,
        say=say,
        preview=meta.preview,
        card_url=meta.card_url,
        web_address=meta.web_address,
        iso=times.stamp,
        og_locale=meta.og_locale,
    )
    return env


@pass_context
def kept(context: Context, kind: str, *made_of: Hashable, caller: Callable[[], Markup]) -> Markup:
    """`{% call kept(kind, ...) %}`: the part of a page that it wraps, made once.

    The part is the same for every viewer, and `made_of` names every value that it shows.
    """
    parts: Parts = context["parts"]
    return parts.get((kind, context["language"], made_of), caller)


@pass_context
def all_of(context: Context, view: PostView) -> Hashable:
    """All that a part about a post is made of, whoever looks: for `kept`."""
    age = times.ago(context, view.post.published_ms)
    of = view.quoted.view if view.quoted else None
    quoted = of and (times.ago(context, of.post.published_ms), of.post, of.author)
    shown = (view.quoted.state, quoted) if view.quoted else None
    said = (view.post, view.author, view.media, view.preview, shown)
    return (age, *said, view.booster, view.reply_to_author)


@pass_context
def html(context: Context, content: str, emojis: str = "[]") -> Markup:
    """Sanitised HTML, sanitised once more, with its custom emoji as pictures."""
    clean = text.sanitise_story(content, f"{context['site'].origin}/media/")
    return Markup(_with_emojis(context, clean, emojis))  # noqa: S704  sanitised here


@pass_context
def mine(context: Context, content: str, account: Account) -> Markup:
    """A line of somebody's profile as `html`; links of our people say that they are their own."""
    clean = html(context, content, account.emojis)
    return Markup(text.as_me(str(clean))) if account.local else clean  # noqa: S704  sanitised


@pass_context
def named(context: Context, account: Account) -> Markup:
    """What somebody is called, with their custom emoji."""
    name = str(escape(account.shown_name))
    return Markup(_with_emojis(context, name, account.emojis))  # noqa: S704  escaped


def foldable(address: str) -> Markup:
    """`@name@server` escaped; a long one breaks where its parts begin, not within them."""
    shown = str(escape(address))
    if len(address) > LONG_ADDRESS:
        shown = shown[0] + _PARTS.sub(r"<wbr>\g<0>", shown[1:])
    return Markup(shown)  # noqa: S704  escaped


def _with_emojis(context: Context, content: str, emojis: str) -> str:
    if emojis == "[]" or ":" not in content:
        return content
    addresses = _addresses(context)
    drawn = {code: addresses.emoji(url) for code, url in json.loads(emojis)}

    def picture(match: re.Match[str]) -> str:
        url = drawn.get(match[1])
        if not url:
            return match[0]
        return f'<img class="emoji" src="{escape(url)}" alt="{match[0]}" title="{match[0]}">'

    parts = _TAG.split(content)  # every second part is a tag, which stays as it is
    parts[::2] = [_SHORTCODE.sub(picture, part) for part in parts[::2]]
    return "".join(parts)


@pass_context
def count(context: Context, number: int) -> str:
    """A number as people of this language write it."""
    if 0 <= number < 1000:
        return str(number)  # nearly all are; asking Babel costs as much as a whole card
    return format_decimal(number, locale=context["language"])


@pass_context
def measure(context: Context, number: float) -> str:
    """A measured number as the language writes it, no more exact than anybody reads it."""
    shown = round(number, 1) if number >= 10 else round(number, 2)  # noqa: PLR2004
    return format_decimal(shown, locale=context["language"])


def boundary(community: Community) -> geojson.Drawing | None:
    """Its boundary, drawn; None where it has none."""
    return geojson.drawing(community.boundary, community.latitude, community.longitude)


@pass_context
def say(context: Context, error: AppError) -> str:
    """What went wrong, in the person's language."""
    return i18n.say(error, context["language"])


@cache
def language_name(code: str, language: str = "") -> str:
    """A language in its own words, or in those of `language`: "한국어"."""
    try:
        return Locale.parse(code).get_display_name(language or code) or code
    except (ValueError, LookupError):
        return code


def browser(agent: str) -> str:
    """A User-Agent in the words of its owner: "Firefox · Windows"; nothing where none are known."""
    found = (
        next((name for mark, name in marks if mark in agent), "") for marks in (BROWSERS, SYSTEMS)
    )
    return " · ".join(name for name in found if name)


def offered(codes: Iterable[str], language: str) -> list[tuple[str, str]]:
    """Languages to choose from, each with its own name and the one that the reader knows."""
    names = {code: (language_name(code), language_name(code, language)) for code in codes}
    return [(code, " · ".join(dict.fromkeys(pair))) for code, pair in names.items()]


def host(address: str) -> str:
    """The name of the server to which a link leads."""
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:  # no address at all
        return ""


def person_url(account: Account) -> str:
    """Where a person is shown here, ours or a stranger."""
    return f"/@{quote(account.acct, safe='@')}"


def post_url(post: Post, author: Account) -> str:
    """Where a post is shown here, whoever wrote it."""
    return f"{person_url(author)}/{post.id}"


def beside_text(view: PostView) -> list[Media]:
    """The pictures of a post that its text does not show already where it speaks of them."""
    return [one for one in view.media if not one.large or one.large not in view.post.content]


def tag_feed(tag: str) -> str:
    """The Atom feed of a hashtag."""
    return f"/feeds/tags/{quote(tag, safe='')}"


def person_feed(account: Account) -> str:
    """The Atom feed of one of ours; strangers have theirs at home."""
    return f"/feeds{person_url(account)}" if account.local else ""


def replies_feed(view: PostView) -> str:
    """The Atom feed of what answers a post of ours that everybody may read."""
    return f"/feeds{post_url(view.post, view.author)}" if view.post.local and view.post.open else ""


@pass_context
def picture_url(context: Context, media: Media, *, small: bool = False) -> str:
    """Where pages load a picture from, a stranger's too; nothing for what is no picture."""
    return _addresses(context).picture(media, small=small)


@pass_context
def film_url(context: Context, media: Media) -> str:
    """Where pages play a film or a sound from, a stranger's too; nothing for any other."""
    return _addresses(context).film(media)


@pass_context
def film_of(context: Context, view: PostView) -> players.Player | None:
    """The film of another site that a post is, or is about; None where it plays from here."""
    if view.post.kind == "video" and any(film_url(context, media) for media in view.media):
        return None
    return players.beside(view)


@pass_context
def face(context: Context, account: Account) -> str:
    """Somebody's picture, or the one of those who have none."""
    return _addresses(context).face(account) or asset("avatar.svg")


@pass_context
def banner(context: Context, account: Account) -> str:
    """The wide picture above somebody's page; nothing where there is none."""
    return _addresses(context).banner(account)


def blur(media: Media) -> str:
    """What stands in for a picture while it loads, as a `data:` address; nothing without one."""
    return miniature(media.blurhash)


def _addresses(context: Context) -> Addresses:
    found: Addresses = context["addresses"]
    return found


@cache
def asset(name: str) -> str:
    """The address of a file in `web/static`, which changes when its content does."""
    digest = sha256(asset_path(name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def asset_path(name: str) -> Path:
    """Where a file is: what was built, or what lies there as it is."""
    built = BUILT / name
    return built if built.is_file() else STATIC / name


@cache
def icon(name: str) -> Markup:
    """An icon of `web/static/build.js`; those who listen hear the words beside it instead."""
    return _ICON.format(asset("icons.svg"), name)
