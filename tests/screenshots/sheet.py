"""The pictures side by side, as a page to open from the folder."""

from collections.abc import Sequence
from itertools import groupby

from markupsafe import escape

from tests.screenshots.camera import Picture

HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Every page of Madang</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem; background: #8b867c; color: #fff; }
h2 { margin: 2.5rem 0 0.5rem; }
.row { display: flex; gap: 0.75rem; overflow-x: auto; align-items: flex-start; }
figure { margin: 0; flex: none; }
img { display: block; height: 26rem; width: auto; object-fit: cover; object-position: top; }
a { color: inherit; }
</style>
<h1>Every page of Madang</h1>
"""


def of(pictures: Sequence[Picture]) -> str:
    """HTML with a row for each page as somebody sees it."""
    parts = [HEAD]
    for (name, who), group in groupby(pictures, lambda one: (one.page.name, one.page.as_whom)):
        parts.append(
            f'<h2 id="{escape(name)}-{who}">{escape(name)} · {who}</h2>\n<div class="row">'
        )
        parts += [_figure(one) for one in group]
        parts.append("</div>")
    return "\n".join(parts) + "\n"


def _figure(one: Picture) -> str:
    said = f"{one.language} · {one.width} · {one.scheme}"
    shown = f"aspect-ratio: {one.width} / {round(one.width * 1.4)}"
    return (
        f'<figure><a href="{escape(one.file)}"><img src="{escape(one.file)}" alt="{said}" '
        f'style="{shown}" loading="lazy"></a><figcaption>{said}</figcaption></figure>'
    )
