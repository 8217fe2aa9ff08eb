"""Posts written, edited and deleted from apps: what apps count on beyond the text."""

import aiohttp

from server.clock import DAY_MS, now_ms
from server.store import media
from tests.web.an_app import app_of, nobodys
from tests.web.city import a_picture


async def picture(app, description="감"):
    form = aiohttp.FormData()
    form.add_field("file", a_picture(), filename="a.png", content_type="image/png")
    form.add_field("description", description)
    return await app.post("/v2/media", data=form)


async def test_a_post_is_sensitive_as_its_author_always_wants_it_unless_it_says_otherwise(any_city):
    mina = await app_of(any_city, "mina")
    assert (await mina.says("글"))["sensitive"] is False
    column = "UPDATE member SET default_sensitive = 1 WHERE account_id = :id"
    await any_city.db.write(lambda tx: tx.run(column, id=mina.account.id))
    assert (await mina.says("글"))["sensitive"] is True
    assert (await mina.says("글", sensitive=False))["sensitive"] is False
    assert (await mina.get("/v1/preferences"))["posting:default:sensitive"] is True


async def test_what_cannot_be_posted_is_refused_with_a_sentence(any_city):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    secret = await mina.says("비밀", visibility="private")
    gone = await mina.says("글")
    await mina.delete(f"/v1/statuses/{gone['id']}")
    for more, status in (
        ({"status": " "}, 422),
        ({"status": "x", "language": "한국어"}, 422),
        ({"status": "x", "visibility": "secret"}, 422),
        ({"status": "x", "in_reply_to_id": secret["id"]}, 404),
        ({"status": "x", "in_reply_to_id": gone["id"]}, 404),
        ({"status": "x", "in_reply_to_id": "1"}, 404),
        ({"status": "x", "media_ids": ["1"]}, 404),
    ):
        refused = await joon.post("/v1/statuses", json=more, expect=status)
        assert len(refused["error"]) > 10


async def test_a_warning_before_nothing_is_the_text(any_city):
    mina = await app_of(any_city, "mina")
    post = await mina.says("", spoiler_text="할 말은 이것뿐")
    assert (post["spoiler_text"], "할 말은" in post["content"]) == ("", True)


async def test_an_edit_describes_its_pictures_and_lets_go_of_others(any_city):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    kept, dropped, foreign = await picture(mina), await picture(mina), await picture(joon)
    post = await mina.says("글", media_ids=[kept["id"], dropped["id"]])
    path = f"/v1/statuses/{post['id']}"
    said = [
        {"id": kept["id"], "description": "잘 익은 감", "focus": "0.5,-0.5"},
        {"id": foreign["id"], "description": "남의 것"},
    ]
    sent = {"status": "새 글", "media_ids": [kept["id"]], "media_attributes": said}
    changed = await mina.put(path, json=sent)
    (shown,) = changed["media_attachments"]
    assert (shown["id"], shown["description"]) == (kept["id"], "잘 익은 감")
    assert shown["meta"]["focus"] == {"x": 0.5, "y": -0.5}
    assert (await joon.get(f"/v1/media/{foreign['id']}"))["description"] == "감"
    form = {
        "status": "또 새 글",
        "media_ids[]": kept["id"],
        "media_attributes[][id]": kept["id"],
        "media_attributes[][description]": "감 하나",
    }
    changed = await mina.put(path, data=form)
    assert changed["media_attachments"][0]["description"] == "감 하나"
    wrong = [{"id": kept["id"], "focus": "left"}]
    await mina.put(path, json={**sent, "media_attributes": wrong}, expect=422)
    theirs = {"media_ids": [foreign["id"]], "media_attributes": [{"id": foreign["id"]}]}
    await mina.put(path, json={"status": "x", **theirs}, expect=404)


async def test_a_deleted_post_can_be_written_anew_with_its_pictures(any_city):
    mina = await app_of(any_city, "mina")
    one = await picture(mina)
    post = await mina.says("안녕 **모두**", media_ids=[one["id"]], spoiler_text="조심")
    gone = await mina.delete(f"/v1/statuses/{post['id']}")
    assert (gone["text"], gone["spoiler_text"]) == ("안녕 **모두**", "조심")
    assert gone["media_attachments"][0]["id"] == one["id"]
    late = now_ms() - DAY_MS
    assert await any_city.db.write(media.remove_loose, late) == []
    again = await mina.says(gone["text"], media_ids=[one["id"]])
    assert again["media_attachments"][0]["description"] == "감"


async def test_with_delete_media_the_pictures_go_too(any_city):
    mina = await app_of(any_city, "mina")
    for how in ({"params": {"delete_media": "true"}}, {"json": {"delete_media": True}}):
        one = await picture(mina)
        post = await mina.says("글", media_ids=[one["id"]])
        await mina.delete(f"/v1/statuses/{post['id']}", **how)
        late = now_ms() - DAY_MS
        assert len(await any_city.db.write(media.remove_loose, late)) >= 1
        await mina.says("글", media_ids=[one["id"]], expect=404)


async def test_pins_are_ones_own_and_few(any_city):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    post = await mina.says("글")
    await joon.does("pin", post, expect=422)
    await joon.does("unpin", post, expect=422)
    direct = await mina.says("나만", visibility="direct")
    await mina.does("pin", direct, expect=422)
    await joon.does("pin", direct, expect=404)
    for _ in range(5):
        assert (await mina.does("pin", await mina.says("글")))["pinned"] is True
    await mina.does("pin", post, expect=422)
    assert (await mina.does("unpin", post))["pinned"] is False


async def test_nothing_is_translated_here_and_apps_are_told_so(any_city):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    post = await mina.says("글")
    assert "translate" in (await joon.does("translate", post, expect=404))["error"]
    await nobodys(any_city).does("translate", post, expect=401)
    assert await nobodys(any_city).get("/v1/instance/translation_languages") == {}


async def test_every_version_of_a_post_is_told_to_those_who_may_read_it(any_city):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    post = await mina.says("처음", visibility="private")
    path = f"/v1/statuses/{post['id']}"
    await mina.put(path, json={"status": "다음", "spoiler_text": "조심", "sensitive": True})
    first, second = await mina.get(f"{path}/history")
    assert "처음" in first["content"] and first["spoiler_text"] == ""
    assert "다음" in second["content"] and second["spoiler_text"] == "조심"
    assert first["created_at"] == post["created_at"]
    assert first["account"]["id"] == mina.id and first["emojis"] == []
    assert await mina.get(f"{path}/source") == {
        "id": post["id"],
        "text": "다음",
        "spoiler_text": "조심",
        "title": "",
        "lead": "",
    }
    for what in ("history", "source"):
        await joon.get(f"{path}/{what}", expect=404)


async def test_a_post_says_with_which_app_it_was_written(any_city):
    mina = await app_of(any_city, "mina")
    register = """
        INSERT INTO app (id, client_id, secret_hash, name, website, redirect_uris, scopes,
            created_ms, used_ms)
        VALUES (7, 'c', :hash, 'Tusk', 'https://tusk.example', '', '', 1, 1)
    """

    def own_app(tx):
        tx.run(register, hash=b"x")
        tx.run("UPDATE access_token SET app_id = 7 WHERE account_id = :id", id=mina.account.id)

    await any_city.db.write(own_app)
    post = await mina.says("글")
    assert post["application"] == {"name": "Tusk", "website": "https://tusk.example"}
