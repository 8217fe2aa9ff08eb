"""`madang post`: publish a Markdown text as one of our accounts, and print its address."""

import argparse

import msgspec

from server.clock import now_ms
from server.config import site
from server.model import AUDIENCES, Post, Site
from server.services import communities, new_posts, posts
from server.store.db import Write
from web.commands.opening import command, database, loaded, local_account, read_text


def arguments(parser: argparse.ArgumentParser, _: argparse.ArgumentParser) -> None:
    """`NAME [--title T] [--community C] [FILE]`."""
    parser.add_argument("name", metavar="NAME", help="an account of ours")
    parser.add_argument("file", metavar="FILE", nargs="?", help="Markdown; else standard input")
    parser.add_argument("--title", default="", help="makes it a story; else it is a short note")
    parser.add_argument("--lead", default="", help="the sentence below the title")
    parser.add_argument("--community", default="", metavar="C", help="a board or blog of ours")
    parser.add_argument("--link", default="", metavar="URL", help="what a thread of C is about")
    parser.add_argument("--visibility", choices=AUDIENCES, default="public")
    parser.add_argument("--language", default="", help="such as ko; else the instance's first")
    parser.set_defaults(run=command(run))


async def run(options: argparse.Namespace) -> None:
    """Publish, and print the address."""
    found = loaded(options)
    new = new_posts.NewPost(
        content=read_text(options.file),
        title=options.title,
        lead=options.lead,
        visibility=options.visibility,
        language=options.language or found.instance.languages[0],
        link=options.link,
    )
    async with database(found) as db:
        post = await db.write(
            publish, site(found), options.name, new, now_ms(), community=options.community
        )
    print(post.url)


def publish(
    tx: Write, site: Site, name: str, new: new_posts.NewPost, now_ms: int, *, community: str = ""
) -> Post:
    """Write `new` as the account `name`. Raises `NotFound`, `Invalid`, `Forbidden`."""
    if community:
        group = communities.by_name(tx, community)
        new = msgspec.structs.replace(new, community_id=group.id)
    return posts.write(tx, site, local_account(tx, name), new, now_ms)
