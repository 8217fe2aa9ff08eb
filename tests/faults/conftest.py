"""On PostgreSQL the claims of a dead worker run out by themselves: that takes a while."""

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These are slow there."""
    for item in items:
        if item.path.parent == Path(__file__).parent and "postgresql" in item.name:
            item.add_marker(pytest.mark.slow)
