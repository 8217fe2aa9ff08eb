"""A city in a process of its own for each database, and a neighbour: made once for all tests here.

Tests take people of their own with `somebody()`, so none finds what another left behind.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.clients.apps import Mastodon, a_mastodon
from tests.clients.world import City, Person, PushService, a_city, push_service


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them are slow: real processes, and people who sign in."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def new_city(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., City]]:
    """Starts instances on one kind of database; all tests on the first come before the others."""
    needs = ["sqlite_template"]
    if request.param == "postgresql":
        needs = ["postgresql_template", "postgresql_server"]
    template, *servers = [request.getfixturevalue(name) for name in needs]
    with ExitStack() as stack:

        def start() -> City:
            folder = tmp_path_factory.mktemp("city")
            if servers:
                url = servers[0].create(template)
                stack.callback(servers[0].drop, url)
            else:
                url = f"sqlite:{shutil.copy(template, folder / 'city.db')}"
            return stack.enter_context(a_city(folder, url))

        yield start


@pytest.fixture(scope="session")
def city(new_city: Callable[..., City]) -> City:
    """Where the tests' people live."""
    return new_city()


@pytest.fixture(scope="session")
def neighbour(new_city: Callable[..., City]) -> City:
    """Another city, for what comes from elsewhere."""
    return new_city()


@pytest.fixture(scope="module")
def mastodon() -> Iterator[Callable[..., Mastodon]]:
    """`mastodon(person)` is that person's Mastodon.py, signed in."""
    with ExitStack() as stack:

        def sign_in(person: Person, **how: object) -> Mastodon:
            return stack.enter_context(a_mastodon(person, **how))

        yield sign_in


@pytest.fixture
def push() -> Iterator[PushService]:
    """Where pushes go."""
    with push_service() as service:
        yield service
