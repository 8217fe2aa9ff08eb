"""What other servers send, as it was recorded, with `here.example` as we are called in tests."""

from pathlib import Path
from typing import Any

import msgspec

from tests.server.world import SITE

FOLDER = Path(__file__).parent.parent / "federation" / "golden"


def recorded(name: str) -> dict[str, Any]:
    """A document of tests/federation/golden."""
    text = (FOLDER / f"{name}.json").read_text("utf-8")
    return msgspec.json.decode(
        text.replace("https://here.example", SITE.origin), type=dict[str, Any]
    )
