"""Files of old blogs, written for these tests."""

import base64
from pathlib import Path

from tests.web.city import a_picture

HERE = Path(__file__).parent


def textcube(**changes: str) -> str:
    """A backup of Textcube with a picture in it; `changes` are exchanged for others."""
    said = (HERE / "textcube.xml").read_text("utf-8")
    said = said.replace("@PICTURE@", base64.b64encode(a_picture((40, 30))).decode())
    for before, after in changes.items():
        said = said.replace(before, after)
    return said


def wordpress() -> str:
    """An export of WordPress."""
    return (HERE / "wordpress.xml").read_text("utf-8")
