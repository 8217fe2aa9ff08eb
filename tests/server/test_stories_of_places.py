"""A story of a team blog that is filed under a neighbourhood comes to those who follow that."""

from typing import Any

from server.clock import DAY_MS
from server.model import Account, Post
from server.services import communities, posts, stewardship
from server.services.communities import NewCommunity
from server.services.new_posts import NewPost
from server.store import accounts as account_store
from server.store.blog import Filed
from server.store.db import Write
from tests.server.test_blog import found as team_blog
from tests.server.test_blog import tell
from tests.server.test_forum import sent
from tests.server.world import EVE, KEYS, NOW, SITE, befriend, join, stranger


def place(tx: Write, name: str = "neutigol", title: str = "느티골") -> Account:
    """A neighbourhood that eve of a Mastodon server follows."""
    new = NewCommunity(name=name, title=title, keys=KEYS)
    made = communities.create(tx, SITE, new, NOW)
    befriend(tx, stranger(tx, EVE), made)
    return made


def told(tx: Write, by: Account, post: Post) -> list[str]:
    """What eve's server is told of a post in the name of a community, in order."""
    mine = [one for one in sent(tx, "far.test") if one["actor"] == by.uri]
    boosts = [one for one in mine if post.uri in (one["object"], _inner(one))]
    return [one["type"] for one in boosts]


def _inner(activity: dict[str, Any]) -> Any:
    inner = activity["object"]
    return inner.get("object") if isinstance(inner, dict) else None


def refile(tx: Write, author: Account, post: Post, now_ms: int = NOW, **filed: Any) -> None:
    new = NewPost(content="Text", title=post.title, filed=Filed(**filed))
    posts.edit(tx, SITE, author, post.id, new, now_ms)


def test_followers_of_its_neighbourhood_get_a_boost_of_it_once(tx: Write) -> None:
    ann = join(tx, "ann")
    home, here = team_blog(tx, ann), place(tx)
    story = tell(tx, ann, home, "느티골의 겨울 #느티골", neighbourhood_id=here.id)
    assert told(tx, here, story) == ["Announce"]
    refile(tx, ann, story, neighbourhood_id=here.id)
    assert told(tx, here, story) == ["Announce"]
    announced = next(one for one in sent(tx, "far.test") if one["actor"] == here.uri)
    assert announced["object"] == story.uri
    assert here.followers_uri in announced["cc"]


def test_a_story_that_is_filed_elsewhere_goes_there(tx: Write) -> None:
    ann = join(tx, "ann")
    home, here, there = team_blog(tx, ann), place(tx), place(tx, "saemmul", "샘물")
    story = tell(tx, ann, home, neighbourhood_id=here.id)
    refile(tx, ann, story, neighbourhood_id=there.id)
    assert told(tx, here, story) == ["Announce", "Undo"]
    assert told(tx, there, story) == ["Announce"]


def test_an_old_story_is_not_lifted_by_filing_it_anew(tx: Write) -> None:
    ann = join(tx, "ann")
    home, here = team_blog(tx, ann), place(tx)
    story = tell(tx, ann, home)
    refile(tx, ann, story, NOW + 2 * DAY_MS, neighbourhood_id=here.id)
    assert told(tx, here, story) == []


def test_nobody_is_told_of_a_story_by_somebody_whom_moderators_limited(tx: Write) -> None:
    ann = join(tx, "ann")
    home, here = team_blog(tx, ann), place(tx)
    account_store.set_columns(tx, ann.id, limited_ms=NOW)
    limited = account_store.by_id(tx, ann.id)
    assert limited is not None
    assert told(tx, here, tell(tx, limited, home, neighbourhood_id=here.id)) == []


def test_a_removed_story_is_taken_back_and_comes_again_when_it_is_restored(tx: Write) -> None:
    ann = join(tx, "ann")
    home, here = team_blog(tx, ann), place(tx)
    story = tell(tx, ann, home, neighbourhood_id=here.id)
    stewardship.remove(tx, SITE, ann, story.id, NOW, reason="Twice")
    assert told(tx, here, story) == ["Announce", "Undo"]
    stewardship.restore(tx, SITE, ann, story.id, NOW)
    assert told(tx, here, story) == ["Announce", "Undo", "Announce"]


def test_a_story_that_is_moved_out_of_the_blog_leaves_its_neighbourhood(tx: Write) -> None:
    ann = join(tx, "ann")
    home, here, other = team_blog(tx, ann), place(tx), team_blog(tx, ann, "others")
    story = tell(tx, ann, home, neighbourhood_id=here.id)
    stewardship.move(tx, SITE, ann, story.id, other.account.id, NOW)
    assert told(tx, here, story) == ["Announce", "Undo"]
