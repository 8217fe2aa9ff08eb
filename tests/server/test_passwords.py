"""Which passwords are taken, and how they are kept."""

import asyncio
import threading
import unicodedata

import argon2
import pytest

from server import passwords
from server.errors import Invalid

GOOD = "tulip-river-oven"


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "Password123!",
        "P@ssw0rd",
        "qwer1234!!",
        "12345678",
        "qwertyuiop",
        "1qaz2wsx",
        "19900101",
        "010-1234-5678",
        "aaaaaaaa",
        "abcabcabc",
        "tkfkdgo1234",  # 사랑해 on an English keyboard
        "rkskekfk",  # 가나다라
        "비밀번호1234",
        "gwangmyeong2026",
    ],
)
def test_what_everybody_takes_is_refused(password):
    with pytest.raises(Invalid, match="easy to guess"):
        passwords.check(password)


@pytest.mark.parametrize(
    "password", [GOOD, "우리집 앞 은행나무", "correct horse battery", "zx81 & spectrum"]
)
def test_what_only_you_would_combine_is_taken(password):
    passwords.check(password)


def test_your_own_name_with_a_year_is_refused():
    with pytest.raises(Invalid):
        passwords.check("alice_kim2024!", "alice_kim", "alice@example.test")


def test_seven_characters_are_too_few():
    with pytest.raises(Invalid, match="at least 8"):
        passwords.check("x7!kQz0")


async def test_the_right_password_fits_and_another_does_not():
    kept = await passwords.hash_(GOOD)
    assert kept.startswith("$argon2id$")
    assert GOOD not in kept
    assert await passwords.verify(kept, GOOD)
    assert not await passwords.verify(kept, GOOD + "!")
    assert not passwords.needs_rehash(kept)


async def test_hangul_fits_however_the_system_spells_it():
    kept = await passwords.hash_(unicodedata.normalize("NFD", "우리집 은행나무"))
    assert await passwords.verify(kept, unicodedata.normalize("NFC", "우리집 은행나무"))


async def test_over_a_kilobyte_is_refused_without_hashing(monkeypatch):
    long = "가" * 334
    with pytest.raises(Invalid, match="too long"):
        await passwords.hash_(long)
    with pytest.raises(Invalid, match="too long"):
        passwords.check(long)
    hashed = await passwords.hash_(GOOD)

    def never(*_):
        raise AssertionError("hashed")

    monkeypatch.setattr(passwords, "_verify", never)
    assert not await passwords.verify(hashed, long)


async def test_half_a_surrogate_pair_is_no_password():
    with pytest.raises(Invalid):
        await passwords.hash_("tulip-river-\ud800")
    assert not await passwords.verify("", "tulip-river-\ud800")


async def test_an_unknown_name_costs_what_a_known_one_costs(monkeypatch):
    """One look at a hash each, and both hashes are of the same cost."""
    costs = []
    verify = argon2.PasswordHasher.verify

    def noted(self, hash, password):
        costs.append(argon2.extract_parameters(hash))
        return verify(self, hash, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", noted)
    kept = await passwords.hash_(GOOD)
    assert not await passwords.verify(kept, "another-river-oven")
    known = costs[:]
    costs.clear()
    assert not await passwords.verify("", "another-river-oven")
    assert len(known) == 1
    assert costs == known


async def test_what_is_no_hash_fits_nothing():
    assert not await passwords.verify("plain text", "plain text")
    assert not await passwords.verify("", "nobody has this password")


async def test_sign_ins_do_not_stop_the_loop(monkeypatch):
    goes_on, hash_one, verify_one = threading.Event(), passwords._hash, passwords._verify

    def hashing(password):
        assert goes_on.wait(30), "the loop waits for this"
        return hash_one(password)

    def verifying(hash, password):
        assert goes_on.wait(30), "the loop waits for this"
        return verify_one(hash, password)

    kept = hash_one(GOOD)
    monkeypatch.setattr(passwords, "_hash", hashing)
    monkeypatch.setattr(passwords, "_verify", verifying)
    under_way = asyncio.gather(
        *(passwords.hash_(GOOD) for _ in range(3)), *(passwords.verify(kept, GOOD) for _ in "ab")
    )
    await asyncio.sleep(0)  # all of them have begun
    goes_on.set()
    assert all(await under_way)


async def test_a_hash_costs_thirty_two_megabytes_three_times_over():
    assert (await passwords.hash_(GOOD)).startswith("$argon2id$v=19$m=32768,t=3,p=1$")


async def test_however_many_sign_in_two_are_hashed_at_once(monkeypatch: pytest.MonkeyPatch):
    under_way, most, go_on = set[int](), 0, threading.Event()

    def hashed(_: str) -> str:
        nonlocal most
        under_way.add(threading.get_ident())
        most = max(most, len(under_way))
        go_on.wait()
        under_way.discard(threading.get_ident())
        return ""

    monkeypatch.setattr(passwords, "_hash", hashed)
    hashing = [asyncio.create_task(passwords.hash_(GOOD)) for _ in range(6)]
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(*hashing)
    assert most <= 2
