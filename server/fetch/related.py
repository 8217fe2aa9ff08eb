"""What a post that we have answers, and what it quotes."""

from typing import Final

from server.fetch.budget import Budget
from server.fetch.fetcher import Fetcher
from server.services import arrivals
from server.store import posts

MAX_DEPTH: Final = 20  # ancestors of one reply
MAX_FOR_A_QUOTE: Final = 10  # documents


async def ancestors(fetcher: Fetcher, post_id: int) -> None:
    """Fetch what a reply answers, up to `MAX_DEPTH` posts above it."""
    budget = Budget()
    post = await fetcher.db.read(posts.by_id, post_id)
    for _ in range(MAX_DEPTH):
        if post is None or post.reply_to_uri is None or post.reply_to_id is not None:
            return
        if fetcher.site.ours(post.reply_to_uri):
            return
        post = await fetcher.posts.read(post.reply_to_uri, budget)


async def quoted(fetcher: Fetcher, post_id: int) -> None:
    """Fetch what a stranger's post quotes, and see whether it may."""
    post = await fetcher.db.read(posts.by_id, post_id)
    if post is None or not post.quote_uri or post.quote_id is not None:
        return
    if await fetcher.posts.read(post.quote_uri, Budget(MAX_FOR_A_QUOTE)) is not None:
        await fetcher.db.write(arrivals.settle_late_quote, post_id, fetcher.now_ms())
