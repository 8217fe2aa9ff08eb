"""Parts of pages, for pages that are open already."""

from web import render


async def test_a_part_of_a_page_asks_for_nothing_that_its_frame_shows(city, monkeypatch):
    mina, joon = await city.join("mina"), await city.join("joon")
    post = await city.writes(mina, "Hello")
    token = await joon.token()

    def never(*_):
        raise AssertionError("a part of a page counted notifications")

    monkeypatch.setattr(render.notifications, "unread", never)
    sent = {"csrf": token, "kind": "note", "content": "Words"}
    in_place = {**joon.headers, "HX-Request": "true"}
    asked = (
        ("POST", f"/posts/{post.id}/like", f'id="acts-{post.id}"'),
        ("POST", "/write/preview", "Words"),
        ("GET", "/write/complete?q=@mi", "@mina"),
        ("GET", f"/@mina/{post.id}/branch", ""),
    )
    for method, path, words in asked:
        data = sent if method == "POST" else None
        async with joon.client.request(method, path, data=data, headers=in_place) as answer:
            assert answer.status == 200, path
            assert answer.headers["Cache-Control"] == "no-store"
            text = await answer.text()
            assert words in text and "<body" not in text
