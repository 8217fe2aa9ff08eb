"""What /styleguide shows of boards: values as those of `samples`, in the same invented city."""

from typing import Any, Final

import msgspec

from server.clock import HOUR_MS
from server.model import Account, Community, ForumThread, PostView
from server.services.boards import Board, Listed, Standing
from server.services.joint_boards import Joint
from web.pages.samples import Samples

BOUNDARY: Final = (
    '{"type":"Polygon","coordinates":[[[126.858,37.474],[126.866,37.472],[126.872,37.478],'
    "[126.868,37.484],[126.860,37.483]]]}"
)


class BoardSamples:
    """A neighbourhood with a board in which one thread has everything that a thread can have."""

    def __init__(self, guide: Samples, now_ms: int) -> None:
        """Of the city of `guide`."""
        self._guide = guide
        self._now_ms = now_ms
        self.group: Account = guide.place

    def thread(self) -> PostView:
        """The first post, with two pictures."""
        view = self._guide.story()
        thread = ForumThread(
            post_id=view.post.id,
            community_id=self.group.id,
            link="https://example.org/news",
            comments=12,
            score=34,
            active_ms=self._now_ms - HOUR_MS,
            locked_ms=1,
            pinned_ms=1,
            answer_id=view.post.id + 1,
        )
        return msgspec.structs.replace(view, community=self.group, forum=thread, votes="both")

    def board(self) -> Board:
        """A neighbourhood, in which the board lies."""
        place = Community(
            account=self.group,
            place="37-5",
            latitude=37.478,
            longitude=126.864,
            boundary=BOUNDARY,
        )
        listed = Listed(
            msgspec.structs.replace(place, kind="board"), place, self._now_ms - HOUR_MS, None
        )
        return Board(
            account=self.group,
            ours=place,
            place=place,
            children=(listed,),
            moderators=(self._guide.viewer.account,),
            rules=("1", "2"),
            keeps=True,
            joined=(Joint(self.group, "accepted", theirs=True),),
        )

    def standing(self, *, removed: bool = False, locked: bool = False) -> Standing:
        """Of somebody who keeps order, or of whoever cannot answer any more."""
        view = self.thread()
        removal: Any = {"reason": view.post.title} if removed else None
        return Standing(
            group=self.group,
            thread=view.forum,
            keeps=not locked,
            removal=removal,
            answer=self._guide.note("…"),
        )
