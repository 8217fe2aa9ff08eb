"""What a book looks like beside its stories: its own words in its language, and its cover."""

from functools import partial

from server.binding.epub_pages import Labels
from server.model import Community, Site
from server.store.books import Book
from server.worker.bookbinding import Dress
from web import i18n, times
from web.cards import drawing
from web.cards.drawing import Card
from web.i18n import N_


def dress(site: Site, book: Book, home: Community) -> Dress:
    """The words, the days and the cover of a book. Slow: it draws."""
    return Dress(
        labels(book.language),
        partial(_day, site.timezone, book.language),
        drawing.cover(card(site, book, home)),
    )


def card(site: Site, book: Book, home: Community) -> Card:
    """What stands on the cover of a book."""
    return Card(accent=site.accent, place=home.title, words=book.title, by=site.name, seed=book.id)


def labels(language: str) -> Labels:
    """A book's own words."""
    say = i18n.translations(language).gettext
    return Labels(
        cover=say(N_("Cover")),
        foreword=say(N_("Foreword")),
        contents=say(N_("Contents")),
        colophon=say(N_("About this book")),
        authors=say(N_("Authors")),
        licence=say(N_("Licence")),
        no_licence=say(N_("All rights stay with the authors.")),
        consent=say(N_("agreed to this book on %(day)s")),
        published_at=say(N_("Made on %(day)s")),
        accessible=say(
            N_("Pictures have the descriptions that their authors wrote. Chapters are headings.")
        ),
    )


def _day(zone: str, language: str, ms: int) -> str:
    return times.day_in(ms, zone, language)
