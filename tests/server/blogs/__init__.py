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


def tistory_page(
    title: str, body: str = "<p>말</p>", *, category: str = "", tags: str = "", date: str = ""
) -> str:
    """A page of Tistory's backup of today."""
    return f"""<!DOCTYPE html><html lang="ko"><head><meta charset="UTF-8"><title>{title}</title>
<link rel="stylesheet" href="../style.css"></head><body>
<p class="category">{category}</p>
<h2 class="title-article">{title}</h2>
<p class="date">{date or "2022-04-03 22:57:06"}</p>
<div class="contents_style">{body}</div>
<br/>
<div class="tags">{tags}</div>
</body></html>"""
