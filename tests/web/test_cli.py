"""The `madang` command, as an operator and a script meet it."""

import errno
import io
import json
import os
import signal
import socket
import sqlite3
import ssl
import stat
import subprocess
import sys
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from server import config
from web import cli
from web.commands import domain, listening, opening, serve
from web.commands.failure import Failure

ROOT = Path(__file__).parents[2]
PASSWORD = "tulip-river-oven"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working directory, and an environment that says nothing."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("MADANG_")]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def madang(folder, capsys, monkeypatch):
    """Run a command that succeeds; what it printed."""

    def run(*argv: str, stdin: str = "") -> str:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        status = cli.main(argv)
        out, err = capsys.readouterr()
        assert (status, err) == (0, ""), err
        return out

    return run


@pytest.fixture
def refusal(folder, capsys, monkeypatch):
    """Run a command that fails; the sentence it said."""

    def run(*argv: str, stdin: str = "") -> str:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        status = cli.main(argv)
        err = capsys.readouterr().err
        assert status == 1
        assert err.startswith("madang: ") and err.count("\n") == 1
        assert "Traceback" not in err
        return err.removeprefix("madang: ").rstrip("\n")

    return run


@pytest.fixture
def alice(madang):
    """An instance with one account."""
    madang(
        "account",
        "create",
        "Alice",
        "--email",
        "a@example.test",
        "--password-stdin",
        stdin=PASSWORD,
    )


# --- the frame


def test_without_a_command_it_says_which_there_are(refusal):
    assert "serve, check, migrate" in refusal()


def test_a_command_almost_right_is_guessed(refusal):
    assert refusal("srve") == "There is no command srve; did you mean serve?"


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_explains_itself(folder, capsys, command):
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    assert "--config" in capsys.readouterr().out


def test_the_version_is_that_of_the_package(folder, capsys):
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"madang {config.VERSION}\n"


def test_the_configuration_may_be_named_before_or_after_the_command(folder, madang):
    (folder / "other.toml").write_text('[database]\nurl = "sqlite:other.db"')
    madang("--config", "other.toml", "migrate")
    assert (folder / "other.db").exists()
    madang("account", "create", "bob", "--email", "b@example.test", "--config", "other.toml")
    assert json.loads(madang("account", "list", "--json", "--config", "other.toml"))
    assert not (folder / "var" / "madang.db").exists()


@pytest.mark.parametrize("command", ["serve", "check", "migrate"])
def test_a_wrong_key_is_named(folder, refusal, command):
    (folder / "madang.toml").write_text("[server]\nprot = 1")
    assert refusal(command).startswith("server.prot in madang.toml is not a key")


def test_a_configuration_that_is_not_there_is_named(refusal):
    assert "nowhere.toml" in refusal("migrate", "--config", "nowhere.toml")


def test_what_we_did_wrong_is_one_sentence_too(refusal, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("web.commands.migrate.prepare_folder", fail)
    assert "RuntimeError: two lines" in refusal("migrate")


def test_a_traceback_shows_where_it_was_asked_for(folder, monkeypatch):
    monkeypatch.setenv("MADANG_DEBUG", "1")
    with pytest.raises(Failure):
        cli.main(["account", "list"])


# --- the database


def test_migrate_says_from_which_version_to_which(madang):
    assert madang("migrate").startswith("The database went from version 0 to version")
    assert "nothing to do" in madang("migrate")


@pytest.mark.parametrize(
    "command",
    [
        ("account", "list"),
        ("account", "suspend", "alice"),
        ("token", "create", "alice"),
        ("queue",),
        ("domain", "list"),
        ("post", "alice"),
        ("community", "list"),
        ("community", "create", "market", "--kind", "neighbourhood"),
    ],
)
def test_a_missing_database_is_not_made_in_passing(folder, refusal, command):
    assert "run `madang migrate`" in refusal(*command)
    assert not (folder / "var").exists()


def test_a_wrong_path_is_named(folder, refusal):
    (folder / "madang.toml").write_text('[database]\nurl = "sqlite:/nowhere/at/all/madang.db"')
    assert "/nowhere/at" in refusal("migrate")
    (folder / "madang.toml").write_text('[database]\nurl = "sqlite:madang.toml/x.db"')
    assert "database.url" in refusal("migrate")


def test_a_stopped_database_server_is_named_without_its_password(folder, refusal):
    url = "postgresql://madang:s3cr3t@127.0.0.1:1/madang?connect_timeout=1"
    (folder / "madang.toml").write_text(f'[database]\nurl = "{url}"')
    sentence = refusal("migrate")
    assert "127.0.0.1" in sentence and "s3cr3t" not in sentence


def test_a_file_that_is_no_database_is_named(folder, refusal):
    (folder / "var").mkdir()
    (folder / "var" / "madang.db").write_text("this is not a database at all, it is a text" * 99)
    assert "madang.db" in refusal("migrate")


# --- people


def test_an_account_is_made_on_an_empty_machine(folder, madang):
    out = madang(
        *("account", "create", "Alice", "--email", "a@example.test", "--password-stdin"),
        *("--display-name", "앨리스", "--role", "admin"),
        stdin=PASSWORD + "\n",
    )
    assert out == "Made @alice@localhost:8080: http://localhost:8080/@alice\n"
    (person,) = json.loads(madang("account", "list", "--json"))
    assert (person["name"], person["display_name"]) == ("alice", "앨리스")
    assert (person["role"], person["state"]) == ("admin", "active")
    assert stat.S_IMODE((folder / "var" / "secret.key").stat().st_mode) == 0o600


def test_a_password_is_made_where_none_is_given(madang):
    out = madang("account", "create", "bob", "--email", "b@example.test")
    assert len(out.splitlines()[1].removeprefix("Password: ")) == 20


def test_an_account_that_cannot_be_is_refused_with_a_reason(alice, refusal):
    again = ("account", "create", "ALICE", "--email", "x@example.test")
    assert "taken" in refusal(*again)
    assert "letters" in refusal("account", "create", "Ä", "--email", "x@example.test")
    assert "easy to guess" in refusal(
        *("account", "create", "bob", "--email", "b@example.test", "--password-stdin"),
        stdin="password1",
    )
    assert "e-mail" in refusal("account", "create", "bob", "--email", "nothing")


def test_roles_suspension_and_return(alice, madang, refusal):
    madang("account", "role", "alice", "moderator")
    madang("account", "suspend", "@alice")
    (person,) = json.loads(madang("account", "list", "--json"))
    assert (person["role"], person["state"]) == ("moderator", "suspended")
    madang("account", "restore", "alice")
    assert "active" in madang("account", "list")
    madang("account", "reset-password", "alice", "--password-stdin", stdin="another-river-oven")
    assert "no account bob" in refusal("account", "suspend", "bob")
    assert "mayor" in refusal("account", "role", "alice", "mayor")


def test_what_the_operator_does_to_somebody_stands_in_the_log_of_moderators(alice, madang, folder):
    madang("account", "suspend", "alice")
    madang("account", "restore", "alice")
    madang("account", "role", "alice", "moderator")
    madang("account", "reset-password", "alice", "--password-stdin", stdin="another-river-oven")
    (person,) = json.loads(madang("account", "list", "--json"))
    with closing(sqlite3.connect(folder / "var" / "madang.db")) as db:
        deeds = db.execute("SELECT action, target, moderator_id FROM moderation_log ORDER BY id")
        account = f"account:{person['id']}"
        assert deeds.fetchall() == [
            (deed, account, None) for deed in ("suspend", "unsuspend", "role")
        ]


def test_a_token_is_all_that_is_printed(alice, madang, refusal):
    out = madang("token", "create", "alice", "--scopes", "read write follow push")
    assert len(out.split()) == 1 and len(out.strip()) >= 40
    assert "no scope" in refusal("token", "create", "alice", "--scopes", "everything")


def test_admin_scopes_are_for_those_who_moderate(alice, madang, refusal):
    wished = ("token", "create", "alice", "--scopes", "admin:read admin:write:accounts")
    assert "madang account role alice moderator" in refusal(*wished)
    madang("account", "role", "alice", "moderator")
    assert len(madang(*wished).split()) == 1
    assert '"admin" is no scope' in refusal("token", "create", "alice", "--scopes", "admin")


# --- communities


def test_a_neighbourhood_is_made_and_listed(madang, alice):
    assert "None is here yet" in madang("community", "list")
    madang("post", "alice", stdin="눈 #느티골")
    out = madang(
        *("community", "create", "Neutigol", "--kind", "neighbourhood"),
        *("--title", "느티골", "--bio", "우물터가 있는 동네"),
    )
    assert out == (
        "Made @neutigol@localhost:8080: http://localhost:8080/@neutigol\n"
        "It passes on what people here write for everyone with #느티골.\n"
    )
    (one,) = json.loads(madang("community", "list", "--json"))
    assert (one["name"], one["title"], one["tag"]) == ("neutigol", "느티골", "느티골")
    assert (one["kind"], one["followers"], one["passed_on"]) == ("neighbourhood", 0, 1)
    assert one["address"] == "@neutigol@localhost:8080"
    assert "느티골" in madang("community", "list")
    assert [one["name"] for one in json.loads(madang("account", "list", "--json"))] == ["alice"]


def test_a_neighbourhood_is_made_with_a_boundary(madang, alice, folder, refusal):
    area = '{"type":"Polygon","coordinates":[[[126.86,37.47],[126.87,37.47],[126.87,37.48]]]}'
    (folder / "area.geojson").write_text(area, "utf-8-sig")
    (folder / "other.json").write_text("[]")
    create = ("community", "create", "hill", "--kind")
    assert "no GeoJSON" in refusal(*create, "neighbourhood", "--boundary", "other.json")
    assert "cannot be read" in refusal(*create, "neighbourhood", "--boundary", "none.json")
    assert "Only a neighbourhood" in refusal(*create, "board", "--boundary", "area.geojson")
    madang(*create, "neighbourhood", "--boundary", "area.geojson")
    with closing(sqlite3.connect(folder / "var" / "madang.db")) as db:
        ((kept,),) = db.execute("SELECT boundary FROM community")
    assert json.loads(kept)["coordinates"][0][0] == [126.86, 37.47]


def test_a_community_that_cannot_be_made_is_explained(madang, alice, refusal):
    create = ("community", "create", "neutigol", "--kind")
    madang(*create, "neighbourhood")
    assert "is taken" in refusal(*create, "neighbourhood", "--tag", "other")
    assert "belongs to neutigol" in refusal(
        "community", "create", "other", "--kind", "neighbourhood", "--tag", "#Neutigol"
    )
    for title in ("A (b)", "2026", "!", "x" * 500):
        sentence = refusal(
            "community", "create", "other", "--kind", "neighbourhood", "--title", title
        )
        assert "hashtag" in sentence and "--tag" in sentence
        assert len(sentence) < 200
    assert "1 to 30" in refusal("community", "create", "느티골", "--kind", "neighbourhood")
    board = ("community", "create", "b", "--kind", "board")
    assert "no account nobody" in refusal(*board, "--moderator", "nobody")
    assert "no such community" in refusal(*board, "--neighbourhood", "nowhere")
    assert "at most 300 characters" in refusal(*board, "--rule", "x" * 301)
    assert "--kind" in refusal("community", "create", "b")


def test_a_board_is_made_and_written_into(madang, alice, refusal):
    madang("community", "create", "neutigol", "--kind", "neighbourhood")
    out = madang(
        *("community", "create", "water", "--kind", "board", "--title", "물 이야기"),
        *("--moderator", "alice", "--neighbourhood", "neutigol", "--rule", "Be kind"),
    )
    assert out == "Made @water@localhost:8080: http://localhost:8080/@water\n"
    (one,) = json.loads(madang("community", "list", "--kind", "board", "--json"))
    assert (one["title"], one["tag"], one["posting"]) == ("물 이야기", None, "anyone")
    assert one["rules"] == ["Be kind"]
    listed = madang("community", "list")
    assert listed.index("neutigol") < listed.index("water")
    put = ("post", "alice", "--community", "water")
    assert "needs a title" in refusal(*put, stdin="Text")
    address = madang(*put, "--title", "Rain", "--link", "https://news.test/", stdin="Text")
    assert address.startswith("http://localhost:8080/@alice/")
    assert "begin in boards" in refusal(
        "post", "alice", "--community", "neutigol", "--title", "x", stdin="x"
    )


def test_nobody_acts_as_a_neighbourhood(madang, alice, refusal):
    madang("community", "create", "neutigol", "--kind", "neighbourhood")
    for command in (
        ("token", "create", "neutigol"),
        ("post", "neutigol"),
        ("account", "suspend", "neutigol"),
        ("account", "role", "neutigol", "admin"),
        ("account", "reset-password", "neutigol"),
    ):
        assert "There is no account neutigol here" in refusal(*command)


# --- writing


def test_a_post_prints_its_address(alice, madang, folder):
    (folder / "story.md").write_text("안녕, **마당**")
    story = madang("post", "alice", "--title", "첫 글", "story.md").strip()
    note = madang("post", "alice", stdin="hello").strip()
    assert story.startswith("http://localhost:8080/@alice/")
    assert note.startswith("http://localhost:8080/@alice/")
    assert note != story


def test_a_text_that_cannot_be_read_is_named(alice, refusal, folder):
    assert "nowhere.md" in refusal("post", "alice", "nowhere.md")
    (folder / "latin.md").write_bytes(b"caf\xe9")
    assert "latin.md is not text in UTF-8" in refusal("post", "alice", "latin.md")


# --- other servers


def test_domains_are_blocked_listed_and_carried_over(alice, madang, refusal):
    madang("domain", "block", "Far.Example", "--reason", "spam, and more")
    madang("domain", "allow", "near.example")
    assert json.loads(madang("domain", "list", "--json")) == [
        {"domain": "far.example", "action": "block", "reason": "spam, and more"},
        {"domain": "near.example", "action": "allow", "reason": ""},
    ]
    exported = madang("domain", "export")
    madang("domain", "remove", "far.example")
    assert "far.example" not in madang("domain", "list")
    madang("domain", "import", stdin=exported)
    assert "block  far.example  spam, and more" in madang("domain", "list")
    assert "no domain" in refusal("domain", "block", "not a domain").replace("is not a", "no")
    assert "no rule" in refusal("domain", "remove", "other.example")


def test_a_list_of_another_server_is_read():
    text = (
        "\ufeff#domain,#severity,#public_comment\n"
        "a.example,suspend,x\nb.example,silence,\n*.c.example,suspend,\n"
    )
    assert domain.parse_list(text) == [("a.example", "x"), ("c.example", "")]
    assert domain.parse_list("a.example\n\n# a remark\nb.example\n") == [
        ("a.example", ""),
        ("b.example", ""),
    ]
    with pytest.raises(Failure, match="<script>"):
        domain.parse_list("a.example\n<script>\n")


def test_what_belongs_to_somebody_else_is_named_not_taken_for_our_mistake(
    alice, folder, refusal, monkeypatch
):
    """Root, in whose name tests may run, may read everything: the answers are invented."""
    database = config.load(None, os.environ).database.url.partition(":")[2]
    real = os.access

    def another_s(modes: int):
        return lambda file, mode: not (str(file) == database and mode & modes) and real(file, mode)

    monkeypatch.setattr(os, "access", another_s(os.R_OK))
    for command in (("queue",), ("check",)):
        assert f"{database} may not be read by us: chown it" in refusal(*command)
    monkeypatch.setattr(os, "access", another_s(os.W_OK))
    assert f"{database} may not be written by us: chown it" in refusal("check")

    def locked(self: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "exists", locked)
    assert f"We may not read or write {folder / 'madang.toml'}: run" in refusal("queue")


def test_an_empty_queue_says_so(alice, madang, refusal):
    assert madang("queue") == "Nothing waits.\n"
    assert json.loads(madang("queue", "--json"))["peers"] == []
    assert json.loads(madang("queue", "--json"))["jobs"] == []
    assert "0 parked deliveries and 0 parked jobs" in madang("queue", "retry")
    for action in ("retry", "drop"):
        sentence = refusal("queue", action, "far.example")
        assert "knows no server far.example; it is empty" in sentence
    assert "HOST" in refusal("queue", "drop")
    assert "HOST" in refusal("queue", "drop", "far.example", "--all")


def test_the_queue_tells_why_a_server_rests(alice, madang, folder):
    with sqlite3.connect(folder / "var" / "madang.db") as db:
        db.executemany(
            "INSERT INTO peer (id, host, inbox, created_ms, due_ms, failing_since_ms, last_error)"
            " VALUES (?, ?, ?, 1, ?, ?, ?)",
            [
                (1, "a.example", "https://a.example/in", 1893456000000, None, "401 (our clock)"),
                (2, "b.example", "https://b.example/in", 1893456000000, 1767225600000, "500 Oh"),
                (3, "c.example", "https://c.example/in", None, 1767225600000, "no answer"),
                (4, "d.example", "https://d.example/in", 1893456000000, None, ""),
            ],
        )
    db.close()
    assert madang("queue").splitlines() == [
        "a.example  0 waiting, 0 parked; next try 2030-01-01T00:00:00Z: 401 (our clock)",
        "b.example  0 waiting, 0 parked; failing since 2026-01-01T00:00:00Z;"
        " next try 2030-01-01T00:00:00Z: 500 Oh",
        "c.example  0 waiting, 0 parked; failing since 2026-01-01T00:00:00Z: no answer",
        "d.example  0 waiting, 0 parked",
    ]


def test_the_queue_tells_who_was_given_up_and_which_it_knows(alice, madang, folder, refusal):
    with sqlite3.connect(folder / "var" / "madang.db") as db:
        db.execute(
            "INSERT INTO peer (id, host, inbox, created_ms, gone_ms, last_error) VALUES"
            " (1, 'far.example', 'https://far.example/inbox', 1, 1767225600000, '410 Gone')"
        )
        (alice_id,) = db.execute("SELECT id FROM account WHERE name = 'alice'").fetchone()
        _a_stranger_follows(db, alice_id)
        db.execute(
            "INSERT INTO deferred (about, community_id, actor_id, kind, body, due_ms)"
            " VALUES ('x', :id, :id, 'votes', x'7b7d', 1767225600000)",
            {"id": alice_id},
        )
    db.close()
    told = madang("queue")
    assert "far.example  given up on 2026-01-01T00:00:00Z: 410 Gone; 1 follow from there" in told
    assert "`madang queue retry far.example`" in told
    assert "later    1 deed in communities" in told and "next 2026-01-01T00:00:00Z" in told
    (gone,) = json.loads(madang("queue", "--json"))["peers_given_up"]
    assert (gone["host"], gone["followers"]) == ("far.example", 1)
    assert "it has far.example." in refusal("queue", "retry", "fra.example")
    madang("queue", "retry", "far.example")
    assert "given up" not in madang("queue")


def _a_stranger_follows(db, target_id):
    columns = {
        row[1]: "" if "TEXT" in row[2] else b"" if "BLOB" in row[2] else 0
        for row in db.execute("PRAGMA table_info(account)")
        if row[3] and row[4] is None
    }
    values = {**columns, "id": 2, "uri": "https://far.example/users/eve", "name": "eve"}
    values |= {"domain": "far.example", "kind": "Person", "peer_id": 1, "handle": "eve@far.example"}
    known = {row[1] for row in db.execute("PRAGMA table_info(account)")}
    values = {name: value for name, value in values.items() if name in known}
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    db.execute(f"INSERT INTO account ({names}) VALUES ({places})", values)
    db.execute(
        "INSERT INTO follow (follower_id, target_id, id, uri, state, local, created_ms)"
        " VALUES (2, ?, 3, 'https://far.example/follows/1', 'accepted', 0, 1)",
        (target_id,),
    )


def test_the_queue_tells_what_waits_here_and_why(alice, madang, folder):
    with sqlite3.connect(folder / "var" / "madang.db") as db:
        db.execute(
            "INSERT INTO job (id, kind, lane, payload, due_ms, attempts, last_error) VALUES"
            " (1, 'media', 'media:0', x'7b7d', 1767225600000, 2, 'no room'),"
            " (2, 'media', 'media:1', x'7b7d', 1767225700000, 0, ''),"
            " (3, 'push', 'push:1', x'7b7d', 4611686018427387904, 0, '')"
        )
    db.close()
    films, pushes = json.loads(madang("queue", "--json"))["jobs"]
    assert (films["kind"], films["waiting"], films["attempts"]) == ("media", 2, 2)
    assert (films["next_try"], films["last_error"]) == ("2026-01-01T00:00:00Z", "no room")
    assert pushes["next_try"] is None
    told = madang("queue")
    assert "media    2 waiting here since 1970-01-01T00:00:00Z" in told
    assert "next try 2026-01-01T00:00:00Z: no room" in told
    assert "due since 2026-01-01T00:00:00Z; does a worker run?" in told


# --- serving


def test_an_older_aiohttp_is_refused(monkeypatch):
    serve.require_parser("3.14.5")
    with pytest.raises(Failure, match=r"aiohttp 3\.14\.4"):
        serve.require_parser("3.14.4")
    monkeypatch.setattr(
        serve.http_parser, "HttpRequestParser", serve.http_parser.HttpRequestParserPy
    )
    with pytest.raises(Failure, match="C parser"):
        serve.require_parser("3.14.5")


def test_sqlite_has_one_process(refusal):
    assert "PostgreSQL" in refusal("serve", "--processes", "2")
    assert "PostgreSQL" in refusal("serve", "--role", "web")
    assert "1 or more" in refusal("serve", "--processes", "0")
    assert "not known" in refusal("serve", "--role", "cook")


@pytest.mark.parametrize(
    ("limits", "wished"),
    [
        ((1024, 4096), (4096, 4096)),
        ((1024, -1), (8192, -1)),
        ((9000, 9000), None),
        ((-1, -1), None),
    ],
)
def test_it_asks_for_the_files_that_open_pages_need(monkeypatch, limits, wished):
    said = []
    monkeypatch.setattr(serve.resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(serve.resource, "setrlimit", lambda _, wish: said.append(wish))
    serve.allow_files()
    assert said == ([wished] if wished else [])


def test_a_second_server_on_one_sqlite_is_refused(folder, madang):
    madang("migrate")
    found = config.load(None, {})
    serve.be_alone(found)  # held until this process ends
    with pytest.raises(Failure, match="runs on var/madang.db already"):
        serve.be_alone(found)


def test_the_database_is_readable_by_us_alone(alice, folder):
    assert stat.S_IMODE((folder / "var" / "madang.db").stat().st_mode) == 0o600


def test_a_folder_of_pictures_that_cannot_be_written_stops_the_start(folder, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(opening.tempfile, "TemporaryFile", refuse)
    with pytest.raises(Failure, match=r"media\.store var/media: read-only file system"):
        serve.prepare(config.load(None, {}))


@pytest.mark.parametrize("command", ["serve", "check"])
def test_an_authority_that_cannot_be_used_is_named(folder, refusal, monkeypatch, command):
    monkeypatch.setenv("MADANG_FEDERATION__CA_FILE", "ca.pem")
    assert "federation.ca_file ca.pem: no such file" in refusal(command)
    (folder / "ca.pem").write_text("nothing")
    assert "federation.ca_file ca.pem holds no certificate" in refusal(command)


def test_a_database_in_another_encoding_is_refused(folder, postgresql_server, refusal, monkeypatch):
    postgresql_server.run('DROP DATABASE IF EXISTS "latin"')
    postgresql_server.run(
        "CREATE DATABASE \"latin\" ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
    )
    url = urlsplit(postgresql_server.create())._replace(path="/latin").geturl()
    monkeypatch.setenv("MADANG_DATABASE__URL", url)
    assert "--encoding UTF8" in refusal("migrate")
    postgresql_server.drop(url)


def test_a_database_of_somebody_else_says_what_is_missing(
    folder, postgresql_server, refusal, monkeypatch
):
    url = postgresql_server.create()
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        admin.execute("DROP ROLE IF EXISTS guest")
        admin.execute("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    parts = urlsplit(url)
    guest = parts._replace(netloc="guest:guest@" + parts.netloc.rpartition("@")[2]).geturl()
    monkeypatch.setenv("MADANG_DATABASE__URL", guest)
    assert "make our user its owner" in refusal("migrate")


@pytest.mark.parametrize("command", [("check",), ("account", "create", "bob", "--email", "b@x.y")])
def test_a_key_that_is_not_the_one_of_the_database_is_refused(folder, alice, refusal, command):
    file = folder / "var" / "secret.key"
    file.write_text("0" * 64)
    assert "sealed with another key" in refusal(*command)
    file.unlink()
    assert "There is no key at var/secret.key" in refusal(*command)
    assert not file.exists()


def test_a_taken_port_is_named(refusal, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("MADANG_SERVER__PORT", str(port))
        assert refusal("serve") == (
            f"Port {port} on 127.0.0.1 is taken; stop what uses it, or set server.port."
        )


def test_an_address_that_is_not_ours_is_named():
    with pytest.raises(Failure, match=r"server\.host"):
        listening.listen("192.0.2.1", 0)
    with pytest.raises(Failure, match=r"server\.host"):
        listening.listen("no such host", 0)


def test_a_forbidden_port_says_what_to_do(monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(listening, "_one", refuse)
    with pytest.raises(Failure, match="1024 or more"):
        listening.listen("127.0.0.1", 80)


def test_every_address_of_a_host_is_listened_on():
    sockets = listening.listen("127.0.0.1", 0)
    try:
        host, port = sockets[0].getsockname()
        assert listening.place(sockets[0]) == f"{host}:{port}"
        with socket.create_connection((host, port), timeout=30):
            pass
    finally:
        listening.close(sockets)


def certificate(folder: Path, days: int) -> config.Server:
    """A server's configuration with a certificate that ends in `days`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gm.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("gm.test"), x509.DNSName("*.gm.test")]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return config.Server(tls_certificate=str(folder / "cert.pem"), tls_key=str(folder / "key.pem"))


def test_tls_takes_a_pair_of_files_and_names_what_is_wrong(folder):
    server = certificate(folder, 30)
    context = listening.tls_context(server)
    assert context and context.minimum_version == ssl.TLSVersion.TLSv1_2
    (folder / "key.pem").write_text("nothing")
    with pytest.raises(Failure, match=r"key\.pem"):
        listening.tls_context(server)
    (folder / "key.pem").unlink()
    with pytest.raises(Failure, match="no such file"):
        listening.tls_context(server)
    assert listening.tls_context(config.Server()) is None


# --- checking


def test_check_looks_at_everything(alice, madang):
    findings = {one["subject"]: one for one in json.loads(madang("check", "--json"))}
    assert set(findings) == {
        *("configuration", "database", "media", "scratch", "films"),
        *("key", "logo", "cover"),
        *("certificate", "name", "clock"),
    }
    assert all(one["state"] == "ok" for one in findings.values())


def test_check_fails_with_what_is_wrong(alice, refusal, folder):
    certificate(folder, -1)
    (folder / "madang.toml").write_text(
        '[server]\ntls_certificate = "cert.pem"\ntls_key = "key.pem"'
    )
    assert "expired" in refusal("check")
    (folder / "madang.toml").write_text('[instance]\ndomain = "nowhere.invalid"')
    assert "nowhere.invalid" in refusal("check")
    (folder / "madang.toml").write_text('[media]\nstore = "/nowhere/media"')
    assert "media.store" in refusal("check")
    for key in ("logo", "cover"):
        (folder / "madang.toml").write_text(f'[instance]\n{key} = "nowhere.png"')
        for command in ("check", "serve"):
            assert f"instance.{key}: cannot read" in refusal(command)
    (folder / "madang.toml").write_text('[database]\nurl = "sqlite:/nowhere/at/all/madang.db"')
    assert "database.url" in refusal("check")


def test_check_on_a_new_machine_finds_nothing_wrong(folder, madang):
    assert "var/madang.db is not there yet" in madang("check")
    assert not (folder / "var").exists()


def test_a_certificate_that_others_refuse_is_explained(folder):
    def trouble(days: int, host: str) -> str:
        made = certificate(folder, days)
        instance = config.Instance(domain=host, base_url=f"https://{host}")
        return listening.certificate_trouble(config.Config(instance=instance, server=made))

    assert trouble(30, "gm.test") == trouble(30, "a.gm.test") == ""
    assert "is for gm.test, *.gm.test, not for other.test" in trouble(30, "other.test")
    assert "is for" in trouble(30, "a.b.gm.test")
    assert "expired" in trouble(-1, "gm.test")


def test_check_warns_of_a_key_that_others_may_read(alice, madang, folder):
    (folder / "var" / "secret.key").chmod(0o644)
    assert "warning  key: Others may read" in madang("check")


# --- the real process


@contextmanager
def serving(folder, *options, **environ):
    """`madang serve` as an operator starts it, and the line that it says first."""
    with subprocess.Popen(
        [sys.executable, "-m", "web", "serve", *options],
        env=os.environ | {"MADANG_SERVER__PORT": "0", "PYTHONPATH": str(ROOT), **environ},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            line = process.stdout.readline()
            assert "listening on http://127.0.0.1:" in line, process.stderr.read()
            yield process, line
        finally:
            process.kill()


def asked(line, path):
    """How an answer begins of the server that said `line`."""
    port = int(line.split("listening on http://127.0.0.1:")[1].split(")")[0])
    with socket.create_connection(("127.0.0.1", port), timeout=30) as one:
        one.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return one.recv(100)


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_told_to_stop(folder, name):
    with serving(folder) as (process, line):
        assert asked(line, "/healthz").startswith(b"HTTP/1.1 200")
        process.send_signal(name)
        assert process.wait(60) == 0
    assert (folder / "var" / "madang.db").exists()


def test_several_processes_share_one_port_on_postgresql(folder, postgresql_server):
    url = postgresql_server.create()
    with serving(folder, "--processes", "2", MADANG_DATABASE__URL=url) as (process, line):
        assert asked(line, "/readyz").startswith(b"HTTP/1.1 200")
        process.terminate()
        assert process.wait(60) == 0, process.stderr.read()
    postgresql_server.drop(url)


def test_processes_that_are_told_to_stop_while_they_start_end_well(folder, postgresql_server):
    url = postgresql_server.create()
    with serving(folder, "--processes", "2", MADANG_DATABASE__URL=url) as (process, _):
        process.terminate()
        assert process.wait(60) == 0, process.stderr.read()
    postgresql_server.drop(url)


@pytest.mark.parametrize("module", ["serve", "demo", "post"])
def test_a_command_is_imported_first_and_alone(module):
    """As `madang` does it: what two modules import of each other shows only then."""
    said = subprocess.run(
        [sys.executable, "-c", f"import web.commands.{module}"], capture_output=True, check=False
    )
    assert said.returncode == 0, said.stderr.decode()
