"""Films of other sites on our pages: where they stand, and from which hosts a page has players.

Until somebody presses its button a film is a link and, where we have one, a picture from here:
nothing is asked of the other site. `web/static/js/players.js` puts the player in its place.
"""

import re
from collections.abc import Iterable
from typing import Final

import msgspec
from markupsafe import Markup

from server.model import Media, PostView, Preview
from server.text import alone, videos
from server.text.videos import Video
from web.i18n import N_

MOST_SERVERS: Final = 12
"""Servers of PeerTube that the policy of one page names; the films of others stay links there."""
NAMES: Final = {
    "youtube": "YouTube",
    "vimeo": "Vimeo",
    "naver": N_("Naver TV"),
    "kakao": N_("Kakao TV"),
}

# Exact for what `components/videos.html` writes. Nobody's words can pass for it: in text `<` is
# escaped, and in attributes `"` is.
_PLAYER: Final = re.compile(r'<figure class="player[a-z ]*" data-embed="https://([a-z0-9.-]+)/')


class Player(msgspec.Struct, frozen=True):
    """A film with what we know of it.

    `media` is its picture where it came to us as a post. `told`: it stands in the post's text.
    `about`: the post is this film, or begins a thread about it.
    """

    video: Video
    words: str = ""
    preview: Preview | None = None
    media: Media | None = None
    told: bool = False
    about: bool = False

    @property
    def name(self) -> str:
        """Of its site: a msgid, or the host of a server of PeerTube."""
        return NAMES.get(self.video.service, self.video.host)

    @property
    def guest(self) -> bool:
        """Whether a page's policy names its host only where it stands on the page."""
        return self.video.host not in videos.PLAYERS

    @property
    def title(self) -> str:
        """What it is called; empty where nobody has told."""
        return self.words or (self.preview.title if self.preview else "")

    @property
    def begins(self) -> str:
        """Its mark as people write it, `1:30`; empty for the beginning."""
        minutes, rest = divmod(self.video.start_s, 60)
        hours, minutes = divmod(minutes, 60)
        if not self.video.start_s:
            return ""
        return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def parted(html: str, view: PostView) -> list[Markup | Player]:
    """The sanitised HTML of a post in pieces: players where a link to a film stands alone."""
    plain = str(html)  # a Markup would escape what its pieces are joined to
    return [
        _player(view, piece.video, piece.words) if isinstance(piece, alone.Alone) else Markup(piece)  # noqa: S704  as it was
        for piece in alone.parted(plain, _peertube(view))
    ]


def beside(view: PostView) -> Player | None:
    """The film that a post is, that a thread is about, or the first page that the post links to."""
    known = _peertube(view)
    own = view.post.url if view.post.kind == "video" and not view.post.local else ""
    subject = view.forum.link if view.forum else ""
    about = videos.recognise(own, known) or videos.recognise(subject, known)
    video = about or videos.recognise(view.preview.url if view.preview else "", known)
    if video is None:
        return None
    pieces = alone.parted(view.post.content, known)
    told = any(isinstance(one, alone.Alone) and one.video.same(video) for one in pieces)
    return msgspec.structs.replace(_player(view, video), told=told, about=about is not None)


def _player(view: PostView, video: Video, words: str = "") -> Player:
    preview = view.preview if view.preview and _is_of(view.preview.url, video, view) else None
    itself = view.post.kind == "video" and _is_of(view.post.url, video, view)
    pictures = (media for media in view.media if media.kind == "image")
    return Player(video, words, preview, next(pictures, None) if itself else None)


def _is_of(url: str, video: Video, view: PostView) -> bool:
    found = videos.recognise(url, _peertube(view))
    return found is not None and found.same(video)


def _peertube(view: PostView) -> frozenset[str]:
    """Servers of PeerTube that this post tells of: it is a film of one, or we read a page there."""
    said = view.preview and view.preview.software == "peertube"
    hosts = (
        view.author.domain if view.post.kind == "video" else "",
        videos.host_of(view.preview.url) if view.preview and said else "",
    )
    return frozenset(filter(None, hosts))


def framed(page: str) -> tuple[str, str]:
    """A whole page, and what its policy says of frames: the hosts of its players and no others.

    Beyond `MOST_SERVERS` servers of PeerTube, which would make a header that proxies refuse, the
    rest of them have no player on it.
    """
    allowed = dict.fromkeys(videos.PLAYERS)

    def noted(figure: re.Match[str]) -> str:
        if figure[1] in allowed or len(allowed) < len(videos.PLAYERS) + MOST_SERVERS:
            allowed[figure[1]] = None
            return figure[0]
        return figure[0].replace("data-embed=", "data-left=")

    return _PLAYER.sub(noted, page), _sources(allowed)


def _sources(hosts: Iterable[str]) -> str:
    return " ".join(f"https://{host}" for host in hosts)
