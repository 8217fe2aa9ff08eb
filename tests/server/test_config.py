"""The configuration: where it comes from, and what each mistake is told."""

import msgspec
import pytest

from server import config
from server.config import ConfigError


@pytest.fixture
def told(tmp_path, monkeypatch):
    """The sentence with which a file, and an environment, are refused."""
    monkeypatch.chdir(tmp_path)

    def ask(text: str, **environ: str) -> str:
        (tmp_path / "madang.toml").write_text(text)
        with pytest.raises(ConfigError) as refused:
            config.load(None, environ)
        return str(refused.value)

    return ask


@pytest.fixture
def read(tmp_path, monkeypatch):
    """What a file, and an environment, give."""
    monkeypatch.chdir(tmp_path)

    def ask(text: str = "", **environ: str) -> config.Config:
        (tmp_path / "madang.toml").write_text(text)
        return config.load(None, environ)

    return ask


def test_with_nothing_given_it_runs_on_this_machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = config.load(None, {})
    assert found.instance.base_url == "http://localhost:8080"
    assert found.instance.domain == "localhost:8080"
    assert found.instance.name == "Madang"
    assert found.database.url == "sqlite:var/madang.db"
    assert found.registrations.mode == "approval"


def test_the_named_file_wins_over_the_environment_and_that_over_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("madang", "named", "environment"):
        (tmp_path / f"{name}.toml").write_text(f'[instance]\nname = "{name}"')
    environ = {"MADANG_CONFIG": "environment.toml"}
    assert config.load("named.toml", environ).instance.name == "named"
    assert config.load(None, environ).instance.name == "environment"
    assert config.load(None, {}).instance.name == "madang"


def test_every_key_can_be_given_by_the_environment(read):
    found = read(
        "[server]\nport = 1",
        MADANG_SERVER__PORT="8081",
        MADANG_INSTANCE__NAME="광명마당",
        MADANG_INSTANCE__LANGUAGES="en, ko",
        MADANG_FEDERATION__AUTHORIZED_FETCH="true",
        MADANG_FEDERATION__ALLOWED_ADDRESSES='["127.0.2.0/24:443"]',
        MADANG_DEBUG="1",
        HOME="/root",
    )
    assert found.server.port == 8081
    assert found.instance.name == "광명마당"
    assert found.instance.languages == ("en", "ko")
    assert found.federation.authorized_fetch is True
    assert found.federation.allowed_addresses == ("127.0.2.0/24:443",)


def test_an_empty_list_in_the_environment_is_an_empty_list(read):
    assert read(MADANG_SERVER__TRUSTED_PROXIES="").server.trusted_proxies == ()


@pytest.mark.parametrize(
    ("text", "base_url"),
    [
        ('domain = "gm.example"', "https://gm.example"),
        (
            'domain = "gm.example"\nbase_url = "https://madang.gm.example/"',
            "https://madang.gm.example",
        ),
        ('domain = "localhost:9000"', "http://localhost:9000"),
        ('domain = "127.0.0.1:9000"', "http://127.0.0.1:9000"),
        ("", "http://localhost:9000"),
    ],
)
def test_the_address_follows_the_domain(read, text, base_url):
    found = read(f"[instance]\n{text}\n[server]\nport = 9000")
    assert found.instance.base_url == base_url


def test_a_closed_network_may_do_without_https(read):
    found = read(
        '[instance]\ndomain = "alpha.test"\nbase_url = "http://alpha.test:8081"\n'
        '[federation]\nallow_http = true\nallowed_addresses = ["127.0.0.0/8:8081", "[::1]:8081"]'
    )
    assert found.instance.base_url == "http://alpha.test:8081"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[server]\nprot = 8080",
            "server.prot in madang.toml is not a key; did you mean server.port?",
        ),
        (
            '[server]\nbase_url = "https://gm.example"',
            "server.base_url in madang.toml is not a key; did you mean instance.base_url?",
        ),
        ("[srver]\nport = 1", "[srver] in madang.toml is not a section; did you mean [server]?"),
        (
            "port = 8080",
            "port in madang.toml is not a key; did you mean server.port, below [server]?",
        ),
        ("server = 1", "server in madang.toml is a section; write [server] above its keys."),
        ('[server]\nport = "8080"', "server.port in madang.toml must be a whole number."),
        ("[server]\nport = 80.5", "server.port in madang.toml must be a whole number."),
        ("[instance]\nname = 5", "instance.name in madang.toml must be text in quotation marks."),
        (
            '[registrations]\nmode = "maybe"',
            'registrations.mode in madang.toml must be "open", "approval", "invite" or "closed".',
        ),
        (
            '[instance]\nlanguages = "ko"',
            'instance.languages in madang.toml must be a list of texts, such as ["a", "b"].',
        ),
        (
            "[federation]\nallow_http = 1",
            "federation.allow_http in madang.toml must be true or false.",
        ),
    ],
)
def test_a_wrong_key_or_type_is_named(told, text, sentence):
    assert told(text) == sentence


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[instance]\ndomain = "https://gm.example"', "instance.domain"),
        ('[instance]\ndomain = "GM.example"', "instance.domain"),
        ('[instance]\ndomain = "gm..example"', "instance.domain"),
        ('[instance]\nbase_url = "gm.example"', "instance.base_url"),
        ('[instance]\nbase_url = "https://gm.example/path"', "instance.base_url"),
        ('[instance]\nbase_url = "http://gm.example"', "instance.base_url"),
        ('[instance]\nbase_url = "https://[gm"', "instance.base_url"),
        ('[instance]\nname = " "', "instance.name"),
        ("[instance]\nlanguages = []", "instance.languages"),
        ('[instance]\nlanguages = ["Korean"]', "instance.languages"),
        ('[instance]\ntimezone = "Asia/Gwangmyeong"', "instance.timezone"),
        ('[instance]\ntimezone = "../../etc/passwd"', "instance.timezone"),
        ('[instance]\naccent = "green"', "instance.accent"),
        ('[instance]\naccent = "#17614"', "instance.accent"),
        ('[instance]\naccent = "#17614f;}body{display:none"', "instance.accent"),
        (f'[instance]\ndescription = "{"x" * 501}"', "instance.description"),
        ('[instance]\ncontact_email = "us"', "instance.contact_email"),
        ('[instance]\ncontact_email = "a b@gm.example"', "instance.contact_email"),
        ("[server]\nport = 65536", "server.port"),
        ('[server]\ntls_certificate = "a.pem"', "server.tls_key"),
        ('[server]\ntls_key = "a.pem"', "server.tls_certificate"),
        ('[server]\ntrusted_proxies = ["proxy"]', "server.trusted_proxies"),
        ("[server]\napp_requests = 0", "server.app_requests"),
        ("[federation]\npeer_activities = 0", "federation.peer_activities"),
        ('[database]\nurl = "mysql://localhost/x"', "database.url"),
        ('[database]\nurl = "sqlite:"', "database.url"),
        ('[database]\nurl = "postgresql://me:hu/sh@host/x"', "database.url"),
        ('[database]\nurl = "postgresql://me:hu#sh@host/x"', "database.url"),
        ('[database]\nurl = "postgresql://me:hu?sh@host/x"', "database.url"),
        ('[database]\nurl = "postgresql://me:hu@sh@host/x"', "database.url"),
        ('[media]\nstore = "s3://"', "media.store"),
        ('[media]\nstore = "s3://bucket?endpoint=ftp://x"', "media.store"),
        ('[media]\nstore = "s3://bucket?odd=1"', "media.store"),
        ('[media]\naccess_key_id = "x"', "media.secret_access_key"),
        ('[media]\nsecret_access_key = "x"', "media.access_key_id"),
        ("[media]\nupload_mb = 0", "media.upload_mb"),
        ("[media]\nfilm_seconds = 0", "media.film_seconds"),
        ("[media]\nsound_seconds = 0", "media.sound_seconds"),
        ("[media]\nremote_film_mb = -1", "media.remote_film_mb"),
        ('[media]\nstore = ""', "media.store"),
        ("[media]\nremote_cache_mb = 15", "media.remote_cache_mb"),
        ("[media]\nremote_cache_mb = -1", "media.remote_cache_mb"),
        ('[secrets]\nkey_file = ""', "secrets.key_file"),
        ('[mail]\nsmtp = "mail.example"', "mail.smtp"),
        ('[federation]\nallowed_addresses = ["everywhere"]', "federation.allowed_addresses"),
        ('[federation]\nallowed_addresses = ["127.0.0.1:x"]', "federation.allowed_addresses"),
    ],
)
def test_a_value_that_cannot_work_is_named_by_its_key(told, text, named):
    sentence = told(text)
    assert named in sentence
    assert "sh@" not in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_a_wrong_variable_is_named(told):
    assert told("", MADANG_SERVER__PROT="1").startswith(
        "server.prot in the environment (MADANG_SERVER__PROT) is not a key"
    )
    assert told("", MADANG_SERVER__PORT="many") == (
        "server.port in the environment (MADANG_SERVER__PORT) must be a whole number."
    )
    assert "[servre]" in told("", MADANG_SERVRE__PORT="1")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.toml: no such file"):
        config.load(tmp_path / "nowhere.toml", {})
    with pytest.raises(ConfigError, match="is a directory"):
        config.load(tmp_path, {})
    (tmp_path / "latin.toml").write_bytes(b'[instance]\nname = "caf\xe9"')
    with pytest.raises(ConfigError, match="UTF-8"):
        config.load(tmp_path / "latin.toml", {})
    (tmp_path / "broken.toml").write_text("[instance\n")
    with pytest.raises(ConfigError, match=r"broken\.toml is not valid TOML"):
        config.load(tmp_path / "broken.toml", {})


def test_the_site_is_what_the_configuration_says(read):
    site = config.site(read('[instance]\ndomain = "gm.example"\n[registrations]\nmode = "open"'))
    assert (site.origin, site.domain, site.registrations) == (
        "https://gm.example",
        "gm.example",
        "open",
    )


def test_the_site_knows_how_the_city_introduces_itself(read):
    site = config.site(read('[instance]\naccent = "#AA3355"\ndescription = " 우리 동네 "'))
    assert (site.accent, site.description) == ("#aa3355", "우리 동네")


def test_a_configuration_never_changes(read):
    with pytest.raises(AttributeError):
        read().server.port = 1


def test_every_key_has_a_default_of_its_own_type():
    for name, section in config.SECTIONS.items():
        for field in msgspec.structs.fields(section):
            assert msgspec.convert(field.default, field.type) == field.default, (
                f"{name}.{field.name}"
            )
