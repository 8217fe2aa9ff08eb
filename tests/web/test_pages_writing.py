"""What people write by pages: nothing that was typed is lost, and nothing happens twice."""

import re

from server.clock import now_ms
from server.services import (
    drafts,
    reading,
    sessions,
)
from tests.web.city import PASSWORD, a_picture, upload
from tests.web.html import HtmlPage

# --- nothing that was typed is lost


async def test_a_refused_text_comes_back_as_it_was_with_its_pictures(city):
    mina = await city.join("mina")
    text = "  indented\n\n<b>not bold</b> & “quoted”"
    told = await upload(
        mina,
        "/write",
        422,
        kind="story",
        title=" ",
        lead="A lead",
        content=text,
        warning="Heights",
        visibility="followers",
        language="vi",
        picture_1=a_picture(),
        picture_1_alt="A bridge",
        picture_2=a_picture(colour="red"),
    )
    page = HtmlPage(told)
    assert page.faults == []
    assert "A story needs a title." in told
    form = page.form("/write")
    assert form.fields["content"] == text
    assert form.fields["lead"] == "A lead"
    assert form.fields["warning"] == "Heights"
    assert form.fields["visibility"] == "followers"
    assert form.fields["language"] == "vi"
    assert told.count('name="media"') == 2
    assert "A bridge" in told
    ids = re.findall(r'name="media" value="(\d+)"', told)
    fields = [(name, value) for name, value in form.fields.items() if name != "media"]
    sent = [*fields, *(("media", id) for id in ids), ("remove", ids[1]), ("title", "Now titled")]
    sent = [(k, v) for k, v in sent if (k, v) != ("title", "")]
    story = await mina.post("/write", data=sent)
    shown = (await mina.get(story)).text
    assert "A bridge" in shown
    assert shown.count("<figure>") == 1


async def test_a_picture_that_is_none_is_refused_and_the_others_stay(city):
    mina = await city.join("mina")
    fields = {"kind": "note", "content": "Look", "picture_1": a_picture(), "picture_2": b"%PDF-1.7"}
    told = await upload(mina, "/write", 422, **fields)
    assert 'id="pictures-error"' in told
    assert told.count('name="media"') == 1
    assert HtmlPage(told).form("/write").fields["content"] == "Look"


async def test_a_text_whose_session_has_ended_waits_until_its_author_is_back(city):
    mina = await city.join("mina")
    story = await city.writes(mina)
    form = (await mina.get(f"/@mina/{story.id}")).form("/write").fields
    await city.db.write(sessions.revoke_others, mina.account.id)
    told = await mina.post("/write", 401, data={**form, "content": "A long\n answer <i>"})
    page = HtmlPage(told)
    assert page.faults == []
    form = page.form("/sign-in").fields
    assert form["kept_content"] == "A long\n answer <i>"
    wrong = HtmlPage(
        await mina.post("/sign-in", 422, data={**form, "name": "mina", "password": "x"})
    )
    form = wrong.form("/sign-in").fields
    went = await mina.post("/sign-in", data={**form, "name": "mina", "password": PASSWORD})
    assert went.startswith("/write?draft=")
    draft = (await mina.get(went)).form("/write").fields
    assert draft["content"] == "A long\n answer <i>"
    assert draft["reply_to"] == str(story.id)
    await mina.post("/write", data=draft)
    assert await city.db.read(drafts.all, mina.account.id) == []


async def test_a_text_from_before_a_new_sign_in_is_shown_again_not_published(city):
    mina = await city.join("mina")
    post = await city.writes(mina, "Old words")
    for path in ("/write", f"/edit/{post.id}"):
        told = await mina.post(path, 403, csrf="of yesterday", kind="note", content="New words")
        assert HtmlPage(told).form(path).fields["content"] == "New words"
    assert "New words" not in (await mina.get("/@mina")).text


async def test_a_draft_is_kept_changed_published_and_thrown_away(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    typed = {"kind": "story", "title": "Half", "content": "Begun", "do": "draft"}
    assert await mina.post("/write", **typed) == "/drafts"
    id = (await city.db.read(drafts.all, mina.account.id))[0].id
    await joon.get(f"/write?draft={id}", 404)
    form = (await mina.get(f"/write?draft={id}")).form("/write").fields
    assert form["title"] == "Half"
    await mina.post("/write", **{**form, "content": "More", "do": "draft"})
    assert len(await city.db.read(drafts.all, mina.account.id)) == 1
    await mina.post("/write", title="", kind="story", content="Other", do="draft")
    other = next(d.id for d in await city.db.read(drafts.all, mina.account.id) if "Other" in d.body)
    await joon.post(f"/drafts/{other}/delete")
    assert len(await city.db.read(drafts.all, mina.account.id)) == 2
    await mina.post(f"/drafts/{other}/delete")
    story = await mina.post("/write", **{**form, "content": "Done"})
    assert "Done" in (await joon.get(story)).text
    assert await city.db.read(drafts.all, mina.account.id) == []


async def test_a_draft_of_an_older_version_does_not_break_the_page(city):
    mina = await city.join("mina")
    for body in ({"kind": 7}, {"media_ids": ["x"]}, {"unknown": 1, "title": "Kept"}):
        await city.db.write(drafts.save, mina.account.id, None, body, now_ms())
    page = await mina.get("/drafts")
    assert "Kept" in page.text


# --- publishing


async def test_a_preview_shows_the_text_and_publishes_nothing(city):
    mina = await city.join("mina")
    typed = {"kind": "story", "title": "T", "content": "**bold** <script>x</script>"}
    told = await mina.post("/write", 200, **typed, do="preview")
    assert "<strong>bold</strong>" in told
    assert "<script>" not in told
    assert "T" not in (await mina.get("/@mina")).headings


async def test_a_preview_shows_the_poll(city):
    mina = await city.join("mina")
    typed = {"kind": "note", "content": "Tea?", "option": ["Green <b>", "Black"], "lasts": "3600"}
    page = await mina.post("/write", 200, **typed, do="preview")
    shown = page.partition('class="preview"')[2].partition("</section>")[0]
    assert "Green &lt;b&gt;" in shown and "Black" in shown and "choose one" in shown


async def test_pressing_the_button_twice_publishes_once(city):
    mina = await city.join("mina")
    form = (await mina.get("/home")).form("/write").fields
    first = await mina.post("/write", **{**form, "content": "Once"})
    second = await mina.post("/write", **{**form, "content": "Once"})
    assert first == second


async def test_what_is_too_long_or_empty_is_refused_in_words(city):
    mina = await city.join("mina")
    assert "too long" in await mina.post("/write", 422, kind="note", content="x" * 5001)
    assert "write something" in await mina.post("/write", 422, kind="note", content="  ")


async def test_an_edit_changes_neither_who_may_read_nor_what_it_is(city):
    mina = await city.join("mina")
    post = await city.writes(mina, visibility="followers")
    sent = {"kind": "story", "title": "T", "content": "New", "visibility": "public"}
    await mina.post(f"/edit/{post.id}", **sent)
    changed = (await city.db.read(reading.view, mina.account.id, post.id)).post
    assert (changed.visibility, changed.kind, changed.title) == ("followers", "note", "")


async def test_a_story_without_a_lead_says_its_beginning_once_and_is_edited_without_one(city):
    mina = await city.join("mina")
    text = "The water came at night.\n\nNobody slept."
    story = await mina.post("/write", kind="story", title="The flood", content=text)
    page = await mina.get(story)
    assert page.text.count("<p>The water came at night.") == 1
    edit = await mina.get(f"/edit/{story.rpartition('/')[2]}")
    assert edit.form(f"/edit/{story.rpartition('/')[2]}").fields["lead"] == ""


async def test_who_wants_pictures_in_a_comment_keeps_what_they_typed(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    post = await city.writes(mina, "Ten years", title="The path")
    fields = (await joon.get(f"/@mina/{post.id}")).form("/write").fields
    typed = {**fields, "content": "@mina Benches first", "do": "pictures"}
    form = HtmlPage(await joon.post("/write", 200, **typed)).form("/write")
    assert form.fields["content"] == "@mina Benches first"
    assert form.fields["reply_to"] == str(post.id)
    assert form.fields["once"] == fields["once"]
    assert "picture_1" in form.fields
    assert await city.db.read(lambda db: db.one("SELECT count(*) AS n FROM post")["n"]) == 1
