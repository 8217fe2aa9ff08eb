"""The API's description is true: it is made from the routes, and every answer is held to it."""

from openapi_spec_validator import validate

from web.api.openapi import ADDRESS, DESCRIPTION, endpoints


async def test_the_description_is_valid(city):
    validate(city.app[DESCRIPTION].of(city.app))


async def test_apps_and_people_can_read_it(city):
    visitor = await city.visitor()
    answer = await visitor.client.get(ADDRESS)
    assert answer.status == 200
    said = await answer.json()
    assert len(said["paths"]) == len({one.path for one in endpoints(city.app)})
    page = await visitor.get("/developers")
    for path in said["paths"]:
        assert path in page.text
