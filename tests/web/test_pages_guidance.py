"""What pages say and where they lead when something is missing, refused or interrupted."""

import pytest

from tests.web.city import ORIGIN, PASSWORD
from web.pages.search import elsewhere


async def test_who_is_signed_out_in_the_middle_returns_to_the_page_of_the_form(city):
    mina, visitor = await city.join("mina"), await city.visitor()
    post = await city.writes(mina)
    story = f"/@mina/{post.id}"
    led = await visitor.post(
        f"/posts/{post.id}/like", csrf="old", headers={"Referer": f"{ORIGIN}{story}"}
    )
    assert led == f"/sign-in?next=%2F%40mina%2F{post.id}"
    page = await visitor.get(led)
    assert "return to where you were" in page.text


@pytest.mark.parametrize(
    "came", ["", "https://evil.example/@mina", "http://[", f"{ORIGIN}//evil.example", "about:blank"]
)
async def test_signing_in_again_never_leads_to_another_website(city, came):
    visitor = await city.visitor()
    assert await visitor.post("/posts/1/like", csrf="old", headers={"Referer": came}) == (
        "/sign-in?next=%2Fhome"
    )


async def test_a_name_that_cannot_be_used_is_said_at_its_field(city):
    visitor = await city.visitor()
    fields = {"email": "eve@gm.example", "password": PASSWORD}
    told = await visitor.post("/sign-up", 422, name="Eve Kim", **fields)
    assert 'id="name-error"' in told
    assert "1 to 30 letters" in told


async def test_a_refused_setting_is_told_at_the_top_of_the_page_too(city):
    mina = await city.join("mina")
    told = await mina.post(
        "/settings/password", 422, old_password="wrong", password="seven yellow kites"
    )
    assert told.index("#old_password-error") < told.index('id="profile-heading"')
    assert 'id="old_password-error"' in told


async def test_an_address_without_anything_says_what_to_do(city):
    visitor = await city.visitor()
    told = (await visitor.get("/@nobody", 404)).text
    assert "nobody with this name" in told
    assert "search for what you wanted to read" in told


async def test_the_button_that_was_pressed_is_where_the_page_opens(city):
    mina = await city.join("mina")
    post = await city.writes(mina)
    story = f"/@mina/{post.id}"
    led = await mina.post(f"/posts/{post.id}/like", back=story)
    assert f'id="{led.partition("#")[2]}"' in (await mina.get(story)).text


async def test_an_answer_is_announced_as_one_and_a_mention_as_one(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    post = await city.writes(mina)
    await city.writes(joon, "@mina yes", reply_to_id=post.id)
    assert "answered you" in (await mina.get("/notifications")).text
    await city.writes(mina, "@joon look")
    page = (await joon.get("/notifications")).text
    assert "wrote to you" in page
    assert "answered you" not in page


async def test_whom_you_blocked_you_cannot_write_to_and_the_page_says_why(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    assert "Write to Joon" in (await mina.get("/@joon")).text
    await mina.post(f"/people/{joon.account.id}/block", back="/@joon")
    page = (await mina.get("/@joon")).text
    assert "neither can follow or answer" in page
    assert "Write to Joon" not in page


@pytest.mark.parametrize(
    ("query", "asks"),
    [
        ("@byeol@localhost:8082", True),
        ("byeol@city.example", True),
        ("@byeol@city.example:8443", True),
        ("http://localhost:8082/@byeol", True),
        ("@byeol", False),
        ("at 3:20 in the square", False),
    ],
)
def test_a_handle_names_a_host_by_its_dot_or_its_port(query, asks):
    assert elsewhere(query) is asks
