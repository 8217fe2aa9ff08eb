"""What an operator decides: one TOML file, the environment over it, and defaults below both.

Every failure is a `ConfigError` whose text is one sentence that names the key and what to do.
"""

import ipaddress
import re
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec

from federation import guard
from server import config_source
from server.config_source import ConfigError
from server.files import SCHEME, place_of
from server.model import Site

__all__ = ["Config", "ConfigError", "is_local", "load", "site"]

VERSION: Final = "0.1.0"
MAX_DESCRIPTION: Final = 500  # characters
LEAST_OF_MEDIA: Final[Mapping[str, int]] = types.MappingProxyType(
    {
        "upload_mb": 1,
        "film_seconds": 1,
        "sound_seconds": 1,
        "remote_cache_mb": 16,
        "remote_film_mb": 0,
    }
)

_ADDRESS: Final = re.compile(r"[^/]*://|s3:", re.I)
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_DOMAIN: Final = re.compile(
    r"(?=.{1,253}(:|$))[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*"
    r"(:[0-9]{1,5})?"
)


class Instance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who this instance is. `base_url` has no trailing slash; the first language is the default."""

    domain: str = "localhost:8080"
    base_url: str = ""
    name: str = "Madang"
    kind: Literal["city", "ngo"] = "city"
    languages: tuple[str, ...] = ("ko", "en")
    timezone: str = "Asia/Seoul"
    description: str = ""
    contact_email: str = ""
    accent: str = "#17614f"
    logo: str = ""
    cover: str = ""


class Server(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where it listens, whose word about a visitor's address counts, and how often apps may ask."""

    host: str = "127.0.0.1"
    port: int = 8080
    tls_certificate: str = ""
    tls_key: str = ""
    trusted_proxies: tuple[str, ...] = ("127.0.0.1",)
    app_requests: int = 300


class DatabaseAt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`sqlite:PATH`, or `postgresql://user@host/name`."""

    url: str = "sqlite:var/madang.db"


class MediaAt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where pictures, films and sounds are, what is taken, and how much other servers' may take.

    `store` is a folder or `s3://BUCKET?endpoint=...`; `scratch` a folder for what is on its way.
    """

    store: str = "var/media"
    access_key_id: str = ""
    secret_access_key: str = ""
    scratch: str = ""
    ffmpeg: str = "ffmpeg"
    upload_mb: int = 80
    film_seconds: int = 300
    sound_seconds: int = 3600
    remote_cache_mb: int = 1024
    remote_film_mb: int = 40

    @property
    def folder(self) -> Path | None:
        """Where the files are; None where they are in a bucket."""
        return None if self.store.startswith(SCHEME) else Path(self.store)

    @property
    def upload_bytes(self) -> int:
        """What a film or a sound that is sent may have."""
        return self.upload_mb * 1024 * 1024

    @property
    def remote_bytes(self) -> int:
        """What the pictures and films of other servers may take."""
        return self.remote_cache_mb * 1024 * 1024

    @property
    def remote_film_bytes(self) -> int:
        """What a film of another server may have: never much of what all of them may take."""
        return min(self.remote_film_mb, self.remote_cache_mb // 4) * 1024 * 1024


class Secrets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file with the key that seals private keys in the database."""

    key_file: str = "var/secret.key"

    @property
    def file(self) -> Path:
        """Where the key is."""
        return Path(self.key_file)


class Registrations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may make an account."""

    mode: Literal["open", "approval", "invite", "closed"] = "approval"


class Federation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """With whom we speak, and the exceptions to the address guard (`CIDR` or `CIDR:PORT`)."""

    mode: Literal["open", "allowlist", "off"] = "open"
    authorized_fetch: bool = False
    allowed_addresses: tuple[str, ...] = ()
    allow_http: bool = False
    ca_file: str = ""
    link_previews: bool = True
    peer_activities: int = 3_000


class Mail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`smtp://user:password@host:port`, or nothing: then mails are printed to the log."""

    smtp: str = ""


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole configuration, one struct for each section of the file."""

    instance: Instance = Instance()
    server: Server = Server()
    database: DatabaseAt = DatabaseAt()
    media: MediaAt = MediaAt()
    secrets: Secrets = Secrets()
    registrations: Registrations = Registrations()
    federation: Federation = Federation()
    mail: Mail = Mail()


SECTIONS: Final[Mapping[str, type[msgspec.Struct]]] = types.MappingProxyType(
    {field.name: field.type for field in msgspec.structs.fields(Config)}
)


def load(path: str | Path | None, environ: Mapping[str, str]) -> Config:
    """The configuration of `path`, or `MADANG_CONFIG`, or `madang.toml` here, or the defaults.

    `MADANG_SECTION__KEY` in `environ` wins over the file; lists are JSON or separated by commas.
    Relative paths mean the working directory. Raises `ConfigError`.
    """
    given = config_source.read(SECTIONS, config_source.find(path, environ), environ)
    config = Config(**{name: config_source.section(SECTIONS, name, given) for name in SECTIONS})
    config = _with_addresses(config, "domain" in given.get("instance", {}))
    for problem in _problems(config):
        raise ConfigError(problem)
    return config


def site(config: Config) -> Site:
    """Who we are, as services and pages need it."""
    instance = config.instance
    return Site(
        origin=instance.base_url,
        domain=instance.domain,
        name=instance.name,
        kind=instance.kind,
        languages=instance.languages,
        timezone=instance.timezone,
        registrations=config.registrations.mode,
        description=instance.description.strip(),
        accent=instance.accent.lower(),
        link_previews=config.federation.link_previews and config.federation.mode != "off",
    )


def _with_addresses(config: Config, domain_given: bool) -> Config:
    """`domain` and `base_url` where they were not given: localhost at our port, https elsewhere."""
    instance, server = config.instance, config.server
    domain = instance.domain
    if not domain_given:
        domain = f"localhost:{server.port}"
    secure = bool(server.tls_certificate) or not is_local(domain)
    base_url = instance.base_url.rstrip("/") or f"{'https' if secure else 'http'}://{domain}"
    return msgspec.structs.replace(
        config, instance=msgspec.structs.replace(instance, domain=domain, base_url=base_url)
    )


def is_local(host: str) -> bool:
    """Whether `host`, with or without a port, is this very machine."""
    name = (urlsplit(f"//{host}").hostname or "").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _problems(config: Config) -> Iterator[str]:
    """What is wrong with values that fit their types, the most basic first."""
    yield from _server_problems(config.server)
    yield from _instance_problems(config)
    yield from _storage_problems(config)
    yield from _federation_problems(config.federation)


def _instance_problems(config: Config) -> Iterator[str]:
    instance = config.instance
    if not _DOMAIN.fullmatch(instance.domain):
        yield (
            f'instance.domain "{instance.domain}" is not a host name; '
            'write it in small letters without https://, such as "gm.example".'
        )
    yield from _base_url_problems(instance, config.federation)
    if not instance.name.strip():
        yield "instance.name is empty; give your place a name."
    if not instance.languages:
        yield 'instance.languages is empty; name at least one, such as ["ko"].'
    for language in instance.languages:
        if not _LANGUAGE.fullmatch(language):
            yield f'instance.languages: "{language}" is not the code of a language, such as "ko".'
    if not _zone_exists(instance.timezone):
        yield f'instance.timezone "{instance.timezone}" is not known; an example is "Asia/Seoul".'
    yield from _identity_problems(instance)


def _identity_problems(instance: Instance) -> Iterator[str]:
    """Of the looks; whether the files are there is looked at when they are needed."""
    if len(instance.description) > MAX_DESCRIPTION:
        yield (
            f"instance.description has {len(instance.description)} characters; "
            f"say it in {MAX_DESCRIPTION}."
        )
    if instance.contact_email and not _EMAIL.fullmatch(instance.contact_email):
        yield (
            f'instance.contact_email "{instance.contact_email}" is not an e-mail address, '
            'such as "hello@gm.example".'
        )
    if not _COLOUR.fullmatch(instance.accent):
        yield (
            f'instance.accent "{instance.accent}" is not a colour; '
            'write it as # and six digits, such as "#17614f".'
        )


def _base_url_problems(instance: Instance, federation: Federation) -> Iterator[str]:
    try:
        parts = urlsplit(instance.base_url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.scheme not in ("http", "https"):
        yield f'instance.base_url "{instance.base_url}" is not an address; an example is "https://gm.example".'
        return
    if parts.path or parts.query or parts.fragment or parts.username is not None:
        yield f'instance.base_url "{instance.base_url}" must end after the host, without a path.'
    if parts.netloc != parts.netloc.lower():
        yield f'instance.base_url "{instance.base_url}" must be written in small letters.'
    if parts.scheme == "http" and not is_local(parts.netloc) and not federation.allow_http:
        yield (
            f'instance.base_url "{instance.base_url}" must begin with https://; '
            "only localhost and closed networks (federation.allow_http = true) may do without."
        )


def _zone_exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _server_problems(server: Server) -> Iterator[str]:
    if not 0 <= server.port <= 65535:
        yield f"server.port {server.port} is not a port; it lies between 1 and 65535."
    if bool(server.tls_certificate) != bool(server.tls_key):
        missing = "tls_key" if server.tls_certificate else "tls_certificate"
        yield f"server.{missing} is missing; give both certificate and key, or neither."
    if server.app_requests < 1:
        yield "server.app_requests must be at least 1."
    for proxy in server.trusted_proxies:
        if not _is_network(proxy):
            yield (
                f'server.trusted_proxies: "{proxy}" is not an address '
                'such as "127.0.0.1" or "10.0.0.0/8".'
            )


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _storage_problems(config: Config) -> Iterator[str]:
    url = config.database.url
    scheme, _, rest = url.partition(":")
    if scheme not in ("sqlite", "postgresql") or not rest.strip("/"):
        yield (
            "database.url must be sqlite:PATH or postgresql://user@host/name; "
            'an example is "sqlite:var/madang.db".'
        )
    if scheme == "postgresql" and not _is_url(url):
        yield (
            "database.url cannot be read; write what is neither letter nor digit in its password "
            "as %23 for #, %2F for /, %3F for ?, %40 for @."
        )
    yield from _media_problems(config.media)
    if not config.secrets.key_file:
        yield 'secrets.key_file is empty; give a file, such as "var/secret.key".'
    if config.mail.smtp and urlsplit(config.mail.smtp).scheme not in ("smtp", "smtps"):
        yield 'mail.smtp must be an address such as "smtps://user:password@mail.example:465".'


def _media_problems(media: MediaAt) -> Iterator[str]:
    if not media.store:
        yield 'media.store is empty; give a folder, such as "var/media".'
    if media.folder is not None and _ADDRESS.match(media.store):
        yield (
            f'media.store "{media.store}" is neither a folder nor a bucket we know; '
            "write s3://BUCKET?endpoint=https://HOST, in small letters."
        )
    if media.folder is None:
        try:
            place_of(media.store)
        except ValueError as error:
            yield f'media.store "{media.store}": {error}.'
    if bool(media.access_key_id) != bool(media.secret_access_key):
        missing = "secret_access_key" if media.access_key_id else "access_key_id"
        yield f"media.{missing} is missing; give both, or neither."
    for key, least in LEAST_OF_MEDIA.items():
        if getattr(media, key) < least:
            yield f"media.{key} {getattr(media, key)} is too little; give at least {least}."


def _is_url(url: str) -> bool:
    """Whether the host stands where it should: an `@`, `/`, `?` or `#` in a password moves it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return not parts.fragment and url.count("@") == parts.netloc.count("@") <= 1


def _federation_problems(federation: Federation) -> Iterator[str]:
    if federation.peer_activities < 1:
        yield "federation.peer_activities must be at least 1."
    try:
        guard.parse_allowed(federation.allowed_addresses)
    except ValueError as error:
        yield f"federation.allowed_addresses: {error}"
