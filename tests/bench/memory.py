"""What `madang serve` weighs when nothing happens."""

import os
import tempfile
from pathlib import Path

from tests.bench import wire
from tests.bench.children import Child
from tests.bench.figures import Figure, Options

SETTINGS = """
[instance]
domain = "localhost:{port}"
[server]
port = {port}
[database]
url = "sqlite:{folder}/city.db"
[media]
store = "{folder}/media"
[secrets]
key_file = "{folder}/secret.key"
"""
PORT = 18_437


async def measure(options: Options) -> list[Figure]:
    """Resident memory of `madang serve`, with every process that it started, after one page."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "madang.toml"
        file.write_text(SETTINGS.format(folder=name, port=PORT))
        os.environ["MADANG_CONFIG"] = str(file)
        async with Child.running("web", "serve") as server:
            request = f"GET / HTTP/1.1\r\nHost: localhost:{PORT}\r\n\r\n".encode()
            await wire.ask(PORT, [request], 1)
            weighs = server.rss_bytes() / 1e6
        del os.environ["MADANG_CONFIG"]
    return [Figure("memory: madang serve, idle", "MB resident", (weighs,), aim=100)]
