"""Who may see something, said in `to` and `cc`. AP §5.6, §6; Mastodon's four levels."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from federation.vocab import PUBLIC

Visibility = Literal["public", "unlisted", "followers", "direct"]


def visibility(to: Sequence[str], cc: Sequence[str], followers_uri: str) -> Visibility:
    """What `to` and `cc` of an author with these followers mean.

    Public in `to` is public, in `cc` unlisted; the author's own followers anywhere make it theirs.
    Another collection says nothing to us: that is direct. Give `audience` values, not raw ones.
    """
    if PUBLIC in to:
        return "public"
    if PUBLIC in cc:
        return "unlisted"
    if followers_uri and (followers_uri in to or followers_uri in cc):
        return "followers"
    return "direct"


def addressed(
    level: str, followers_uri: str, mentioned: Iterable[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """`to` and `cc` of something that we publish; those mentioned are always among them."""
    people = tuple(dict.fromkeys(mentioned))
    if level == "public":
        return (PUBLIC,), (followers_uri, *people)
    if level == "unlisted":
        return (followers_uri,), (PUBLIC, *people)
    if level == "followers":
        return (followers_uri,), people
    return people, ()


def recipients(to: Iterable[str], cc: Iterable[str]) -> tuple[str, ...]:
    """Everyone addressed, once each, in order; Public is nobody."""
    return tuple(uri for uri in dict.fromkeys((*to, *cc)) if uri != PUBLIC)


def without_blind(raw: dict[str, Any]) -> dict[str, Any]:
    """A copy without `bto` and `bcc`, also of the embedded object. AP §6.2."""
    shown = {name: value for name, value in raw.items() if name not in {"bto", "bcc"}}
    if isinstance(shown.get("object"), dict):
        shown["object"] = without_blind(shown["object"])
    return shown
