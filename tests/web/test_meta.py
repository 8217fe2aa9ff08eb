"""What a link to us tells other places, and never more than a visitor may see."""

from html.parser import HTMLParser

import msgspec
import pytest

from server.config import Instance
from server.model import Media
from tests.web.test_render import SITE, a_post, an_account, shown
from web import brand, meta, times

BRAND = brand.load(Instance())


class Head(HTMLParser):
    """The tags of a head by name; `twice` are those that may stand there only once."""

    def __init__(self, text):
        super().__init__()
        self.found, self.twice = {}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        name = given.get("property") or given.get("name") or given.get("rel")
        if name in self.found and name != "theme-color":
            self.twice.append(name)
        self.found[name] = given.get("content") or given.get("href")


def head(call, language="ko", path="/x", here=None, **context):
    source = f'{{% import "components/meta.html" as meta with context %}}{{{{ meta.{call} }}}}'
    values = {"brand": BRAND, "theme": "", "path": path, "here": here or path, **context}
    made = Head(shown(source, language, **values))
    assert made.twice == []
    return made.found


def a_media(**changes):
    blank = {f.name: "" if f.type is str else 0 for f in msgspec.structs.fields(Media)}
    given = {"kind": "image", "large": "ab.jpg", "alt": "담벼락", "width": 2048, "height": 1536}
    return Media(**{**blank, **given, **changes})


def a_view(*media, **post):
    author = an_account(display_name='Mi"na')
    given = {"title": "벽화 골목", "content": "<p>우리가 <b>함께</b> 그린</p>", "local": 1}
    made = a_post(7, author, **{**given, "version": 3, "published_ms": 1_767_193_200_000, **post})
    return msgspec.structs.replace(made, media=media)


def test_a_story_with_a_picture_shows_it():
    found = head("post(view)", view=a_view(a_media()))
    assert found["og:type"] == "article"
    assert found["og:title"] == "벽화 골목"
    assert found["description"] == found["og:description"] == "우리가 함께 그린"
    assert found["og:url"] == found["canonical"] == "https://gm.example/@mira/7"
    assert found["og:image"] == "https://gm.example/media/ab.jpg"
    assert (found["og:image:width"], found["og:image:height"]) == ("2048", "1536")
    assert found["og:image:alt"] == "담벼락"
    assert found["twitter:card"] == "summary_large_image"
    assert found["og:site_name"] == "광명마당"
    assert found["og:locale"] == "ko_KR"
    assert found["author"] == 'Mi"na'
    assert found["article:author"] == "https://gm.example/@mira"
    assert found["article:published_time"] == "2025-12-31T15:00:00Z"
    assert "article:modified_time" not in found
    assert found["fediverse:creator"] == "@mira@gm.example"


@pytest.mark.parametrize(
    "view",
    [
        a_view(),
        a_view(a_media(width=200)),
        a_view(a_media(height=200)),
        a_view(a_media(kind="video")),
        a_view(a_media(large="", remote_url="https://far.example/p.jpg")),
        a_view(a_media(), sensitive=1),
    ],
)
def test_without_a_picture_that_may_stand_there_a_card_is_drawn(view):
    found = head("post(view)", view=view)
    assert found["og:image"] == "https://gm.example/cards/7-3.png"
    assert (found["og:image:width"], found["og:image:height"]) == ("1200", "630")
    assert found["og:image:alt"] == "벽화 골목"


def test_a_warning_covers_words_and_pictures_elsewhere_too():
    found = head(
        "post(view)", view=a_view(a_media(), warning="결말이 있어요", lead="<p>범인은</p>")
    )
    assert found["description"] == found["og:image:alt"] == "결말이 있어요"
    assert "/cards/" in found["og:image"]
    assert not any("범인" in value or "함께" in value for value in found.values())


@pytest.mark.parametrize("visibility", ["followers", "direct"])
def test_what_is_not_for_everybody_is_not_told(visibility):
    assert head("post(view)", view=a_view(visibility=visibility)) == {}


def test_a_post_without_a_title_is_named_by_its_author_and_its_edit_by_its_time():
    view = a_view(title="", edited_ms=1_767_193_260_000, language="en")
    found = head("post(view)", "en", view=view)
    assert found["og:title"] == 'Post by Mi"na'
    assert found["article:modified_time"] == "2025-12-31T15:01:00Z"
    assert found["og:locale"] == "en_US"


@pytest.mark.parametrize(
    ("url", "uri", "canonical"),
    [
        ("https://far.example/@joon/1", "https://far.example/o/1", "https://far.example/@joon/1"),
        ("javascript:alert(1)", "https://far.example/o/1", "https://far.example/o/1"),
        ("", "x:y", "https://gm.example/@mira/7"),
    ],
)
def test_what_somebody_wrote_elsewhere_belongs_there(url, uri, canonical):
    found = head("post(view)", view=a_view(local=0, url=url, uri=uri))
    assert found["canonical"] == found["og:url"] == canonical


@pytest.mark.parametrize("ms", [-(2**62), 0, 2**62])
def test_a_stranger_may_claim_any_time(ms):
    assert times.stamp(ms).endswith("Z")


def test_a_person_is_a_profile_with_a_face():
    found = head("person(who)", who=an_account(bio="<p>벽화를 그려요</p>", avatar="/media/a.png"))
    assert found["og:type"] == "profile"
    assert found["og:title"] == "mira (@mira@gm.example)"
    assert found["description"] == "벽화를 그려요"
    assert found["profile:username"] == "mira"
    assert found["og:image"] == "https://gm.example/media/a.png"
    assert found["twitter:card"] == "summary"
    bare = head("person(who)", who=an_account())
    assert bare["og:image"].startswith("https://gm.example/static/avatar.png")
    far = an_account(
        domain="far.example", url="https://far.example/@mira", avatar="https://far.example/a.png"
    )
    found = head("person(who)", who=far)
    assert found["canonical"] == "https://far.example/@mira"
    assert found["og:image"] == "https://far.example/a.png"


def test_any_other_page_has_the_card_of_the_city():
    site = msgspec.structs.replace(SITE, description="우리 동네 이야기")
    found = head("plain(' 이야기 ')", path="/stories", site=site)
    assert found["og:type"] == "website"
    assert found["og:title"] == "이야기"
    assert found["description"] == "우리 동네 이야기"
    assert found["canonical"] == found["og:url"] == "https://gm.example/stories"
    assert found["og:image"] == "https://gm.example/cards/site.png"
    window = head("plain('x')", path="/stories", here="/stories?max_id=5")
    assert "canonical" not in window


def test_the_head_of_every_page_names_the_app():
    found = head("app()", "en")
    assert found["manifest"] == "/manifest.webmanifest?lang=en"
    assert found["icon"].startswith("/icons/mark.svg?v=")
    assert found["apple-touch-icon"].startswith("/icons/180.png?v=")
    source = '{% import "components/meta.html" as meta with context %}{{ meta.app() }}'
    made = shown(source, brand=BRAND, theme="")
    style = made.partition('<style id="palette">')[2].partition("</style>")[0]
    assert style == BRAND.style and '"dark"' in style  # as it is: the policy knows its hash


@pytest.mark.parametrize(("theme", "colours"), [("", 2), ("light", 1), ("dark", 1)])
def test_the_colour_of_the_browser_follows_the_choice_of_its_reader(theme, colours):
    source = '{% import "components/meta.html" as meta with context %}{{ meta.app() }}'
    made = shown(source, brand=BRAND, theme=theme)
    assert made.count('name="theme-color"') == colours
    assert ("prefers-color-scheme: light)" in made.partition("</style>")[2]) == (theme == "")


@pytest.mark.parametrize(
    ("codes", "locale"),
    [
        (("ko", "en"), "ko_KR"),
        (("", "en"), "en_US"),
        (("pt-BR",), "pt_BR"),
        (("xx-nonsense", "ko"), "ko_KR"),
        (("", ""), ""),
    ],
)
def test_a_locale_is_a_language_with_its_country(codes, locale):
    assert meta.og_locale(*codes) == locale
