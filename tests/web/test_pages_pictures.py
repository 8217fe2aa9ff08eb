"""Pictures between choosing and publishing: nothing chosen is lost, nothing refused is stored."""

import re

import pytest

from server.clock import DAY_MS, now_ms
from server.model import Media
from server.services import accounts, drafts, media, posts, reading, sessions
from server.store import media as media_rows
from server.worker import housekeeping
from tests.web.city import PASSWORD, a_picture, upload
from tests.web.html import HtmlPage
from web.keys import CONFIG, PICTURES


def ids_in(text: str) -> list[int]:
    return [int(id) for id in re.findall(r'name="media" value="(\d+)"', text)]


async def sweep(city, days):
    """What housekeeping does with pictures, `days` from now; how many files went."""
    names = await city.db.write(media_rows.remove_loose, now_ms() + days * DAY_MS)
    return len(names)


async def rows(city) -> list[Media]:
    def read(db):
        return [Media(**row) for row in db.all("SELECT * FROM media ORDER BY id")]

    return await city.db.read(read)


# --- drafts


async def test_a_picture_stays_as_long_as_a_draft_names_it(any_city):
    mina = await any_city.join("mina")
    await upload(mina, "/write", kind="note", content="A", do="draft", picture_1=a_picture())
    await upload(mina, "/write", 200, kind="note", content="B", do="preview", picture_1=a_picture())
    assert await sweep(any_city, 30) > 0
    (kept,) = await rows(any_city)
    (draft,) = await any_city.db.read(drafts.all, mina.account.id)
    page = await mina.get(f"/write?draft={draft.id}")
    assert ids_in(page.text) == [kept.id]
    await mina.post(f"/drafts/{draft.id}/delete")
    assert await sweep(any_city, 30) > 0
    assert await rows(any_city) == []


async def test_a_draft_keeps_no_picture_of_somebody_else_nor_one_that_was_deleted(any_city):
    mina, joon = await any_city.join("mina"), await any_city.join("joon")
    note = await upload(mina, "/write", kind="note", content="A", picture_1=a_picture())
    (picture,) = await rows(any_city)
    for person in (mina, joon):
        body = {"kind": "note", "media_ids": [picture.id]}
        await any_city.db.write(drafts.save, person.account.id, None, body, now_ms())
    id = int(note.rpartition("/")[2])
    await any_city.db.write(posts.delete, any_city.site, mina.account, id, now_ms())
    assert await sweep(any_city, 0) > 0
    assert await rows(any_city) == []


async def test_a_draft_keeps_what_its_pictures_show(city):
    mina = await city.join("mina")
    told = await upload(
        mina, "/write", 200, kind="note", content="A", do="preview", picture_1=a_picture()
    )
    (id,) = ids_in(told)
    fields = {**HtmlPage(told).form("/write").fields, f"alt_{id}": "A lantern", "do": "draft"}
    await mina.post("/write", **fields)
    (draft,) = await city.db.read(drafts.all, mina.account.id)
    page = (await mina.get(f"/write?draft={draft.id}")).form("/write")
    assert page.fields[f"alt_{id}"] == "A lantern"
    note = await mina.post("/write", **page.fields)
    assert 'alt="A lantern"' in (await mina.get(note)).text


async def test_what_a_picture_shows_survives_a_session_that_ended(city):
    mina = await city.join("mina")
    told = await upload(
        mina, "/write", 200, kind="note", content="A", do="preview", picture_1=a_picture()
    )
    (id,) = ids_in(told)
    fields = {**HtmlPage(told).form("/write").fields, f"alt_{id}": "A lantern"}
    await city.db.write(sessions.revoke_others, mina.account.id)
    page = HtmlPage(await mina.post("/write", 401, data=fields))
    waiting = {**page.form("/sign-in").fields, "name": "mina", "password": PASSWORD}
    draft = await mina.post("/sign-in", data=waiting)
    assert (await mina.get(draft)).form("/write").fields[f"alt_{id}"] == "A lantern"


async def test_an_edit_whose_session_has_ended_goes_on_as_that_edit(city):
    mina = await city.join("mina")
    post = await city.writes(mina, "Old words", title="A story", visibility="unlisted")
    path = f"/edit/{post.id}"
    fields = {**(await mina.get(path)).form(path).fields, "content": "New words"}
    await city.db.write(sessions.revoke_others, mina.account.id)
    page = HtmlPage(await mina.post(path, 401, data=fields))
    assert page.faults == []
    waiting = {**page.form("/sign-in").fields, "name": "mina", "password": PASSWORD}
    draft = await mina.post("/sign-in", data=waiting)
    form = (await mina.get(draft)).form(path).fields
    assert form["content"] == "New words"
    await mina.post(path, **form)
    changed = (await city.db.read(reading.view, mina.account.id, post.id)).post
    assert (changed.source, changed.visibility, changed.version) == ("New words", "unlisted", 2)
    assert await city.db.read(drafts.all, mina.account.id) == []


async def test_a_kept_edit_of_a_post_that_is_gone_or_foreign_is_a_text_of_its_own(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    post = await city.writes(mina, "Old words")
    body = {"kind": "note", "content": "Kept", "edits_id": post.id}
    other = await city.db.write(drafts.save, joon.account.id, None, body, now_ms())
    own = await city.db.write(drafts.save, mina.account.id, None, body, now_ms())
    await joon.get(f"/write?draft={other.id}")
    await city.db.write(posts.delete, city.site, mina.account, post.id, now_ms())
    for person, draft in ((mina, own), (joon, other)):
        form = (await person.get(f"/write?draft={draft.id}")).form("/write").fields
        assert form["content"] == "Kept"
        assert "edits" not in form


async def test_a_form_from_before_a_new_sign_in_still_shows_its_pictures(city):
    mina = await city.join("mina")
    note = await upload(mina, "/write", kind="note", content="A", picture_1=a_picture())
    path = f"/edit/{note.rpartition('/')[2]}"
    form = (await mina.get(path)).form(path).fields
    told = HtmlPage(await mina.post(path, 403, **{**form, "csrf": "of yesterday"}))
    await mina.post(path, **told.form(path).fields)
    assert "<figure>" in (await mina.get(note)).text


# --- alternative texts


async def test_a_refused_or_previewed_edit_says_nothing_new_of_its_pictures(any_city):
    mina = await any_city.join("mina")
    note = await upload(
        mina, "/write", kind="note", content="A", picture_1=a_picture(), picture_1_alt="A wall"
    )
    (picture,) = await rows(any_city)
    path = f"/edit/{note.rpartition('/')[2]}"
    form = (await mina.get(path)).form(path).fields
    typed = {**form, f"alt_{picture.id}": "A painted wall"}
    for status, more in ((200, {"do": "preview"}), (422, {"content": "x" * 5001})):
        page = HtmlPage(await mina.post(path, status, **{**typed, **more}))
        assert page.form(path).fields[f"alt_{picture.id}"] == "A painted wall"
        assert 'alt="A wall"' in (await mina.get(note)).text
    await mina.post(path, **typed)
    assert 'alt="A painted wall"' in (await mina.get(note)).text


async def test_saying_what_a_picture_shows_leaves_its_focal_point_where_it_was(city):
    mina = await city.join("mina")
    note = await upload(mina, "/write", kind="note", content="A", picture_1=a_picture())
    (picture,) = await rows(city)
    await city.db.write(media.describe, mina.account.id, picture.id, "Old", (0.5, -0.5))
    path = f"/edit/{note.rpartition('/')[2]}"
    form = (await mina.get(path)).form(path).fields
    await mina.post(path, **{**form, f"alt_{picture.id}": "New"})
    (picture,) = await rows(city)
    assert (picture.alt, picture.focus_x, picture.focus_y) == ("New", 0.5, -0.5)


async def test_nobody_describes_the_picture_of_another_or_of_another_post(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    await upload(
        mina, "/write", kind="note", content="A", picture_1=a_picture(), picture_1_alt="A wall"
    )
    (picture,) = await rows(city)
    typed = {"kind": "note", "content": "B", "media": str(picture.id)}
    for person, status in ((joon, 404), (mina, 409)):
        told = await person.post("/write", status, **typed, **{f"alt_{picture.id}": "Mine"})
        assert HtmlPage(told).form("/write").fields["content"] == "B"
    assert (await rows(city))[0].alt == "A wall"


# --- files


def on_disk(city) -> set[str]:
    folder = city.app[CONFIG].media.folder
    return {path.name for path in folder.rglob("*") if path.is_file()}


async def named(city) -> set[str]:
    return {name for row in await rows(city) for name in (row.large, row.medium, row.small)} - {""}


async def test_all_three_files_of_a_picture_go_with_its_post(any_city):
    mina = await any_city.join("mina")
    picture = a_picture((2000, 1500))
    note = await upload(mina, "/write", kind="note", content="A", picture_1=picture)
    (row,) = await rows(any_city)
    assert on_disk(any_city) == {row.large, row.medium, row.small}
    page = await mina.get(note)
    for name in (row.large, row.medium, row.small):
        assert f"/media/{name} " in page.text
    id = int(note.rpartition("/")[2])
    await any_city.db.write(posts.delete, any_city.site, mina.account, id, now_ms())
    await keep_house(any_city)
    assert on_disk(any_city) == set()
    assert await rows(any_city) == []


async def test_a_profile_keeps_one_file_of_a_picture_with_three(any_city):
    mina = await any_city.join("mina")
    await upload(mina, "/settings/profile", header=a_picture((2000, 1500)))
    assert len(on_disk(any_city)) == 3
    await keep_house(any_city)
    shown = await any_city.db.read(accounts.visible, mina.account.id)
    assert on_disk(any_city) == {shown.header.rpartition("/")[2]}


async def test_a_sweep_keeps_every_file_that_a_row_names(any_city):
    mina = await any_city.join("mina")
    await upload(
        mina, "/settings/profile", avatar=a_picture(), header=a_picture((2000, 1500), "red")
    )
    await upload(
        mina, "/write", kind="note", content="A", do="draft", picture_1=a_picture((2000, 1500))
    )
    await upload(mina, "/write", kind="note", content="A", picture_1=a_picture((2000, 1500)))
    await keep_house(any_city)
    before = on_disk(any_city)
    stray = any_city.app[CONFIG].media.folder / "ab" / f"{'ab' * 16}.jpg"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"")
    later = now_ms() + 2 * DAY_MS
    await housekeeping.sweep_files(any_city.db, any_city.app[PICTURES].store, later)
    assert on_disk(any_city) == before
    assert len(before) == 8
    assert await named(any_city) < before


async def keep_house(city):
    await housekeeping.keep_house_once(city.db, city.app[PICTURES].store, 1 << 30, now_ms())


# --- profiles


async def test_a_refused_profile_keeps_the_pictures_that_were_chosen(any_city):
    mina = await any_city.join("mina")
    told = await upload(
        mina,
        "/settings/profile",
        422,
        bio="x" * 1001,
        avatar=a_picture(),
        header=a_picture((1500, 500)),
    )
    page = HtmlPage(told)
    assert page.faults == []
    assert "not saved yet" in told
    form = page.form("/settings/profile").fields
    assert form["avatar_kept"] and form["header_kept"]
    assert (await any_city.db.read(accounts.visible, mina.account.id)).avatar == ""
    await upload(mina, "/settings/profile", **{**form, "bio": "Short", "avatar": "", "header": ""})
    shown = await any_city.db.read(accounts.visible, mina.account.id)
    for picture in (shown.avatar, shown.header):
        async with mina.client.get(picture.removeprefix(any_city.site.origin)) as answer:
            assert answer.status == 200
    kept = {name for row in await rows(any_city) for name in (row.large, row.small)}
    assert not {shown.avatar.rpartition("/")[2], shown.header.rpartition("/")[2]} & kept
    assert "not saved yet" not in (await mina.get("/settings")).text


async def test_one_bad_picture_does_not_lose_the_good_one(city):
    mina = await city.join("mina")
    files = {"avatar": b"no picture", "header": a_picture((1500, 500))}
    told = await upload(mina, "/settings/profile", 422, **files)
    assert 'id="avatar-error"' in told
    form = HtmlPage(told).form("/settings/profile").fields
    assert "avatar_kept" not in form
    assert form["header_kept"]


async def test_the_files_of_pictures_that_a_profile_showed_are_let_go(city):
    mina = await city.join("mina")
    await upload(mina, "/settings/profile", avatar=a_picture(), header=a_picture((1500, 500)))
    first = await city.db.read(accounts.visible, mina.account.id)
    await upload(mina, "/settings/profile", avatar=a_picture(colour="red"))
    await upload(mina, "/settings/profile", header_remove="on")
    names = await city.db.write(media_rows.remove_loose, now_ms())
    gone = {url.rpartition("/")[2] for url in (first.avatar, first.header)}
    assert gone <= set(names)
    shown = await city.db.read(accounts.visible, mina.account.id)
    assert shown.avatar.rpartition("/")[2] not in names
    assert shown.header == ""


@pytest.mark.parametrize("field", ["avatar", "header"])
async def test_a_profile_takes_no_picture_of_a_post_or_of_somebody_else(city, field):
    mina, joon = await city.join("mina"), await city.join("joon")
    await upload(mina, "/write", kind="note", content="A", picture_1=a_picture())
    await upload(joon, "/write", 200, kind="note", content="A", do="preview", picture_1=a_picture())
    for picture in await rows(city):
        await upload(mina, "/settings/profile", **{f"{field}_kept": str(picture.id)})
    assert getattr(await city.db.read(accounts.visible, mina.account.id), field) == ""
    assert len(await rows(city)) == 2
