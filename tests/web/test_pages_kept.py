"""What an editor's script keeps while somebody types, and what it finds again."""

import json


async def asked(person, path, **fields):
    """What the script hears."""
    return json.loads(await person.post(path, 200, **fields))


async def published(person, **fields):
    """Publish a note with its form's own key; where that leads."""
    return await person.post("/write", kind="note", visibility="public", **fields)


async def test_words_that_changed_after_publishing_are_said_to_be_and_can_be_published_anew(city):
    ann = await city.join("ann")
    there = await published(ann, content="We meet at four", once="k")
    assert await published(ann, content="We meet at four", once="k") == there  # pressed twice
    token = await ann.token()
    data = {"csrf": token, "kind": "note", "content": "We meet at five", "once": "k"}
    page = await ann.post("/write", 409, data=data)
    assert "published this already" in page
    assert "We meet at five" in page and 'name="once" value="k"' not in page
    assert await published(ann, content="We meet at five", once="another") != there


async def test_a_story_with_a_lead_is_pressed_twice_and_published_once(city):
    ann = await city.join("ann")
    story = {"kind": "story", "title": " The <old>  mill ", "lead": "A & B,\r\n it *turns*. "}
    sent = {**story, "content": "One\r\n\r\ntwo ", "warning": " wet  paint", "once": "k"}
    assert await ann.post("/write", **sent) == await ann.post("/write", **sent)
    bare = {**sent, "lead": "", "once": "l"}  # then one is made of the text
    assert await ann.post("/write", **bare) == await ann.post("/write", **bare)


async def test_a_browsers_copy_is_known_once_published_and_until_then_its_draft_is_named(city):
    ann, eve = await city.join("ann"), await city.join("eve")
    words = {"kind": "note", "content": "Tea at\nfour", "once": "k"}
    nothing = {"known": False, "kept": False, "draft": ""}
    assert await asked(ann, "/write/known", **words) == nothing
    draft = (await asked(ann, "/write/keep", **words))["draft"]
    here = {"known": False, "kept": True, "draft": draft}
    assert await asked(ann, "/write/known", **words) == here
    more = {**words, "content": "Tea at five", "draft": draft}
    assert await asked(ann, "/write/known", **more) == {**here, "kept": False}
    assert await asked(eve, "/write/known", **more) == nothing

    await published(ann, content="Tea at five", once="k", draft=draft)
    assert await asked(ann, "/write/known", **more) == {**nothing, "known": True}
    assert not (await asked(ann, "/write/known", **{**more, "content": "Tea at six"}))["known"]
    assert not (await asked(ann, "/write/known", **{**more, "once": ""}))["known"]
    assert await asked(ann, "/write/keep", **more) == {"draft": ""}


async def test_a_stranger_and_a_forged_form_learn_nothing_of_what_was_kept(city):
    visitor, ann = await city.visitor(), await city.join("ann")
    words = {"kind": "note", "content": "Secret"}
    assert "error" in json.loads(await visitor.post("/write/known", 401, **words))
    forged = {"csrf": "guessed", **words}
    assert "error" in json.loads(await ann.post("/write/known", 403, data=forged))
