"""Addresses of films on other sites, known by their form: which film, and where its player is.

A player's address is always put together here, from a service and an id; nothing of what somebody
wrote goes into it but letters and digits that were looked at. What is not exactly one of these
forms is a link like any other.

Sources: YouTube's and Vimeo's player parameters (developers.google.com/youtube/player_parameters,
github.com/vimeo/player.js), docs.joinpeertube.org/api/embed-player, and the code that Naver TV
and Kakao TV offer for sharing.
"""

import re
from collections.abc import Set as AbstractSet
from typing import Final
from urllib.parse import parse_qs

import msgspec

MAX_ADDRESS: Final = 2_000  # characters
MAX_START_S: Final = 359_999  # 99 h 59 min 59 s
NOWHERE: Final[frozenset[str]] = frozenset()

_ADDRESS: Final = re.compile(
    r"https?://([a-z0-9.-]+)(?::(?:80|443))?(/[^?#\\\s]*)?(?:\?([^#\\\s]*))?(?:#([^\\\s]*))?",
    re.I | re.A,
)
_HOST: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?")
_MARK: Final = re.compile(r"(?:([0-9]{1,2})h)?(?:([0-9]{1,4})m)?(?:([0-9]{1,6})s?)?")

_YOUTUBE_ID: Final = r"([A-Za-z0-9_-]{11})"
_NUMBER: Final = r"([0-9]{1,12})"
_UUID: Final = (
    r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[1-9A-HJ-NP-Za-km-z]{22})"
)
_IN_YOUTUBE: Final = re.compile(rf"/(shorts|live|embed|v)/{_YOUTUBE_ID}/?")
_IN_YOUTU_BE: Final = re.compile(rf"/{_YOUTUBE_ID}/?")
_YOUTUBE_QUERY: Final = re.compile(_YOUTUBE_ID)
_IN_VIMEO: Final = re.compile(
    rf"/(?:(?:channels|groups)/[\w-]+/(?:videos/)?)?{_NUMBER}(?:/([0-9a-f]{{6,20}}))?/?", re.ASCII
)
_IN_VIMEO_PLAYER: Final = re.compile(rf"/video/{_NUMBER}/?")
_VIMEO_HASH: Final = re.compile(r"[0-9a-f]{6,20}")
_IN_PEERTUBE: Final = re.compile(rf"/(?:w|videos/watch|videos/embed)/{_UUID}/?")
_IN_NAVER: Final = re.compile(rf"/(?:v|h|embed)/{_NUMBER}/?")
_IN_KAKAO: Final = re.compile(
    rf"/(?:v|(?:channel/[0-9]{{1,12}}|embed/player)/cliplink)/{_NUMBER}/?"
)

_YOUTUBE: Final = frozenset(
    f"{name}{domain}"
    for domain in ("youtube.com", "youtube-nocookie.com")
    for name in ("", "www.", "m.", "music.")
)
_YOUTU_BE: Final = frozenset({"youtu.be", "www.youtu.be"})
_VIMEO: Final = frozenset({"vimeo.com", "www.vimeo.com"})
_NAVER: Final = frozenset({"tv.naver.com", "m.tv.naver.com"})
_KAKAO: Final = frozenset({"tv.kakao.com", "play-tv.kakao.com"})

PLAYERS: Final = (
    "www.youtube-nocookie.com",
    "player.vimeo.com",
    "tv.naver.com",
    "play-tv.kakao.com",
)
"""The hosts of all players but those of PeerTube, which has as many as there are servers of it."""


class Video(msgspec.Struct, frozen=True, kw_only=True):
    """A film on another site.

    `service`: youtube | vimeo | peertube | naver | kakao. `page` is the address that somebody
    wrote, `host` where its player, at `embed`, is loaded from. It begins at `start_s`; `tall`: it
    was made for a phone held upright.
    """

    service: str
    id: str
    page: str
    host: str
    embed: str
    start_s: int = 0
    tall: bool = False

    def same(self, other: "Video") -> bool:
        """Whether both are one film, however their addresses were written."""
        return (self.service, self.host, self.id) == (other.service, other.host, other.id)


class _Address(msgspec.Struct, frozen=True):
    """`url`, taken apart; the host in lower case."""

    url: str
    host: str
    path: str
    query: dict[str, list[str]]
    fragment: dict[str, list[str]]

    def one(self, name: str) -> str:
        """What the query says under this name, if it says so once: else browsers may differ."""
        said = self.query.get(name, [])
        return said[0] if len(said) == 1 else ""

    def start_s(self, *names: str) -> int:
        """From when on it is to be shown: the first mark under one of these names."""
        marks = [*(self.one(name) for name in names), *self.fragment.get("t", [])]
        return next((found for mark in marks if (found := seconds(mark))), 0)


def recognise(url: str, peertube: AbstractSet[str] = NOWHERE) -> Video | None:
    """The film to which an address leads; None for every other.

    `peertube` are the hosts (lower case) that are known to be servers of PeerTube: by their form
    alone its addresses could be anybody's.
    """
    address = _taken_apart(url)
    if address is None:
        return None
    if address.host in peertube:
        return _peertube(address)
    reader = _READERS.get(address.host)
    return reader(address) if reader else None


def host_of(url: str) -> str:
    """The host of an address in lower case; empty where a policy could not name it."""
    address = _taken_apart(url)
    return address.host if address else ""


def seconds(mark: str) -> int:
    """A mark in a film in seconds: `90`, `90s`, `1m30s`, `1h2m3s`; 0 for what is none."""
    found = _MARK.fullmatch(mark)
    if found is None:
        return 0
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    return min(hours * 3600 + minutes * 60 + rest, MAX_START_S)


def _taken_apart(url: str) -> _Address | None:
    found = _ADDRESS.fullmatch(url) if len(url) <= MAX_ADDRESS else None
    if found is None:
        return None
    host = found[1].lower()
    if not _HOST.fullmatch(host):
        return None
    query, fragment = (_read(part or "") for part in (found[3], found[4]))
    return _Address(url, host, found[2] or "/", query, fragment)


def _read(part: str) -> dict[str, list[str]]:
    try:
        return parse_qs(part, max_num_fields=50)
    except ValueError:  # more fields than any of these sites writes
        return {}


def _youtube(address: _Address) -> Video | None:
    if address.path in ("/watch", "/watch/"):
        found, kind = _YOUTUBE_QUERY.fullmatch(address.one("v")), ""
        id = found[1] if found else ""
    else:
        found = _IN_YOUTUBE.fullmatch(address.path)
        kind, id = (found[1], found[2]) if found else ("", "")
    return _of_youtube(address, id, tall=kind == "shorts")


def _youtu_be(address: _Address) -> Video | None:
    found = _IN_YOUTU_BE.fullmatch(address.path)
    return _of_youtube(address, found[1] if found else "")


def _of_youtube(address: _Address, id: str, *, tall: bool = False) -> Video | None:
    if not id:
        return None
    start_s, host = address.start_s("t", "start"), PLAYERS[0]
    begun = f"&start={start_s}" if start_s else ""
    return Video(
        service="youtube",
        id=id,
        page=address.url,
        host=host,
        embed=f"https://{host}/embed/{id}?autoplay=1&playsinline=1{begun}",
        start_s=start_s,
        tall=tall,
    )


def _vimeo(address: _Address) -> Video | None:
    found = _IN_VIMEO.fullmatch(address.path)
    return _of_vimeo(address, found[1], found[2] or address.one("h")) if found else None


def _vimeo_player(address: _Address) -> Video | None:
    found = _IN_VIMEO_PLAYER.fullmatch(address.path)
    return _of_vimeo(address, found[1], address.one("h")) if found else None


def _of_vimeo(address: _Address, id: str, key: str) -> Video:
    """`key` opens a film that is not listed. Players that keep no record are asked for: `dnt`."""
    start_s, host = address.start_s("t"), PLAYERS[1]
    opened = f"&h={key}" if _VIMEO_HASH.fullmatch(key) else ""
    begun = f"#t={start_s}s" if start_s else ""
    return Video(
        service="vimeo",
        id=id,
        page=address.url,
        host=host,
        embed=f"https://{host}/video/{id}?dnt=1&autoplay=1{opened}{begun}",
        start_s=start_s,
    )


def _peertube(address: _Address) -> Video | None:
    """Without its exchange between viewers, which tells each of them the others' addresses."""
    found = _IN_PEERTUBE.fullmatch(address.path)
    if found is None:
        return None
    start_s = address.start_s("start")
    begun = f"&start={start_s}s" if start_s else ""
    return Video(
        service="peertube",
        id=found[1],
        page=address.url,
        host=address.host,
        embed=f"https://{address.host}/videos/embed/{found[1]}?autoplay=1&p2p=0{begun}",
        start_s=start_s,
    )


def _naver(address: _Address) -> Video | None:
    """Clips (`h`) stand upright and are numbered together with all others."""
    tall = address.path.startswith("/h/")
    player = "tv.naver.com/embed/{}?autoPlay=true"
    return _numbered(address, "naver", _IN_NAVER, player, tall=tall)


def _kakao(address: _Address) -> Video | None:
    player = "play-tv.kakao.com/embed/player/cliplink/{}?service=player_share&autoplay=1"
    return _numbered(address, "kakao", _IN_KAKAO, player)


def _numbered(
    address: _Address, service: str, form: re.Pattern[str], player: str, *, tall: bool = False
) -> Video | None:
    """A film whose number in the path (`form`) is all that its `player` is asked for."""
    found = form.fullmatch(address.path)
    if found is None:
        return None
    host = player.partition("/")[0]
    embed = f"https://{player.format(found[1])}"
    return Video(service=service, id=found[1], page=address.url, host=host, embed=embed, tall=tall)


_READERS: Final = {
    **dict.fromkeys(_YOUTUBE, _youtube),
    **dict.fromkeys(_YOUTU_BE, _youtu_be),
    **dict.fromkeys(_VIMEO, _vimeo),
    "player.vimeo.com": _vimeo_player,
    **dict.fromkeys(_NAVER, _naver),
    **dict.fromkeys(_KAKAO, _kakao),
}
