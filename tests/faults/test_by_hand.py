"""docs/two-instances.md, followed to the letter: its two files, its commands, what it promises."""

import asyncio
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from tests.faults.world import ROOT, Instance, until
from tests.ports import free_port
from web.demo import scenes

PAGE = ROOT / "docs" / "two-instances.md"


@dataclass
class Someone:
    """An account, and its app."""

    instance: Instance
    handle: str
    token: str
    session: aiohttp.ClientSession

    async def call(self, method: str, path: str, **body: Any) -> Any:
        """The JSON of a good answer."""
        async with self.session.request(
            method,
            self.instance.origin + path,
            headers={"Authorization": f"Bearer {self.token}"},
            **body,
        ) as answer:
            text = await answer.read()
            assert answer.status == 200, (method, path, answer.status, text)
            return msgspec.json.decode(text)

    async def find(self, query: str, kind: str) -> dict[str, Any]:
        """What search finds for an address or handle."""
        found = await self.call(
            "GET", "/api/v2/search", params={"q": query, "resolve": "true", "type": kind}
        )
        assert len(found[kind]) == 1, found
        return found[kind][0]

    async def home(self) -> list[dict[str, Any]]:
        """The home timeline, newest first."""
        return await self.call("GET", "/api/v1/timelines/home")

    async def has(self, uri: str) -> dict[str, Any] | None:
        """The post with this id on the home timeline."""
        return next((one for one in await self.home() if one["uri"] == uri), None)


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[tuple[Someone, Someone]]:
    """Ann on the first instance and bob on the second, as the page makes them."""
    texts = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    ports = {"8081": str(free_port()), "8082": str(free_port())}
    made: list[Someone] = []
    async with aiohttp.ClientSession() as session:
        for text, name, port in zip(texts, ("ann", "bob"), ports.values(), strict=True):
            for written, free in ports.items():
                text = text.replace(written, free)
            instance = Instance(tmp_path / name, "", int(port), forked=False)
            instance.configure(text)
            await asyncio.to_thread(
                instance.madang, "account", "create", name, "--email", f"{name}@city.example"
            )
            token = await asyncio.to_thread(
                instance.madang, "token", "create", name, "--scopes", "read write follow"
            )
            made.append(Someone(instance, f"@{name}@localhost:{port}", token.strip(), session))
        await asyncio.gather(*(one.instance.start() for one in made))
        yield made[0], made[1]
    for one in made:
        assert one.instance.stop() in (0, -9), one.instance.log()


def counted(one: Someone, id: str, **wanted: int) -> Callable[[], Awaitable[bool]]:
    """Whether a status has these counts."""

    async def check() -> bool:
        status = await one.call("GET", f"/api/v1/statuses/{id}")
        return all(status[name] == count for name, count in wanted.items())

    return check


@pytest.mark.slow  # whoever finds a neighbour dead waits a while before trying again
async def test_two_instances_started_by_hand_exchange_everything(
    people: tuple[Someone, Someone],
) -> None:
    ann, bob = people
    for one, other in ((ann, bob), (bob, ann)):
        found = await one.find(other.handle, "accounts")
        await one.call("POST", f"/api/v1/accounts/{found['id']}/follow")
        query = {"id[]": found["id"]}

        async def follows(one: Someone = one, query: dict[str, str] = query) -> bool:
            answer = await one.call("GET", "/api/v1/accounts/relationships", params=query)
            return bool(answer[0]["following"])

        await until(follows)

    form = aiohttp.FormData({"description": "지붕들"})
    form.add_field("file", io.BytesIO(scenes.draw("rooftops", "noon", "1")), filename="roofs.jpg")
    picture = await ann.call("POST", "/api/v2/media", data=form)
    story = await ann.call(
        "POST",
        "/api/v1/statuses",
        json={"status": "김장하는 **날**", "media_ids": [picture["id"]]},
    )
    arrived = await until(lambda: bob.has(story["uri"]))
    assert arrived["media_attachments"][0]["description"] == "지붕들"
    there = f"/api/v1/statuses/{arrived['id']}"

    await bob.call("POST", f"{there}/favourite")
    await bob.call("POST", f"{there}/reblog")
    reply = await bob.call(
        "POST", "/api/v1/statuses", json={"status": "갈게요!", "in_reply_to_id": arrived["id"]}
    )
    await until(counted(ann, story["id"], favourites_count=1, reblogs_count=1, replies_count=1))

    ann.instance.kill()
    await bob.call("POST", f"{there}/unfavourite")
    await bob.call("DELETE", f"/api/v1/statuses/{reply['id']}")
    await ann.instance.start()
    await until(
        counted(ann, story["id"], favourites_count=0, reblogs_count=1, replies_count=0),
        within_s=90,
    )

    bob.instance.kill()
    await ann.call("PUT", f"/api/v1/statuses/{story['id']}", json={"status": "열 시에 모여요"})
    await bob.instance.start()

    async def changed() -> bool:
        return "열 시에" in (await bob.call("GET", there))["content"]

    await until(changed, within_s=90)
    await ann.call("DELETE", f"/api/v1/statuses/{story['id']}")

    async def gone() -> bool:
        return await bob.has(story["uri"]) is None

    await until(gone, within_s=90)
