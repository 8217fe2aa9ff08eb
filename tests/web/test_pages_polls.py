"""Polls and scheduled posts on pages, without a script."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from server.clock import DAY_MS, HOUR_MS, now_ms
from server.services import polls
from server.services.polls import NewPoll
from server.store import posts as post_store
from server.worker import due
from tests.web.html import HtmlPage

POLL = NewPoll(options=("Tea", "Rice <b>"), lasts_s=3600)
ZONE = ZoneInfo("Asia/Seoul")


def field(ahead_ms):
    return datetime.fromtimestamp((now_ms() + ahead_ms) / 1000, ZONE).strftime("%Y-%m-%dT%H:%M")


async def counts(city, post):
    found = await city.db.read(post_store.by_id, post.id)
    return [votes for _, votes in polls.of(found).options]


async def pass_(city, ahead_ms):
    await due.keep_time_once(city.db, city.site, lambda: now_ms() + ahead_ms)


def ballot(page):
    return next((f for f in page.forms if f.action.endswith("/vote")), None)


async def test_a_member_votes_on_the_page_and_sees_how_it_stands(city):
    mina, joon, visitor = await city.join("mina"), await city.join("joon"), await city.visitor()
    post = await city.writes(mina, "Which?", poll=POLL)
    path = f"/@mina/{post.id}"
    page = await joon.get(path)
    assert "Rice &lt;b&gt;" in page.text
    assert ballot(page).action == f"/posts/{post.id}/vote"
    assert ballot(await mina.get(path)) is None
    seen = await visitor.get(path)
    assert ballot(seen) is None
    assert "Sign in to vote" in seen.text
    gone = await joon.post(f"/posts/{post.id}/vote", choice="1", back=path)
    assert gone == f"{path}#post-{post.id}"
    assert await counts(city, post) == [0, 1]
    page = await joon.get(path)
    assert ballot(page) is None
    assert "your choice" in page.text
    assert "1 person voted" in page.text
    assert "your choice" not in (await mina.get(path)).text
    assert "your choice" not in (await visitor.get(path)).text
    assert "your choice" in (await joon.get("/local")).text
    assert "already voted" in await joon.post(f"/posts/{post.id}/vote", 422, choice="0")


async def test_several_answers_are_ticked_and_each_bar_is_a_part_of_all_who_voted(city):
    mina, joon, sora = [await city.join(name) for name in ("mina", "joon", "sora")]
    several = NewPoll(options=("Tea", "Rice", "Soup"), lasts_s=3600, multiple=True)
    post = await city.writes(mina, "Which?", poll=several, warning="Food")
    page = await joon.get(f"/@mina/{post.id}")
    assert page.main.all("input", type="checkbox", name="choice")
    for person, chosen in ((joon, ("0", "1")), (sora, ("1",))):
        data = [("csrf", await person.token()), *(("choice", one) for one in chosen)]
        await person.post(f"/posts/{post.id}/vote", data=data)
    page = await mina.get(f"/@mina/{post.id}")
    assert [one["value"] for one in page.main.all("progress")] == ["1", "2", "0"]
    assert {one["max"] for one in page.main.all("progress")} == {"2"}
    for part in ("50%", "100%", "0%", "2 people voted"):
        assert part in page.text


async def test_a_forged_vote_and_one_of_a_visitor_do_not_count(city):
    mina, joon, visitor = await city.join("mina"), await city.join("joon"), await city.visitor()
    post = await city.writes(mina, "Which?", poll=POLL)
    path = f"/posts/{post.id}/vote"
    await joon.post(path, 403, data={"csrf": "guessed", "choice": "0"})
    assert "/sign-in" in await visitor.post(path, choice="0")
    await joon.post(path, 422, choice="7")
    await joon.post(path, 303, choice="x")
    close = await city.writes(mina, "Which?", poll=POLL, visibility="followers")
    await joon.post(f"/posts/{close.id}/vote", 404, choice="0")
    assert await counts(city, post) == await counts(city, close) == [0, 0]


async def test_hidden_results_are_shown_at_the_end_and_its_author_reads_that_it_is_over(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    hidden = NewPoll(options=("Tea", "Rice"), lasts_s=3600, hidden=True)
    post = await city.writes(mina, "Which?", poll=hidden)
    await joon.post(f"/posts/{post.id}/vote", choice="1")
    page = await joon.get(f"/@mina/{post.id}")
    assert "100%" not in page.text
    assert "shown at the end" in page.text
    await pass_(city, HOUR_MS)
    page = await joon.get(f"/@mina/{post.id}")
    assert "100%" in page.text
    assert "This poll is over." in page.text
    assert "Your poll is over" in (await mina.get("/notifications")).text


async def test_a_poll_is_asked_in_the_editor_and_stays_through_an_edit(city):
    mina = await city.join("mina")
    typed = {"kind": "note", "content": "Which?", "visibility": "public", "do": "publish"}
    said = {"option": "Tea", "lasts": "3600", "hidden": "on"}
    refused = await mina.post("/write", 422, **typed, **said)
    assert 'value="Tea"' in refused
    assert "at least 2 answers" in refused
    data = [("csrf", await mina.token()), *typed.items(), *said.items(), ("option", "Rice")]
    path = await mina.post("/write", data=data)
    id = int(path.rpartition("/")[2])
    post = await city.db.read(post_store.by_id, id)
    poll = polls.of(post)
    assert [title for title, _ in poll.options] == ["Tea", "Rice"]
    assert poll.hidden and not poll.multiple
    assert abs(poll.ends_ms - now_ms() - HOUR_MS) < 60_000
    page = await mina.get(f"/edit/{id}")
    assert "The poll stays as it is." in page.text
    changed = {**typed, "content": "Which one?"}
    await mina.post(f"/edit/{id}", **changed)
    post = await city.db.read(post_store.by_id, id)
    assert post.source == "Which one?"
    assert polls.of(post) == poll


async def test_a_draft_keeps_the_poll(city):
    mina = await city.join("mina")
    data = [
        ("csrf", await mina.token()),
        *{"kind": "note", "content": "Which?", "do": "draft", "multiple": "on"}.items(),
        ("option", "Tea"),
        ("option", "Rice"),
    ]
    await mina.post("/write", data=data)
    page = await mina.get("/drafts")
    begun = await mina.get(re.search(r"/write\?draft=\d+", page.text)[0])
    assert 'value="Tea"' in begun.text
    assert 'value="Rice"' in begun.text


async def test_a_poll_with_one_answer_says_where_the_other_is_missing(city):
    mina = await city.join("mina")
    sent = {"csrf": await mina.token(), "kind": "note", "content": "Which?"}
    for options, missing in ((("Tea", "", "", ""), 1), (("", "Rice", "", ""), 0), (("A", "A"), 0)):
        data = [*sent.items(), *(("option", one) for one in options)]
        page = HtmlPage(await mina.post("/write", 422, data=data))
        name = f"option-{missing}"
        assert page.main.one("input", id=name)["aria-invalid"] == "true"
        assert "poll" in page.main.one(id=f"{name}-error").words
        assert page.main.one("a", href=f"#{name}")


async def test_an_edit_of_a_poll_offers_no_pictures(city):
    mina = await city.join("mina")
    post = await city.writes(mina, "Which?", poll=POLL)
    page = await mina.get(f"/edit/{post.id}")
    assert "hidden" in page.main.one("fieldset", id="pictures").given
    assert not page.main.all("button", data_tool="picture")
    page = await mina.get("/write?kind=note")
    assert "hidden" not in page.main.one("fieldset", id="pictures").given
    assert page.main.all("button", data_tool="picture")


async def test_a_note_is_published_later_moved_and_taken_back(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    typed = {"kind": "note", "content": "Tomorrow!", "visibility": "public", "do": "publish"}
    early = await mina.post("/write", 422, **typed, later=field(0))
    assert "minutes ahead" in early
    assert "Tomorrow!" in early
    await mina.post("/write", 422, **typed, later="soon")
    wanted = field(DAY_MS)
    assert await mina.post("/write", **typed, later=wanted) == "/scheduled"
    page = await mina.get("/scheduled")
    assert "Tomorrow!" in page.text
    assert wanted in page.text
    assert "Tomorrow!" not in (await joon.get("/scheduled")).text
    path = next(f.action for f in page.forms if f.action.endswith("/move")).removesuffix("/move")
    for act in ("move", "edit", "cancel"):
        await joon.post(f"{path}/{act}", 404, later=field(2 * DAY_MS))
    await mina.post(f"{path}/move", 422, later="")
    moved = field(2 * DAY_MS)
    await mina.post(f"{path}/move", later=moved)
    await pass_(city, DAY_MS + HOUR_MS)
    assert "Tomorrow!" not in (await joon.get("/local")).text
    draft = await mina.get(await mina.post(f"{path}/edit"))
    assert "Tomorrow!" in draft.text
    (later,) = draft.main.all("input", id="later")
    assert later["value"] == moved  # who only corrects it does not publish it at once
    assert "open" in next(one for one in draft.main.all("details") if later in list(one)).given
    assert "Tomorrow!" not in (await mina.get("/scheduled")).text
    await mina.post("/write", **typed, later=field(DAY_MS))
    await pass_(city, DAY_MS)
    assert "Tomorrow!" in (await joon.get("/local")).text


async def test_one_that_could_not_be_published_says_why(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    asked = await city.writes(joon, "A question")
    typed = {"kind": "note", "content": "An answer", "visibility": "public", "do": "publish"}
    await mina.post("/write", **typed, reply_to=str(asked.id), later=field(DAY_MS))
    await joon.post(f"/posts/{asked.id}/delete")
    await pass_(city, DAY_MS)
    assert "could not be published" in (await mina.get("/notifications")).text
    page = await mina.get("/scheduled")
    assert "The post that you answer was deleted by its author." in page.text
    path = next(f.action for f in page.forms if f.action.endswith("/cancel"))
    await mina.post(path)
    assert "An answer" not in (await mina.get("/scheduled")).text


async def test_visitors_have_nothing_scheduled(city):
    visitor = await city.visitor()
    await visitor.get("/scheduled")
    assert visitor.url.startswith("/sign-in")
    assert "/sign-in" in await visitor.post("/scheduled/1/cancel")
