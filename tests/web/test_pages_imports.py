"""An editor brings an old blog: the pages of it, the command, and the old addresses."""

import csv
import io
import shutil

import aiohttp
import msgspec

from server.clock import now_ms
from server.services import blog, blog_desk, import_claims, imports
from server.store import accounts, blog_people, jobs
from server.store import imports as store
from server.worker.importing import Importing
from server.worker.jobs import DEEDS
from tests.server.blogs import textcube, tistory_page, wordpress
from tests.village import eventually
from tests.web.city import start, stop
from tests.web.test_pages_blog import found
from web import cli
from web.keys import FETCHER, NOW, PICTURES, SITE

DESK = "/c/project/desk/imports"


async def sends(person, said, status=303, **fields):
    """Choose a file in the form and send it."""
    data = aiohttp.FormData()
    for name, value in {"csrf": await person.token(), **fields}.items():
        data.add_field(name, value)
    data.add_field("backup", io.BytesIO(said), filename="../../x.xml", content_type="text/xml")
    return await person.post(DESK, status, data=data)


async def works(city):
    """What the worker does, now."""
    importing = Importing(city.db, city.app[FETCHER], city.app[PICTURES], city.app[NOW])
    for job in await city.db.write(jobs.claim, now_ms(), 9):
        if job.kind == imports.JOB:
            await importing.do(job)
        elif job.kind == import_claims.JOB:
            of = msgspec.json.decode(job.payload)
            await city.db.write(DEEDS[job.kind], city.app[SITE], job, of, now_ms())


async def writes(city, name):
    """Somebody becomes a writer of the blog."""

    def added(tx):
        home = blog.by_name(tx, "project")
        ann, who = accounts.by_handle(tx, "ann"), accounts.by_handle(tx, name)
        cohort = blog_desk.add_cohort(tx, ann, home, 1, 2026, now_ms=now_ms())
        blog_people.add_writer(tx, cohort.id, who.id, now_ms())

    await city.db.write(added)


async def reads(person, path):
    """Open a story whose text has pictures, which it names by their whole addresses."""
    async with person.client.get(path, headers=person.headers) as answer:
        assert answer.status == 200
        return answer.url.path_qs, await answer.text()


async def test_an_editor_brings_a_blog_and_its_old_addresses_lead_here(city):
    ann, bob = await city.join("ann"), await city.join("bob")
    await found(city, ann)
    assert "Bring an old blog here" in (await ann.get("/c/project/desk")).text
    await ann.get(DESK)
    said = textcube(**{"<title>보호된 글": "<title>=보호된 글"})
    page = await sends(ann, said.encode(), address="https://old.example.kr/")
    assert "being read" in (await ann.get(page)).text
    await works(city)
    ready = await ann.get(page)
    for words in ("Textcube", "광명 이야기", "3 stories", "4 comments", "1 of them secret", "김씨"):
        assert words in ready.text, words
    refused = await ann.post(page, 422, do="start", author_1="bob")
    assert "does not write in this blog" in refused and 'value="bob"' in refused
    assert await ann.post(page, do="start") == page
    moving = await ann.get(page)
    assert "0 of 5 stories" in moving.text and "<progress" in moving.text
    assert 'http-equiv="refresh"' in moving.text
    await works(city)
    done = await ann.get(page)
    assert "It is done." in done.text and "3 new stories" in done.text
    assert done.main.link("김장 하는 날").startswith("/@ann/")
    assert "Stories that came" not in (await ann.get(f"{page}?before=1")).text
    assert "<progress" not in done.text and "장보기.pdf" in done.text
    assert "1 trackback (1 to be checked, 0 confirmed, 0 not confirmed" in done.text
    async with ann.client.get(f"{page}/report.csv") as answer:
        assert answer.content_type == "text/csv"
        table = list(csv.reader(io.StringIO((await answer.text()).removeprefix("\ufeff"))))
    assert any(row[1] == "'=보호된 글" for row in table)  # no formula
    drafts = await ann.get("/drafts")
    assert "나만 보는 글" in drafts.text and "보호된 글" in drafts.text
    # what readers find
    visitor = await city.visitor()
    where, story = await reads(visitor, "/entry/김장-하는-날")
    assert "지나가던 이웃 (old blog)" in story and "010-0000-0000" not in story
    assert 'alt="배추 더미"' in story
    assert "010-0000-0000" in (await reads(ann, where))[1]
    assert "김장 하는 날" in (await visitor.get("/c/project/archive/2011-11")).text
    for path in ("/12", "/12/?utm=x"):
        async with visitor.client.get(path, allow_redirects=False) as answer:
            assert answer.status == 301 and answer.headers["Location"] == where
            assert answer.headers["Cache-Control"] == "max-age=86400"
    for path in ("/14", "/15", "/entry/x", "/1%00"):
        async with visitor.client.get(path, allow_redirects=False) as answer:
            assert answer.status in (400, 404), path
    # others know nothing of it
    for path in (DESK, page, f"{page}/report.csv"):
        assert "광명 이야기" not in (await bob.get(path, 403)).text
        async with visitor.client.get(path, allow_redirects=False) as answer:
            assert answer.status == 303
    await bob.post(page, 403, do="stop")
    await ann.get(f"{DESK}/12345", 404)


async def test_addresses_of_ours_are_never_covered(city):
    ann = await city.join("ann")
    await found(city, ann)
    said = wordpress().replace("https://blog.example.kr/archive/2011/05/123/", "http://x/about")
    page = await sends(ann, said.encode())
    await works(city)
    await ann.post(page, do="start")
    await works(city)
    visitor = await city.visitor()
    await visitor.get("/about")
    assert visitor.url == "/about"
    await visitor.get("/")
    assert visitor.url == "/"
    await visitor.get("/?p=123")
    assert visitor.url.startswith("/@ann/")
    await visitor.get("/?p=124")
    assert visitor.url == "/?p=124"


async def test_who_is_named_is_asked_at_their_desk_and_answers_once_for_all(city):
    ann, bob = await city.join("ann"), await city.join("bob")
    await found(city, ann)
    await writes(city, "bob")
    assert "Did you write this in an old blog?" not in (await bob.get("/desk")).text
    page = await sends(ann, wordpress().encode())
    await works(city)
    assert "they are asked whether they wrote it" in (await ann.get(page)).text
    await ann.post(page, do="start", author_0="bob")
    await works(city)
    asked = (await ann.get(page)).text.split('id="asked"')[1]
    assert "bob" in asked and "Not answered yet" in asked
    mine = f"/desk/imports/{page.rpartition('/')[2]}"
    assert f'href="{mine}"' in (await bob.get("/desk")).text
    shown = (await bob.get(mine)).text
    assert "Yes, I wrote all of this" in shown and "민아" in shown and "헌책방" in shown
    visitor = await city.visitor()
    await visitor.get("/?p=123")
    assert visitor.url.startswith("/@ann/")
    for who, path, status in ((ann, mine, 404), (bob, f"{mine}1", 404)):
        await who.get(path, status)
        await who.post(f"{path}/yes", 404)
    await bob.post(f"{mine}/perhaps", 404)
    assert await bob.post(f"{mine}/no") == mine
    assert "You said no. You can still say yes." in (await bob.get(mine)).text
    assert await bob.post(f"{mine}/yes") == mine
    await works(city)
    assert "You said yes" in (await bob.get(mine)).text
    asked = (await ann.get(page)).text.split('id="asked"')[1]
    assert ">Yes<" in asked and "Not answered yet" not in asked
    assert "You said yes already" in await bob.post(f"{mine}/no", 409)
    await visitor.get("/?p=123")
    assert visitor.url.startswith("/@bob/")


async def test_files_of_others_and_none_at_all_are_refused_in_a_sentence(city):
    ann, bob = await city.join("ann"), await city.join("bob")
    await found(city, ann)
    assert "Please choose the file" in await ann.post(DESK, 422, address="")
    assert "not the address of a blog" in await sends(ann, b"<blog/>", 422, address="ftp://x")
    await sends(bob, b"<blog/>", 403)
    page = await sends(ann, b"<!DOCTYPE b [<!ENTITY a 'b'>]><blog>&a;</blog>")
    assert "under way" in await sends(ann, b"<blog/>", 409)
    await works(city)
    assert "that we do not read" in (await ann.get(page)).text
    run = await city.db.read(store.by_id, int(page.rpartition("/")[2]))
    assert run.state == "failed" and await city.db.read(store.files) == set()
    left = [file async for file in city.app[PICTURES].store.files()]
    assert len(left) == 1  # which housekeeping takes away


async def test_the_worker_does_it_while_nobody_looks(sqlite_template, tmp_path):
    shutil.copy(sqlite_template, tmp_path / "city.db")
    city = await start(f"sqlite:{tmp_path}/city.db", tmp_path, work=True)
    try:
        ann = await city.join("ann")
        await found(city, ann)
        page = await sends(ann, textcube().encode())
        await eventually(lambda: told(ann, page, "Look at what is in it"))
        await ann.post(page, do="start")
        await eventually(lambda: told(ann, page, "It is done."))
        assert await city.db.read(store.files) == set()
    finally:
        await stop(city)


async def told(person, page, words):
    """Whether a page says it."""
    return words in (await person.get(page)).text


def test_the_command_brings_a_blog_and_says_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "madang.toml").write_text('[instance]\ndomain = "here.test"\n')
    (tmp_path / "old.xml").write_text(textcube())
    assert cli.main(["migrate"]) == 0
    assert cli.main(["account", "create", "mina", "--email", "m@here.test"]) == 0
    assert (
        cli.main(["community", "create", "project", "--kind", "blog", "--moderator", "mina"]) == 0
    )
    capsys.readouterr()
    command = ["import", "old.xml", "--community", "@project", "--as", "@mina", "--no-pictures"]
    assert cli.main([*command, "--author", "Nobody=mina"]) == 1
    refused = capsys.readouterr().err
    assert '"Nobody"; --author names one of ""' in refused  # Textcube names nobody
    assert cli.main(command) == 0
    said = capsys.readouterr().out
    assert "Brought 3 stories and 4 comments with 1 picture." in said and "장보기.pdf" in said
    assert cli.main(command) == 0
    assert "Brought 0 stories and 0 comments" in capsys.readouterr().out
    (tmp_path / "old.xml").write_text("<html/>")
    assert cli.main(command) == 1
    assert "not the backup of a blog" in capsys.readouterr().err
    for name, reason in (
        ("none.xml", "Cannot read none.xml: no such file or directory."),
        (".", "not the backup of a blog"),
    ):
        assert cli.main(["import", name, "--community", "project", "--as", "mina"]) == 1
        assert reason in capsys.readouterr().err
    page = tmp_path / "backup" / "7" / "7-글.html"
    page.parent.mkdir(parents=True)
    page.write_text(tistory_page("골목"))
    command = ["import", "backup", "--community", "project", "--as", "mina"]
    assert cli.main(command) == 1
    told = capsys.readouterr().err
    assert "does not say which stories were private" in told and "--public" in told
    assert cli.main([*command, "--public"]) == 0
    assert "Brought 1 story and" in capsys.readouterr().out
