"""The catalogues against the code, and the choice of a language."""

import io
import re

import pytest
from aiohttp.test_utils import make_mocked_request
from babel.messages.pofile import read_po

from server.config import ConfigError
from server.errors import Invalid
from web import i18n

HOLES = re.compile(r"%\((\w+)\)s")
OTHERS = [code for code in i18n.available() if code != i18n.SOURCE_LANGUAGE]


def catalogue(language):
    with (i18n.FOLDER / language / "LC_MESSAGES" / "madang.po").open("rb") as file:
        return [message for message in read_po(file, locale=language) if message.id]


def forms(text):
    return list(text) if isinstance(text, tuple) else [text]


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_holds_exactly_what_code_and_templates_say(language):
    needed = {message.id for message in i18n.extract() if message.id}
    held = {message.id for message in catalogue(language)}
    assert needed - held == set(), "run `python -m web.i18n update` and translate"
    assert held - needed == set(), "run `python -m web.i18n update`"


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_left_untranslated_or_guessed(language):
    for message in catalogue(language):
        assert all(forms(message.string)), message.id
        assert not message.fuzzy, message.id


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_holes_of_its_sentence(language):
    for message in catalogue(language):
        for translated in forms(message.string):
            expected = set(HOLES.findall(forms(message.id)[-1]))
            assert set(HOLES.findall(translated)) == expected, message.id


UNITS = {"%(size)s MB"}  # written alike


def test_korean_is_not_english_left_in_place():
    hangul = re.compile(r"[가-힣]")
    for message in catalogue("ko"):
        assert message.id in UNITS or all(hangul.search(text) for text in forms(message.string)), (
            message.id
        )


def test_sentences_of_errors_are_found_written_named_or_in_a_table():
    source = b"""
_BUSY = "Busy."
_TABLE: Final = {"a": "First.", "b": "Second."}
def f():
    raise errors.TooMany(_BUSY)
    raise Invalid("Do %(this)s." , this=1)
    raise NotFound(_TABLE.get(x, _BUSY))
    raise ValueError("not for people")
"""
    found = {text for _, _, text, _ in i18n.extract_errors(io.BytesIO(source), (), (), {})}
    assert found == {"Busy.", "Do %(this)s.", "First.", "Second."}


def test_an_error_speaks_the_persons_language():
    error = Invalid("The title is too long: at most %(most)s characters.", most=200)
    assert i18n.say(error, "en") == "The title is too long: at most 200 characters."
    assert "200자" in i18n.say(error, "ko")
    assert i18n.say(error, "xx") == str(error)


def test_a_checkout_without_compiled_catalogues_speaks_korean(tmp_path, monkeypatch):
    folder = tmp_path / "ko" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source = i18n.FOLDER / "ko" / "LC_MESSAGES" / "madang.po"
    (folder / "madang.po").write_bytes(source.read_bytes())
    monkeypatch.setattr(i18n, "FOLDER", tmp_path)
    i18n.translations.cache_clear()
    assert i18n.translations("ko").gettext("Search") == "검색"
    i18n.compile_all()
    i18n.translations.cache_clear()
    assert (folder / "madang.mo").exists()
    assert i18n.translations("ko").gettext("Search") == "검색"
    i18n.translations.cache_clear()


def test_updating_an_up_to_date_catalogue_changes_nothing(tmp_path, monkeypatch):
    folder = tmp_path / "ko" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    before = (i18n.FOLDER / "ko" / "LC_MESSAGES" / "madang.po").read_bytes()
    (folder / "madang.po").write_bytes(before)
    monkeypatch.setattr(i18n, "FOLDER", tmp_path)
    i18n.available.cache_clear()
    i18n.update()
    i18n.available.cache_clear()
    assert (folder / "madang.po").read_bytes() == before


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        ("en-GB,en;q=0.9", "en"),
        ("fr, en;q=0.5, ko;q=0.7", "ko"),
        ("ko;q=0, en;q=0.1", "en"),
        ("de", None),
        ("", None),
        ("ko;q=abc", None),
        (",;,;q=1;;" * 1000, None),
    ],
)
def test_the_browsers_wish_is_understood(header, chosen):
    assert i18n.negotiate(header, ("ko", "en")) == chosen


@pytest.mark.parametrize(
    ("member", "cookie", "header", "chosen"),
    [
        ("en", "ko", "ko", "en"),
        ("", "en", "ko", "en"),
        (None, "", "en", "en"),
        (None, "xx", "fr", "ko"),
        ("fr", "fr", "", "ko"),
    ],
)
def test_the_member_then_the_cookie_then_the_browser_choose(member, cookie, header, chosen):
    request = make_mocked_request(
        "GET", "/", headers={"Accept-Language": header, "Cookie": f"lang={cookie}"}
    )
    assert i18n.choose(request, ("ko", "en"), member) == chosen


def test_the_command_knows_its_three_words(capsysbinary):
    assert i18n.main(["extract"]) == 0
    assert b'msgid "Search"' in capsysbinary.readouterr().out
    assert i18n.main([]) == 2
    assert i18n.main(["publish"]) == 2


def test_a_language_without_a_catalogue_is_refused_by_name_and_one_with_is_not():
    i18n.require(i18n.available())
    with pytest.raises(ConfigError, match=r'instance\.languages: "tlh" is not translated'):
        i18n.require(("ko", "tlh"))


def test_adding_a_language_is_adding_a_catalogue(tmp_path, monkeypatch):
    """A folder with a catalogue is all that it takes to read the pages in another language."""
    folder = tmp_path / "vi" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "madang.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
        'msgid "Write"\nmsgstr "Viết"\n',
        "utf-8",
    )
    monkeypatch.setattr(i18n, "FOLDER", tmp_path)
    i18n.available.cache_clear()
    i18n.translations.cache_clear()
    try:
        i18n.require(("en", "vi"))
        assert i18n.translations("vi").gettext("Write") == "Viết"
        assert i18n.negotiate("vi-VN, en;q=0.5", ("en", "vi")) == "vi"
    finally:
        monkeypatch.undo()
        i18n.available.cache_clear()
        i18n.translations.cache_clear()


def test_scripts_bring_no_words_of_their_own():
    """What scripts say comes from the page, in the reader's language."""
    said = re.compile(
        r"(?:textContent|innerText|placeholder|title|ariaLabel)\s*=\s*[\"'`][^\"'`$]*\w"
    )
    spoken = re.compile(r"setAttribute\(\"(?:aria-label|title|alt)\",\s*[\"'`]\w")
    for script in (i18n.ROOT / "web" / "static" / "js").rglob("*.js"):
        text = script.read_text("utf-8")
        found = [*said.findall(text), *spoken.findall(text), *re.findall("[가-힣]+", text)]
        found = [one for one in found if "lose: " not in one]  # a comment's example
        assert [one for one in found if one not in ("닫기",)] == [], script
