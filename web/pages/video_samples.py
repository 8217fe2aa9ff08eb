"""What /styleguide shows of films on other sites. Behind their addresses there is none."""

from typing import Final

from server.text import videos
from web.pages.samples import Samples
from web.players import Player

PEERTUBE: Final = "films.example"
FILMS: Final = (
    "https://youtu.be/00000000000?t=90",
    "https://vimeo.com/1",
    f"https://{PEERTUBE}/w/1111111111111111111111",
    "https://tv.naver.com/h/1",
    "https://tv.kakao.com/v/1",
)


def films(guide: Samples) -> list[Player]:
    """A film of each site, the first with a picture and from a mark on."""
    found = [videos.recognise(url, frozenset({PEERTUBE})) for url in FILMS]
    first, *others = [Player(video) for video in found if video is not None]
    (picture,) = guide.album(1)
    return [Player(first.video, picture.alt, media=picture), *others]
