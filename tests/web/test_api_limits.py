"""Bodies that are far too much: refused before they cost the city anything."""

import io

import aiohttp

from server.clock import now_ms
from server.model import AUDIENCES
from server.services import scheduled
from server.services.new_posts import NewPost
from server.store import accounts as rows
from server.store import posts as post_rows
from server.store.db import Read
from tests.web.an_app import app_of

MANY = [str(n) for n in range(1, 60_000)]


async def test_a_list_is_asked_about_no_more_people_than_fit(city):
    app = await app_of(city, "ann")
    made = await app.post("/v1/lists", json={"title": "Neighbours"})
    path = f"/v1/lists/{made['id']}/accounts"
    said = await app.ask("POST", path, expect=422, json={"account_ids": MANY})
    assert "500" in said["error"]
    assert await app.ask("DELETE", path, json={"account_ids": MANY}) == {}


async def test_of_many_fields_only_those_that_count_are_rendered(city):
    app = await app_of(city, "ann")
    rows_ = [{"name": f"n{n}", "value": "**a** _b_ " * 25} for n in range(3_000)]
    said = await app.ask(
        "PATCH", "/v1/accounts/update_credentials", json={"fields_attributes": rows_}
    )
    assert [one["name"] for one in said["fields"]] == ["n0", "n1", "n2", "n3"]


async def test_where_no_file_is_wanted_none_is_read(city):
    visitor = await city.visitor()
    for path in ("/oauth/token", "/api/v1/apps"):
        form = aiohttp.FormData()
        form.add_field("x", io.BytesIO(b"a" * (2 << 20)), filename="x.bin")
        async with visitor.client.post(path, data=form) as answer:
            assert answer.status == 413, path


async def test_a_locked_account_publishes_nothing_that_was_scheduled(city):
    ann = await city.join("ann")
    new = NewPost(content="Later", visibility=AUDIENCES[0])
    due = now_ms() + 600_000
    await city.db.write(scheduled.schedule, ann.account, new, due, app_id=None, now_ms=now_ms())
    await city.db.write(lambda tx: rows.set_member(tx, ann.account.id, disabled_ms=now_ms()))
    await city.db.write(scheduled.publish_next, city.site, due + 1)

    def written(db: Read) -> list[int]:
        return post_rows.ids_by(db, ann.account.id, 9)

    assert await city.db.read(written) == []
