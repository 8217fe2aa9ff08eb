"""How instances and strangers find people, documents and pages."""

from urllib.parse import quote

import msgspec
import pytest

from server.model import Account
from server.services import posts
from tests.together.conftest import NewPeer
from tests.village import City, Village

JRD = "application/jrd+json"
ACTIVITY = "application/activity+json"
LD = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'


async def finger(city: City, resource: str) -> dict[str, object]:
    """A WebFinger answer."""
    return await city.get(f"/.well-known/webfinger?resource={quote(resource, safe='')}", JRD)


async def test_every_name_of_a_person_leads_to_the_same_handle_and_back(
    village: Village,
) -> None:
    alpha = await village("alpha.test")
    ann = await alpha.join("ann")
    for resource in (
        "acct:ann@alpha.test",
        "ann@alpha.test",
        "acct:Ann@Alpha.test",
        ann.uri,
        ann.url,
    ):
        found = await finger(alpha, resource)
        assert found["subject"] == "acct:ann@alpha.test", resource
        links = {link["rel"]: link for link in found["links"]}  # type: ignore[attr-defined]
        assert links["self"] == {"rel": "self", "type": ACTIVITY, "href": ann.uri}
        assert links["http://webfinger.net/rel/profile-page"]["href"] == ann.url
        assert "{uri}" in links["http://ostatus.org/schema/1.0/subscribe"]["template"]
    for resource in ("acct:nobody@alpha.test", "acct:ann@beta.test", "http://beta.test/actors/1"):
        async with alpha.client.get(
            "/.well-known/webfinger", params={"resource": resource}
        ) as answer:
            assert answer.status == 404, resource
    async with alpha.client.get("/.well-known/webfinger") as answer:
        assert answer.status == 400


async def test_the_instance_has_a_handle_and_an_actor_that_anyone_may_read(
    village: Village,
) -> None:
    alpha = await village("alpha.test")
    for resource in ("acct:alpha.test@alpha.test", "http://alpha.test/", "http://alpha.test"):
        found = await finger(alpha, resource)
        assert found["subject"] == "acct:alpha.test@alpha.test"
        assert found["links"][0]["href"] == "http://alpha.test/actor"  # type: ignore[index]
    actor = await alpha.get("/actor")
    assert (actor["type"], actor["preferredUsername"]) == ("Application", "alpha.test")
    assert actor["publicKey"]["id"] == "http://alpha.test/actor#main-key"
    assert actor["inbox"] == "http://alpha.test/inbox"
    for name in ("outbox", "followers", "following", "featured"):
        assert await walk(alpha, actor[name]) == (0, [])


async def test_nodeinfo_and_host_meta_say_what_this_is(village: Village) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    await alpha.write("ann", "One post")
    index = await alpha.get("/.well-known/nodeinfo", "application/json")
    links = {link["rel"].rpartition("/")[2]: link["href"] for link in index["links"]}
    for version in ("2.0", "2.1"):
        path = "/" + links[version].split("/", 3)[3]
        info = await alpha.get(path, "application/json")
        assert (info["version"], info["software"]["name"]) == (version, "madang")
        assert info["usage"]["users"]["total"] == 1 and info["usage"]["localPosts"] == 1
        assert info["protocols"] == ["activitypub"] and info["openRegistrations"] is True
    async with alpha.client.get("/.well-known/host-meta") as answer:
        assert answer.content_type == "application/xrd+xml"
        assert "http://alpha.test/.well-known/webfinger?resource={uri}" in await answer.text()


async def test_a_handle_on_another_domain_than_the_actors_must_lead_back(
    village: Village, peer: NewPeer
) -> None:
    alpha = await village("alpha.test")
    social, front = await peer("social.far.test"), await peer("far.test")
    eve = social.person("eve")
    front.documents["/users/eve"] = eve.document  # its WebFinger names the actor elsewhere
    refused = await alpha.find("@eve@far.test")
    assert refused is None  # social.far.test says eve@social.far.test
    social.subject_domain = "far.test"
    found = await alpha.find("@eve@far.test")
    assert isinstance(found, Account) and found.acct == "eve@far.test"
    assert found.uri == eve.uri
    again = await alpha.find("@eve@social.far.test")
    assert isinstance(again, Account) and again.id == found.id


async def test_a_person_is_found_by_handle_address_and_page(village: Village) -> None:
    alpha, beta = await village("alpha.test"), await village("beta.test")
    ann = await alpha.join("ann")
    note = await alpha.write("ann", "Find me")
    for query in ("@ann@alpha.test", "ann@alpha.test", "@ANN@Alpha.Test", ann.uri, ann.url):
        found = await beta.find(query)
        assert isinstance(found, Account) and found.uri == ann.uri, query
    for query in (note.uri, note.url):
        post = await beta.find(query)
        assert post is not None and post.uri == note.uri, query
    for query in ("@nobody@alpha.test", "http://alpha.test/objects/1", "http://alpha.test/"):
        assert await beta.find(query) is None, query


@pytest.mark.parametrize(
    ("accept", "is_document"),
    [
        (ACTIVITY, True),
        (LD, True),
        (f"{ACTIVITY}, {LD}", True),
        ("text/html", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        (f"text/html;q=0.5, {ACTIVITY}", True),
        (f"text/html, {ACTIVITY};q=0.5", False),
        ("*/*", False),
    ],
)
async def test_one_address_is_a_page_for_people_and_a_document_for_peers(
    village: Village, accept: str, is_document: bool
) -> None:
    alpha = await village("alpha.test")
    ann = await alpha.join("ann")
    note = await alpha.write("ann", "Both")
    for path in (f"/@ann/{note.id}", f"/objects/{note.id}", "/@ann", f"/actors/{ann.id}"):
        async with alpha.client.get(
            path, headers={"Accept": accept}, allow_redirects=False
        ) as answer:
            assert "Accept" in answer.headers.get("Vary", ""), (path, answer.status)
            if is_document:
                assert (answer.status, answer.content_type) == (200, ACTIVITY), path
                document = msgspec.json.decode(await answer.read(), type=dict[str, object])
                assert document["id"] in (note.uri, ann.uri)
            elif path.startswith("/@"):
                assert (answer.status, answer.content_type) == (200, "text/html"), path
            else:
                assert answer.status == 302
                assert answer.headers["Location"] in (ann.url, note.url)


async def walk(city: City, uri: str) -> tuple[int, list[object]]:
    """(`totalItems`, all items) of a collection, page by page."""
    whole = await city.get("/" + uri.split("/", 3)[3])
    items, at = list(whole.get("orderedItems", [])), whole.get("first")
    pages = 0
    while at:
        page = await city.get("/" + at.split("/", 3)[3])
        assert (page["id"], page["partOf"]) == (at, uri)
        items += page["orderedItems"]
        at = page.get("next")
        pages += 1
        assert pages < 10
    return whole["totalItems"], items


async def test_collections_can_be_walked_to_their_end(village: Village, peer: NewPeer) -> None:
    alpha, far = await village("alpha.test"), await peer()
    ann = await alpha.join("ann")
    root = await alpha.write("ann", "Root")
    replies = [await alpha.write("ann", f"{n}", reply_to_id=root.id) for n in range(25)]
    await alpha.write("ann", "For friends", visibility="followers")
    people = [far.person(f"p{n}") for n in range(25)]
    for one in people:
        assert await far.send(alpha, one, far.does("Follow", one, ann.uri)) == 202

    total, items = await walk(alpha, ann.followers_uri)
    assert total == 25 and sorted(map(str, items)) == sorted(one.uri for one in people)
    total, items = await walk(alpha, f"{root.uri}/replies")
    assert total == 25 and sorted(map(str, items)) == sorted(one.uri for one in replies)
    total, items = await walk(alpha, ann.outbox)
    created = [item["object"]["id"] for item in items]  # type: ignore[index]
    assert created == [post.uri for post in [root, *replies][::-1]]
    total, items = await walk(alpha, f"{alpha.origin}/contexts/{root.id}")
    assert (total, items) == (26, [root.uri, *(post.uri for post in replies)])
    assert await walk(alpha, ann.following_uri) == (0, [])


async def test_likes_and_shares_tell_how_many_and_not_who(village: Village, peer: NewPeer) -> None:
    alpha, far = await village("alpha.test"), await peer()
    ann, eve = await alpha.join("ann"), far.person("eve")
    note = await alpha.write("ann", "Count me")
    await far.send(alpha, eve, far.does("Follow", eve, ann.uri))
    await far.send(alpha, eve, far.does("Like", eve, note.uri))
    await far.send(alpha, eve, far.does("Announce", eve, note.uri))
    for name in ("likes", "shares"):
        found = await alpha.get(f"/objects/{note.id}/{name}")
        assert found["totalItems"] == 1 and "orderedItems" not in found
        assert (await alpha.get(f"/objects/{note.id}"))[name]["totalItems"] == 1


async def test_a_document_that_did_not_change_is_not_sent_again(village: Village) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    note = await alpha.write("ann", "Same")
    path, read = f"/objects/{note.id}", {"Accept": ACTIVITY}
    async with alpha.client.get(path, headers=read) as answer:
        etag = answer.headers["ETag"]
    async with alpha.client.get(path, headers=read | {"If-None-Match": etag}) as answer:
        assert answer.status == 304
    alpha.clock.ahead_ms += 1000
    await alpha.edit("ann", note, "Different")
    async with alpha.client.get(path, headers=read | {"If-None-Match": etag}) as answer:
        assert answer.status == 200


async def test_ids_of_activities_and_what_is_private_are_not_there(village: Village) -> None:
    alpha = await village("alpha.test")
    ann = await alpha.join("ann")
    secret = await alpha.write("ann", "Diary", visibility="direct")
    for path in (
        "/activities/1",
        "/objects/1",
        "/actors/1",
        f"/objects/{secret.id}",
        f"/objects/{secret.id}/replies",
        f"/objects/{secret.id}/likes",
        f"/@ann/{secret.id}",
    ):
        async with alpha.client.get(path, headers={"Accept": ACTIVITY}) as answer:
            assert answer.status == 404, path
    await alpha.do(posts.delete, ann, secret.id)
    async with alpha.client.get(f"/objects/{secret.id}", headers={"Accept": ACTIVITY}) as answer:
        assert answer.status == 404
