"""The four pictures that open the README."""

from pathlib import Path

from aiohttp import web

from tests.screenshots.camera import Camera


async def take(camera: Camera, app: web.Application, folder: Path) -> None:
    """Take them into `folder`, as WebP."""
    folder.mkdir(parents=True, exist_ok=True)
