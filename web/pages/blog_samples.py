"""What /styleguide shows of a team blog: values made of the samples of stories."""

import msgspec

from server.model import Community
from server.services.backlinks import Line as LinkLine
from server.services.backlinks import Links
from server.services.blog import Beside, Branch, Where
from server.store.backlinks import Backlink
from server.store.blog import Category, Series, Story
from server.store.submissions import Submission
from web.pages.blogs import Frame, Part
from web.pages.filing import Filing
from web.pages.samples import NOWHERE, Samples
from web.pages.submissions import Line


class Blog:
    """A blog of two categories, one in the other, and a series of three parts."""

    def __init__(self, guide: Samples) -> None:
        """Of the people and stories of `guide`."""
        self._guide = guide
        self._views = tuple(guide.story() for _ in range(3))
        self._blog = Community(account=guide.place, kind="blog")
        title = guide.stories()[0][1].post.title
        self._top = _category(1, None, guide.mina.bio)
        self._low = _category(2, 1, guide.joon.bio)
        self._series = Series(id=1, community_id=0, slug="x", title=title, about="")

    def frame(self) -> Frame:
        """As an editor sees it, for whom two texts wait."""
        low = Branch(self._low, 3)
        return Frame(
            blog=self._blog,
            tops=(Branch(self._top, 5, (low,)),),
            total=5,
            editing=True,
            publishes=True,
            waiting=2,
        )

    def part(self) -> Part:
        """The beginning of a list."""
        views = (*self._views[:1], self._guide.story(media=()))
        where = {view.post.id: Where(self._low, self._guide.place) for view in views}
        return Part(frame=self.frame(), views=views, where=where)

    def beside(self) -> Beside:
        """Around the second part, as its author sees it, who keeps the blog."""
        ids = [view.post.id for view in self._views]
        story = Story(
            post_id=ids[1], community_id=0, category_id=2, series_id=1, part=2, front=None
        )
        return Beside(
            blog=self._blog,
            story=story,
            path=(self._top, self._low),
            series=self._series,
            parts=self._views,
            numbers=dict(zip(ids, (1, 2, 3), strict=True)),
            others=self._views[:1],
            neighbourhood=self._guide.place,
            cohorts=(3,),
            with_=(self._guide.joon,),
            invited=(self._guide.locked,),
            editing=True,
        )

    def filing(self) -> Filing:
        """What a member is offered, who sends what they write to the editors."""
        return Filing(self._blog, [("1", self._top.title)], [("1", self._series.title)], [], False)

    def links(self) -> Links:
        """A page that links to a story, one that is hidden, and a post that quotes it."""
        view, guide = self._views[0], self._guide
        page = Backlink(
            id=1,
            post_id=view.post.id,
            source=NOWHERE,
            host="blog.example",
            kind="webmention",
            title=view.post.title,
            excerpt=guide.mina.bio,
            author=guide.joon.display_name,
            verified_ms=view.post.published_ms,
        )
        hidden = msgspec.structs.replace(page, id=2, hidden_ms=1)
        lines = (LinkLine(1, page, None), LinkLine(2, hidden, None), LinkLine(3, None, view))
        return Links(pages=1, quotes=1, boosts=2, lines=lines, ids=(1, 2, 3), keeps=True)

    def lines(self) -> list[Line]:
        """A text in each of its states."""
        made = Submission(
            id=1,
            community_id=0,
            author_id=0,
            state="submitted",
            params="",
            created_ms=0,
            updated_ms=self._views[0].post.published_ms,
        )
        return [
            Line(
                msgspec.structs.replace(made, state=state, post_id=post_id),
                self._series.title,
                self._guide.joon,
                self._guide.place,
                NOWHERE,
            )
            for state, post_id in (
                ("submitted", None),
                ("suggested", None),
                ("published", None),
                ("published", 1),
            )
        ]


def _category(id: int, parent_id: int | None, title: str) -> Category:
    return Category(id=id, community_id=0, parent_id=parent_id, slug=str(id), title=title, place=id)
