"""The rules that people read: the city's own, or those that every Madang begins with."""

from typing import Final

from server.services import rules
from server.services.rules import Rule
from server.store.db import Read
from web.i18n import N_, translations

GIVEN: Final = (
    N_(
        "Speak as you would to a neighbour. Criticism is welcome here, also when it is harsh;"
        " threats, hatred and the shaming of people are not."
    ),
    N_(
        "Do not publish what belongs to others: their addresses, their pictures, their private"
        " words."
    ),
    N_("No advertising in bulk, and no pretending to be somebody else."),
    N_("What moderators do has a reason that you may know, and you may object to it."),
)


def in_force(db: Read, language: str) -> list[Rule]:
    """By which rules people meet here; those of the house in the reader's language."""
    said = translations(language).gettext
    return rules.all(db) or [Rule(n, said(rule)) for n, rule in enumerate(GIVEN, start=1)]


def in_languages(db: Read, languages: tuple[str, ...]) -> dict[str, list[Rule]]:
    """The rules of every Madang in each language; nothing where the city has its own."""
    if rules.all(db):
        return {}
    return {language: in_force(db, language) for language in languages}
