"""Passwords: which are good enough, and how they are kept (Argon2id, RFC 9106, NIST SP 800-63B).

Hashing takes some 60 ms and 32 MiB on purpose. It runs in two threads of its own, so that a flood
of sign-ins waits in line there and neither blocks the event loop nor takes memory without end.
"""

import asyncio
import functools
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from typing import Final

import argon2

from server.errors import Invalid

MIN_CHARACTERS: Final = 8
MAX_BYTES: Final = 1_000
_HASHER: Final = argon2.PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
_THREADS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")
# what fingers find without thinking: rows and columns of the keyboard, the alphabet
_RUNS: Final = (
    "01234567890",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "!@#$%^&*()",
    "abcdefghijklmnopqrstuvwxyz",
    *("1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik,", "9ol."),
)
_LEET: Final = str.maketrans("@013457$!", "aoieastsi")
_ENDS: Final = "0123456789!@#$%^&*()-_=+.,?~ "


def check(password: str, *known: str) -> None:
    """Refuse what is too short, too long, common, a plain pattern, or one of `known` (name, email).

    Raises `Invalid` with a sentence for the person.
    """
    if len(password) < MIN_CHARACTERS:
        raise Invalid("A password has at least %(least)s characters.", least=MIN_CHARACTERS)
    if not _usable(password):
        raise Invalid("This password is too long; choose a shorter one.")
    if _easy(unicodedata.normalize("NFKC", password).casefold(), known):
        raise Invalid(
            "This password is easy to guess; choose several words only you would combine."
        )


async def hash_(password: str) -> str:
    """The text to store for `password`. Raises `Invalid` over `MAX_BYTES`, unhashed."""
    if not _usable(password):
        raise Invalid("This password is too long; choose a shorter one.")
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _hash, _normal(password))


async def verify(hash: str, password: str) -> bool:
    """Whether `password` made `hash`. For an empty `hash` (an unknown name) as slow, and False."""
    if not _usable(password):
        return False
    return await asyncio.get_running_loop().run_in_executor(
        _THREADS, _verify, hash, _normal(password)
    )


def needs_rehash(hash: str) -> bool:
    """Whether `hash` was made with weaker settings than today's: hash anew after a sign-in."""
    return _HASHER.check_needs_rehash(hash)


def _hash(password: str) -> str:
    return _HASHER.hash(password)


def _verify(hash: str, password: str) -> bool:
    nobody = _nobody()
    try:
        return _HASHER.verify(hash or nobody, password) and hash != ""
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


@functools.cache
def _nobody() -> str:
    """A hash that costs what a real one costs; asked for every time, so that it is always there."""
    return _HASHER.hash("nobody has this password")


def _usable(password: str) -> bool:
    try:
        return len(password.encode()) <= MAX_BYTES
    except UnicodeEncodeError:  # half of a surrogate pair: no keyboard makes that
        return False


def _normal(password: str) -> str:
    """One spelling for the two in which systems send Hangul. RFC 8265 §4.2."""
    return unicodedata.normalize("NFC", password)


def _easy(password: str, known: tuple[str, ...]) -> bool:
    core = password.translate(_LEET).strip(_ENDS)
    tries = {password, password.strip(_ENDS), core}
    personal = {part.casefold() for one in known for part in (one, one.split("@")[0]) if part}
    return _is_pattern(password) or bool(tries & (_common() | personal))


def _is_pattern(password: str) -> bool:
    """A short block again and again, runs of neighbouring keys, or a date or telephone number."""
    if re.fullmatch(r"(.{1,4}?)\1+.{0,3}", password) or re.fullmatch(r"[\d\s.-]{8,13}", password):
        return True
    at = 0
    while at < len(password):
        step = _run_length(password[at:])
        if step < 3:
            return False
        at += step
    return True


def _run_length(text: str) -> int:
    """How many characters at the start of `text` are neighbours in one run, either way."""
    ways = [way for run in _RUNS for way in (run, run[::-1])]
    return max(n for n in range(len(text) + 1) if n < 2 or any(text[:n] in way for way in ways))


@functools.cache
def _common() -> frozenset[str]:
    """What everybody takes; words of five letters and fewer count with digits around them."""
    text = resources.files("server").joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(
        word for line in text.splitlines() if not line.startswith("#") for word in line.split()
    )
