"""The pictures of the README and of docs/apps.md: `python -m tests.screenshots --readme`.

Each stands in docs/screenshots/ as WebP, small enough to be read on the way. Phones stand side by
side on the colour of the paper.
"""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec
from aiohttp import web
from PIL import Image, ImageDraw

from tests.screenshots import pages
from tests.screenshots.camera import Camera
from tests.screenshots.city import MEMBER
from tests.screenshots.pages import VISITOR, Page

MOST_BYTES: Final = 150_000
QUALITIES: Final = (88, 82, 76, 70, 64, 58)
SHARPNESS: Final = 2  # device pixels to a pixel of the page
WIDE_SHARPNESS: Final = 1.5
GAP: Final = 48  # device pixels between phones
CORNER: Final = 36
BEHIND: Final = "#e9e3d6"

Scheme = Literal["light", "dark"]


class View(msgspec.Struct, frozen=True):
    """A window on a page: where it is scrolled to, and what somebody has typed."""

    page: str
    who: str = VISITOR
    scheme: Scheme = "light"
    to: str = ""
    typed: Mapping[str, str] = {}


TYPED: Final = {
    "title": "우물터 가로등이 다시 켜지던 밤",
    "lead": "석 달 만에 골목이 환해졌습니다. 누가 먼저 스위치를 올렸을까요.",
    "content": (
        "저녁 여섯 시, 불이 하나씩 켜지자 **모두가** 문밖으로 나왔습니다.\n\n"
        "> 이제 밤길이 무섭지 않아요.\n\n"
        "전구를 바꾼 사람은 @sangho 님이었습니다. 사다리는 @taeyang 님이 잡았고요.\n\n"
        "#느티골 #골목"
    ),
}
WIDE: Final = {
    "front": View("front"),
    "write": View("write-story", MEMBER, "dark", typed=TYPED),
}
PHONES: Final = {
    "phones": (
        View("front", to=".tale.first"),
        View("story"),
        View("neighbourhood", MEMBER, "dark"),
    ),
    "together": (
        View("thread", MEMBER, "light", to=".responses"),
        View("take-part"),
        View("notifications", MEMBER, "dark"),
    ),
    "apps": (View("app-asks", MEMBER, to="main h1"), View("app-access", MEMBER), View("app-how")),
}


async def take(camera: Camera, app: web.Application, folder: Path) -> None:
    """Take them into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    known = {(page.name, page.who): page for page in await pages.all_pages(app)}
    for name, view in WIDE.items():
        size = (1280, 860)
        shown = await _window(camera, known[view.page, view.who], view, size, WIDE_SHARPNESS)
        _save(shown, folder / f"{name}.webp")
    for name, views in PHONES.items():
        shown = [
            await _window(camera, known[view.page, view.who], view, (390, 800), SHARPNESS)
            for view in views
        ]
        _save(_side_by_side(shown), folder / f"{name}.webp")


async def _window(
    camera: Camera, page: Page, view: View, size: tuple[int, int], sharpness: float
) -> Image.Image:
    width, height = size
    context = await camera.reader(
        view.who,
        "ko",
        viewport={"width": width, "height": height},
        device_scale_factor=sharpness,
        color_scheme=view.scheme,
    )
    tab = await context.new_page()
    await camera.open(tab, page, "ko", still=False)
    for field, words in view.typed.items():
        await tab.locator(f"[name={field}]").fill(words)
    if view.to:
        await tab.locator(view.to).first.evaluate(
            "one => scrollTo(0, one.getBoundingClientRect().top + scrollY - 16)"
        )
    else:
        await tab.evaluate("scrollTo(0, 0)")
    await tab.evaluate("document.activeElement?.blur()")
    picture = await tab.screenshot(type="png")
    await context.close()
    return Image.open(io.BytesIO(picture)).convert("RGB")


def _side_by_side(shown: list[Image.Image]) -> Image.Image:
    width = sum(one.width for one in shown) + GAP * (len(shown) + 1)
    sheet = Image.new("RGB", (width, shown[0].height + 2 * GAP), BEHIND)
    left = GAP
    for one in shown:
        sheet.paste(one, (left, GAP), _rounded(one.size))
        left += one.width + GAP
    return sheet


def _rounded(size: tuple[int, int]) -> Image.Image:
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), CORNER, fill=255)
    return mask


def _save(picture: Image.Image, path: Path) -> None:
    """As good as `MOST_BYTES` allow."""
    for quality in QUALITIES:
        out = io.BytesIO()
        picture.save(out, "WEBP", quality=quality, method=6)
        if out.tell() <= MOST_BYTES:
            break
    path.write_bytes(out.getvalue())
    print(f"{path.name}: {picture.width} by {picture.height}, {out.tell() // 1000} kB, q{quality}")
