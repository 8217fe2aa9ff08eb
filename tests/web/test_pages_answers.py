"""Who may answer, on the pages: chosen, kept to, approved; and reactions beneath a post."""

import msgspec

from server.services import permissions, reading
from server.store import posts as post_store


async def writes(person, **fields):
    """A note through the form; where it leads."""
    return await person.post("/write", kind="note", visibility="public", **fields)


async def test_a_member_chooses_who_may_answer_and_approves_what_comes(city):
    mina, joon, visitor = await city.join("mina"), await city.join("joon"), await city.visitor()
    form = await mina.get("/write?kind=note")
    assert "Who may answer" in form.text
    path = await writes(
        mina, content="What do you think?", may_answer="approved", may_share="nobody"
    )
    seen = await joon.get(path)
    assert "yours waits until then" in seen.text
    assert "does not want it to be shared" in seen.text
    assert "Not everybody may answer this" in (await visitor.get(path)).text
    id = path.rpartition("/")[2]
    answer = await writes(joon, content="I think so", reply_to=id)
    waits = await joon.get(answer)
    assert "you alone see it" in waits.text
    assert "not approved" in waits.text
    await visitor.get(answer, 404)
    assert "I think so" not in (await mina.get(path)).text
    assert "1 answer waits for you" in (await mina.get("/notifications")).text
    page = await mina.get("/notifications/answers")
    assert "I think so" in page.text
    assert "I think so" not in (await joon.get("/notifications/answers")).text
    number = answer.rpartition("/")[2]
    await joon.post(f"/notifications/answers/{number}/approve", 404)
    await mina.post(f"/notifications/answers/{number}/approve")
    await mina.post(f"/notifications/answers/{number}/refuse", 409)
    assert "I think so" in (await visitor.get(path)).text
    assert "I think so" not in (await mina.get("/notifications/answers")).text


async def test_who_may_not_answer_finds_a_sentence_and_no_form(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    path = await writes(mina, content="Only those whom I name", may_answer="named")
    seen = await joon.get(path)
    assert "does not want answers from everybody" in seen.text
    assert not [form for form in seen.forms if form.action == "/write"]
    assert [form for form in (await mina.get(path)).forms if form.action == "/write"]
    id = path.rpartition("/")[2]
    refused = await joon.post("/write", 403, kind="note", content="But", reply_to=id)
    assert "does not want answers from you" in refused


async def test_an_edit_shows_who_may_and_changes_it(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    path = await writes(
        mina, content="Hello", may_answer="named", may_share="nobody", may_quote="followers"
    )
    id = int(path.rpartition("/")[2])
    form = (await mina.get(f"/edit/{id}")).form(f"/edit/{id}")
    shown = [form.fields[name] for name in ("may_answer", "may_share", "may_quote")]
    assert shown == ["named", "nobody", "followers"]
    await mina.post(f"/edit/{id}", content="Hello again")
    kept = await city.db.read(reading.readable, None, id)
    assert (permissions.choice(kept), kept.quote_policy) == ("named", "followers")
    everybody = {"may_answer": "everyone", "may_share": "everyone", "may_quote": "public"}
    await mina.post(f"/edit/{id}", content="Hello again", **everybody)
    now = await city.db.read(reading.readable, None, id)
    assert (now.permits, now.quote_policy) == ("", "public")
    assert [form for form in (await joon.get(path)).forms if form.action == "/write"]


async def test_an_author_takes_out_an_answer_a_quote_and_a_share(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    path = await writes(mina, content="What do you think?", may_answer="approved")
    id = path.rpartition("/")[2]
    answer = (await writes(joon, content="I think so", reply_to=id)).rpartition("/")[2]
    await mina.post(f"/notifications/answers/{answer}/approve")
    quote = await city.writes(joon, "Look at this", quoted_id=int(id))
    await joon.post(f"/posts/{id}/boost")
    assert "Take it from under my post" in (await mina.get(path)).text
    assert "Take it from under my post" not in (await joon.get(path)).text
    await joon.post(f"/posts/{answer}/disapprove", 404)
    await mina.post(f"/posts/{answer}/disapprove")
    assert "I think so" not in (await mina.get(path)).text
    assert "did not approve" in (await joon.get(f"/@joon/{answer}")).text
    of_quote = f"/@joon/{quote.id}"
    assert "Take my post out of this quote" in (await mina.get(of_quote)).text
    assert "Take my post out of this quote" not in (await joon.get(of_quote)).text
    await mina.post(f"/posts/{quote.id}/unquote")
    assert "What do you think?" not in (await joon.get(of_quote)).text
    shares = f"{path}/boosts"
    assert "Take this share out" not in (await joon.get(shares)).text
    assert "Take this share out" in (await mina.get(shares)).text
    await joon.post(f"/posts/{id}/boosts/{joon.account.id}/remove", 403)
    await mina.post(f"/posts/{id}/boosts/{joon.account.id}/remove")
    await mina.post(f"/posts/{id}/boosts/{joon.account.id}/remove", 404)
    assert "joon" not in (await mina.get(shares)).text


async def test_a_choice_that_was_never_offered_is_the_usual_one(city):
    mina = await city.join("mina")
    path = await writes(mina, content="x", may_answer="<script>", may_share="-1")
    post = await city.db.read(reading.readable, None, int(path.rpartition("/")[2]))
    assert post.permits == ""


async def test_reactions_stand_beneath_a_post_and_their_pictures_come_through_us(city):
    mina, visitor = await city.join("mina"), await city.visitor()
    post = await city.writes(mina, "Hello")
    listed = [("🎉", "", 3), (":blob:", "https://far.test/blob.png", 1), ("<b>", "", 1)]
    said = msgspec.json.encode(listed).decode()
    await city.db.write(lambda tx: post_store.set_columns(tx, post.id, reactions=said))
    for path in (f"/@mina/{post.id}", "/local"):
        page = await visitor.get(path)
        assert "🎉" in page.text
        assert "https://far.test/blob.png" not in page.text
        assert "/media/remote/emoji/" in page.text
        assert "&lt;b&gt;" in page.text


async def test_apps_that_know_gotosocial_are_told_who_may_answer(city):
    mina, visitor = await city.join("mina"), await city.visitor()
    post = await city.writes(mina, "Who may?", replies="close", boosts="nobody")
    plain = await city.writes(mina, "Everybody")
    told = {}
    for id in (post.id, plain.id):
        async with visitor.client.get(f"/api/v1/statuses/{id}") as answer:
            told[id] = await answer.json()
    policy = told[post.id]["interaction_policy"]
    assert policy["can_reply"]["always"] == ["author", "mentioned", "followers", "following"]
    assert policy["can_reblog"] == {"always": ["author"], "with_approval": []}
    assert policy["can_favourite"]["always"] == ["public"]
    assert "interaction_policy" not in told[plain.id]
