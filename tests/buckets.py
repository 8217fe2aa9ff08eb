"""A real S3 server on loopback, and buckets in it."""

import itertools
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from moto.server import ThreadedMotoServer

NUMBERS = itertools.count(1)


@contextmanager
def s3() -> Iterator[str]:
    """The address of a server that runs as long as the body does."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def new_bucket(endpoint: str) -> str:
    """An empty bucket, as `media.store` names it."""
    name = f"pictures-{next(NUMBERS)}"
    made = urllib.request.Request(f"{endpoint}/{name}", method="PUT")
    with urllib.request.urlopen(made, timeout=30) as answer:
        assert answer.status == 200
    return f"s3://{name}/of/us?endpoint={endpoint}"
