"""Each step at the desk of a team blog is told as what it is, to those whom it concerns."""

from server.model import Account
from server.services import blog_desk, coauthors, notifications, submissions
from server.services.blog_desk import Joining
from server.services.desk_news import News
from server.services.notifications import Notice
from server.store import communities
from server.store.db import Write
from server.store.notifications import DESK_KINDS
from server.store.paging import Page
from tests.server.test_blog import found, tell
from tests.server.test_submissions import proposed, text, world
from tests.server.world import NOW, SITE, join


def heard(tx: Write, who: Account) -> list[Notice]:
    which = notifications.wanted(tx, who.id, kinds=DESK_KINDS)
    return notifications.page(tx, who.id, Page(), which)


def steps(tx: Write, who: Account) -> list[str]:
    """The newest first."""
    return [one.notification.kind.removeprefix("desk.") for one in heard(tx, who)]


def test_each_step_of_a_text_is_told_with_its_title(tx: Write) -> None:
    ann, bob, home = world(tx)
    one = submissions.submit(tx, bob, text(home), NOW)
    (told,) = heard(tx, ann)
    assert (told.notification.kind, told.about.id, told.about.title) == (  # type: ignore[union-attr]
        "desk.submitted",
        one.id,
        "골목",
    )
    submissions.suggest(tx, ann, one.id, 1, proposed(), now_ms=NOW)
    (told,) = heard(tx, bob)
    assert (told.notification.kind, told.about.note) == (  # type: ignore[union-attr]
        "desk.suggested",
        "쉼표 하나",
    )
    submissions.accept(tx, bob, one.id, 2, NOW)
    assert steps(tx, ann) == ["accepted", "submitted"]
    post = submissions.publish(tx, SITE, ann, one.id, 3, NOW)
    (told, _) = heard(tx, bob)
    assert (told.notification.kind, told.notification.post_id) == ("desk.published", post.id)


def test_two_texts_of_one_author_are_told_both_and_go_when_they_are_withdrawn(tx: Write) -> None:
    ann, bob, home = world(tx)
    first, second = [submissions.submit(tx, bob, text(home), NOW) for _ in range(2)]
    assert steps(tx, ann) == ["submitted", "submitted"]
    submissions.withdraw(tx, bob, first.id, 1)
    (left,) = heard(tx, ann)
    assert left.notification.about_id == second.id
    assert notifications.unread(tx, ann.id) == 1


def test_who_is_no_editor_any_more_reads_no_title(tx: Write) -> None:
    ann, bob, home = world(tx)
    cho = join(tx, "cho")
    communities.appoint(tx, home.account.id, cho.id, NOW)
    submissions.submit(tx, bob, text(home), NOW)
    assert steps(tx, cho) == ["submitted"]
    communities.dismiss(tx, home.account.id, cho.id)
    assert heard(tx, cho) == []
    assert steps(tx, ann) == ["submitted"]


def test_writers_and_co_authors_hear_what_they_are_asked(tx: Write) -> None:
    ann, bob = join(tx, "ann"), join(tx, "bob")
    home = found(tx, ann)
    story = tell(tx, ann, home, names=("bob",))
    assert steps(tx, bob) == ["coauthor"]
    coauthors.confirm(tx, bob, story.id, NOW)
    assert steps(tx, ann) == ["confirmed"]
    third = blog_desk.add_cohort(tx, ann, home, 3, 2026, now_ms=NOW)
    blog_desk.add_writer(tx, ann, Joining(third, "bob"), NOW)
    assert steps(tx, bob) == ["cohort", "coauthor"]
    told = heard(tx, bob)[0].about
    assert told == News(3, home.account.name, home.title)
