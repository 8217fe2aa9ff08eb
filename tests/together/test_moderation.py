"""Moderators and other servers: what they report to each other, and whom they keep away."""

from server.model import Account
from server.services import borders, moderation, new_reports, reports, timelines
from server.services.borders import Wish
from server.services.deeds import Moderator
from server.services.moderation import Decision
from server.services.new_reports import NewReport
from server.store.paging import Page
from tests.village import City, Village, eventually
from web.keys import FETCHER, SITE


async def boss(city: City) -> Moderator:
    return Moderator(await city.join("boss", role="admin"), "admin")


async def restrict(city: City, by: Moderator, domain: str, severity: str, **more: bool) -> int:
    wish = Wish(severity=severity, **more)  # type: ignore[arg-type]
    row = await city.db.write(borders.restrict, city.app[SITE], by, domain, wish, city.clock())
    city.app[FETCHER].hosts.forget_rules()
    return int(row["id"])


async def report(city: City, who: str, target: Account, *posts: int, comment: str = "") -> int:
    new = NewReport(target_id=target.id, post_ids=posts, comment=comment, forward=True)
    return await city.do(new_reports.file, await city.me(who), new)


async def public(city: City) -> list[str]:
    entries = await city.db.read(timelines.federated, None, Page())
    views = await city.db.read(timelines.views, None, entries)
    return [view.post.uri for view in views]


async def test_a_report_is_forwarded_and_never_says_by_whom(village: Village) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    await boss(beta)
    ann, bob = await alpha.join("ann"), await beta.join("bob")
    await alpha.follow("ann", "@bob@beta.test")
    await village.settle()
    post = await beta.write("bob", "Rude")
    seen = await eventually(lambda: alpha.post_at(post.uri))
    there = await alpha.knows("@bob@beta.test")
    await report(alpha, "ann", there, seen.id, comment="This is rude")
    found = await eventually(lambda: beta.db.read(reports.page, Page()))
    (flag,) = found
    assert flag.reporter.uri == f"{alpha.origin}/actor"
    assert (flag.comment, flag.target.id if flag.target else 0) == ("This is rude", bob.id)
    assert [one.post.id for one in flag.posts] == [post.id]
    bodies = await alpha.rows("SELECT uri, objects, comment FROM report")
    kept = await beta.rows("SELECT * FROM report")
    assert bodies[0]["uri"] == kept[0]["uri"]
    for said in (ann.uri, "ann@", f"/{ann.id}"):
        assert said not in str(kept)
    assert ("admin.report", "alpha.test@alpha.test") in await beta.notices("boss")


async def test_reports_of_a_server_are_refused_where_moderators_say_so(village: Village) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    by = await boss(beta)
    await alpha.join("ann")
    await beta.join("bob")
    await restrict(beta, by, "alpha.test", "noop", reject_reports=True)
    await report(alpha, "ann", await alpha.knows("@bob@beta.test"))
    await village.settle()
    assert await beta.db.read(reports.page, Page()) == []


async def test_the_people_of_a_silenced_server_are_seen_by_their_followers_alone(
    village: Village,
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    by = await boss(alpha)
    await alpha.join("ann")
    for name in ("bob", "cho"):
        await beta.join(name)
    await alpha.follow("ann", "@bob@beta.test")
    await village.settle()
    post = await beta.write("bob", "Hello")
    await eventually(lambda: alpha.post_at(post.uri))
    assert await public(alpha) == [post.uri]
    rule = await restrict(alpha, by, "beta.test", "silence")
    await village.settle()
    assert await public(alpha) == []
    assert [one.uri for one in await alpha.home("ann")] == [post.uri]
    assert (await alpha.knows("@cho@beta.test")).limited_ms is not None
    bob = await alpha.knows("@bob@beta.test")
    await alpha.db.write(
        moderation.decide,
        alpha.app[SITE],
        by,
        bob.id,
        Decision(action="silence"),
        alpha.clock() + 5,
    )
    row = await alpha.db.read(borders.restricting, rule)
    await alpha.db.write(borders.lift, by, row, alpha.clock())
    await village.settle()
    assert (await alpha.knows("@cho@beta.test")).limited_ms is None
    assert (await alpha.one(bob.id)).limited_ms is not None, "a moderator limited him too"


async def test_a_blocked_server_is_gone_with_its_follows_until_it_is_let_in(
    village: Village,
) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    by = await boss(alpha)
    await alpha.join("ann")
    await beta.join("bob")
    await alpha.follow("ann", "@bob@beta.test")
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    post = await beta.write("bob", "Hello")
    await eventually(lambda: alpha.post_at(post.uri))
    rule = await restrict(alpha, by, "test.beta.test", "suspend")
    await village.settle()
    assert await public(alpha) == [post.uri], "another server"
    rule = await restrict(alpha, by, "beta.test", "suspend")
    await eventually(lambda: alpha.rows("SELECT 1 FROM severance WHERE kind = 'domain_block'"))
    await village.settle()
    assert await public(alpha) == []
    ann = await alpha.me("ann")
    assert (ann.followers_count, ann.following_count) == (0, 0)
    assert ("severed_relationships", "ann") in await alpha.notices("ann")
    (lost,) = await alpha.rows("SELECT * FROM severance")
    assert (lost["target"], lost["followers"], lost["following"]) == ("beta.test", 1, 1)
    row = await alpha.db.read(borders.restricting, rule)
    await alpha.db.write(borders.lift, by, row, alpha.clock())
    alpha.app[FETCHER].hosts.forget_rules()
    await village.settle()
    assert await public(alpha) == [post.uri]
    assert (await alpha.me("ann")).following_count == 0


async def test_a_suspended_stranger_is_gone_and_not_heard(village: Village) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    by = await boss(alpha)
    await alpha.join("ann")
    await beta.join("bob")
    await alpha.follow("ann", "@bob@beta.test")
    await beta.follow("bob", "@ann@alpha.test")
    await village.settle()
    post = await beta.write("bob", "Hello")
    await eventually(lambda: alpha.post_at(post.uri))
    bob = await alpha.knows("@bob@beta.test")
    decision = Decision(action="suspend", text="Spam")
    await alpha.db.write(moderation.decide, alpha.app[SITE], by, bob.id, decision, alpha.clock())
    await village.settle()
    assert await public(alpha) == []
    assert await alpha.home("ann") == []
    assert (await alpha.me("ann")).followers_count == 0
    assert ("severed_relationships", "ann") in await alpha.notices("ann")
    assert (await beta.me("bob")).following_count == 0, "his server was told"
    later = await beta.write("bob", "@ann@alpha.test still here")
    await village.settle()
    assert await alpha.post_at(later.uri) is None
    await alpha.db.write(moderation.undo, by, bob.id, "unsuspend", alpha.clock())
    assert await public(alpha) == [post.uri]


async def test_pictures_of_a_server_are_refused_where_moderators_say_so(village: Village) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    by = await boss(alpha)
    await alpha.join("ann")
    await beta.join("bob")
    await alpha.follow("ann", "@bob@beta.test")
    await village.settle()
    await restrict(alpha, by, "beta.test", "noop", reject_media=True)
    assert not await alpha.app[FETCHER].hosts.pictured("http://beta.test/media/x.webp")
    assert await alpha.app[FETCHER].hosts.elsewhere("http://beta.test/media/x.webp")
    assert await alpha.db.read(borders.refuses, "beta.test", "media")
    post = await beta.write("bob", "Hello")
    assert await eventually(lambda: alpha.post_at(post.uri)), "words still come"
