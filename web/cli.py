"""The `madang` command: finds the subcommand, and turns every failure into one sentence.

Each command is a module of `web.commands` with `arguments(parser, common)`, imported only when it
is called: `madang token create` does not wait for what `madang serve` needs.
`MADANG_DEBUG=1` shows tracebacks.
"""

import argparse
import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NoReturn

from server.config import VERSION, ConfigError
from server.errors import AppError
from server.secrets import SecretError
from server.store.db import DatabaseError
from web.commands.failure import Failure

# command -> (module of web.commands, what it does)
COMMANDS: Final = MappingProxyType(
    {
        "serve": ("serve", "migrate, then run web, workers and housekeeping"),
        "check": ("check", "validate the configuration and what it points to, without starting"),
        "migrate": ("migrate", "bring the schema of the database up to date"),
        "demo": ("demo", "fill an empty instance with a small invented city"),
        "account": ("account", "create, list, suspend and restore accounts; roles and passwords"),
        "community": ("community", "create and list neighbourhoods, boards and team blogs"),
        "token": ("token", "make access tokens for the client API"),
        "post": ("post", "publish a Markdown text as one of our accounts"),
        "import": ("bring", "bring an old blog (TTXML, WXR, RSS, Atom) into a team blog"),
        "announce": ("announce", "say something to everybody; list and take back what was said"),
        "domain": ("domain", "block or allow other servers"),
        "address": ("address", "list the networks that moderators shut out; open one again"),
        "rules": ("rules", "list and change the rules of the house, which stand on /about"),
        "paper": ("paper", "publish longer texts: about us, privacy policy, terms of service"),
        "queue": ("queue", "show what waits, what is parked, and why; retry or drop it"),
        "export": ("export", "write a board or a team blog into a zip, to take it away"),
        "backup": ("backup", "write database, files and key into one archive"),
        "restore": ("restore", "put an archive of `madang backup` back"),
    }
)

KNOWN_FAILURES: Final = (Failure, ConfigError, SecretError, AppError, DatabaseError)


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are failures, and that takes `NAME --title T FILE` in any order."""

    mixed = True  # argparse cannot mix options into positionals where subcommands follow

    def add_subparsers(self, **kwargs: Any) -> Any:  # noqa: ANN401  as the base says
        """Subcommands follow."""
        self.mixed = False
        return super().add_subparsers(**kwargs)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """What subparsers are called with, too."""
        if not self.mixed:
            return super().parse_known_args(args, namespace)
        self.mixed = False  # the mixing itself is made of plain parses
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self.mixed = True

    def error(self, message: str) -> NoReturn:
        """Raise the complaint as one sentence that names the way to help."""
        sentence = message[:1].upper() + message[1:]
        raise Failure(f"{sentence}. See `{self.prog} --help`.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0, or 1 after one sentence on standard error."""
    debug = bool(os.environ.get("MADANG_DEBUG"))
    try:
        _run(list(sys.argv[1:] if argv is None else argv))
    except KNOWN_FAILURES as failure:
        if debug:
            raise
        return _complain(str(failure))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # whoever read our output went away; say nothing more, not even while Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if debug:
            raise
        return _complain(_unforeseen(error))
    return 0


def _unforeseen(error: Exception) -> str:
    if isinstance(error, PermissionError) and error.filename:
        where = Path(os.fsdecode(error.filename)).absolute()
        return f"We may not read or write {where}: run the command as its owner, or chown it."
    what = f"{type(error).__name__}: {error}".replace("\n", " ")
    return f"This is our mistake ({what}); report it with MADANG_DEBUG=1's traceback."


def _run(argv: list[str]) -> None:
    first = _first_parser().parse_args(argv)
    module, purpose = _found(first.command)
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--config", metavar="FILE", help="configuration (or MADANG_CONFIG)")
    parser = Parser(
        prog=f"madang {first.command}", description=_sentence(purpose), parents=[common]
    )
    importlib.import_module(f"web.commands.{module}").arguments(parser, common)
    options = parser.parse_args(first.rest, argparse.Namespace(config=first.config))
    options.run(options)


def _first_parser() -> Parser:
    width = max(map(len, COMMANDS)) + 2
    listed = "\n".join(f"  {name:<{width}}{what}" for name, (_, what) in COMMANDS.items())
    parser = Parser(
        prog="madang",
        usage="madang [--config FILE] COMMAND ...",
        description="A city's own place in the fediverse.",
        epilog=f"commands:\n{listed}\n\n`madang COMMAND --help` says more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.mixed = False  # what follows the command belongs to the command
    parser.add_argument("--version", action="version", version=f"madang {VERSION}")
    parser.add_argument(
        "--config",
        metavar="FILE",
        help="configuration; else MADANG_CONFIG, else ./madang.toml, else defaults",
    )
    parser.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _found(command: str | None) -> tuple[str, str]:
    """Module and purpose of a command. Raises `Failure`."""
    if command is None:
        raise Failure(f"Say what to do: {', '.join(COMMANDS)}. See `madang --help`.")
    if command not in COMMANDS:
        near = difflib.get_close_matches(command, COMMANDS, 1)
        hint = f"did you mean {near[0]}?" if near else "see `madang --help`."
        raise Failure(f"There is no command {command}; {hint}")
    return COMMANDS[command]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _complain(sentence: str) -> int:
    print(f"madang: {' '.join(sentence.split())}", file=sys.stderr)
    return 1
