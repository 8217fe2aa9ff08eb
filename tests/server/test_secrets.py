"""The key of the instance, and what it seals."""

import os

import pytest

from server import secrets


@pytest.fixture
def key_file(tmp_path):
    return tmp_path / "var" / "secret.key"


def test_the_first_start_makes_a_key_that_only_we_may_read(key_file):
    secrets.vault(key_file)
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert len(bytes.fromhex(key_file.read_text())) == secrets.KEY_BYTES
    assert os.listdir(key_file.parent) == ["secret.key"]


def test_what_is_sealed_opens_after_a_restart(key_file):
    sealed = secrets.vault(key_file).seal(b"private", b"account 1")
    assert b"private" not in sealed
    assert secrets.vault(key_file).open(sealed, b"account 1") == b"private"


def test_the_same_text_is_never_sealed_the_same_way_twice(key_file):
    vault = secrets.vault(key_file)
    assert vault.seal(b"private") != vault.seal(b"private")


def test_another_key_or_another_row_opens_nothing(key_file, tmp_path):
    sealed = secrets.vault(key_file).seal(b"private", b"account 1")
    with pytest.raises(secrets.SecretError, match="another key"):
        secrets.vault(tmp_path / "other.key").open(sealed, b"account 1")
    with pytest.raises(secrets.SecretError, match="another key"):
        secrets.vault(key_file).open(sealed, b"account 2")


def test_a_key_for_another_purpose_is_always_the_same_and_only_for_that(key_file, tmp_path):
    vault = secrets.vault(key_file)
    signs = vault.derived(b"signs")
    assert signs == secrets.vault(key_file).derived(b"signs")
    assert len(signs) == secrets.KEY_BYTES
    assert signs not in (vault.derived(b"seals"), bytes.fromhex(key_file.read_text()))
    assert signs != secrets.vault(tmp_path / "other.key").derived(b"signs")


@pytest.mark.parametrize("damaged", [b"", b"\x01", b"\x02" + b"x" * 40, b"\x01" + b"x" * 12])
def test_damage_is_a_sentence(key_file, damaged):
    with pytest.raises(secrets.SecretError):
        secrets.vault(key_file).open(damaged)


@pytest.mark.parametrize("text", ["", "hello", "é" * 64, "0" * 63])
def test_a_file_that_is_no_key_is_never_overwritten(key_file, text):
    key_file.parent.mkdir()
    key_file.write_text(text)
    with pytest.raises(secrets.SecretError, match="is not a key"):
        secrets.vault(key_file)
    assert key_file.read_text() == text


def test_a_missing_key_is_named_where_none_may_be_made(key_file):
    with pytest.raises(secrets.SecretError, match=r"secret\.key"):
        secrets.vault(key_file, make=False)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    with pytest.raises(secrets.SecretError, match="no such file"):
        secrets.vault(tmp_path / "a" / "b" / "secret.key")
