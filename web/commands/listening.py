"""Sockets to listen on, with or without TLS; every refusal says what to change."""

import errno
import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from server.config import Config, Server
from web import connections
from web.commands.failure import Failure


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen on every address of `host`. Raises `Failure`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise Failure(f'server.host "{host}" is no address; an example is "127.0.0.1".') from None
    sockets: list[socket.socket] = []
    try:
        for family, address in dict.fromkeys((one[0], one[4]) for one in found):
            sockets.append(_one(family, address))
    except OSError as error:
        close(sockets)
        raise Failure(_explained(error, host, port)) from None
    return sockets


def inherited(numbers: str) -> list[socket.socket]:
    """The sockets with these descriptors (`3,4`), opened by the process that started us."""
    return [socket.socket(fileno=int(number)) for number in numbers.split(",") if number]


def close(sockets: Sequence[socket.socket]) -> None:
    """Close them all."""
    for one in sockets:
        one.close()


def place(one: socket.socket) -> str:
    """`host:port` of a listening socket."""
    host, port = one.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def tls_context(server: Server) -> ssl.SSLContext | None:
    """How to speak TLS ourselves, or None behind a proxy. Raises `Failure`."""
    if not server.tls_certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # a key with a passphrase would ask for it on the terminal; we have none
        context.load_cert_chain(server.tls_certificate, server.tls_key, password=lambda: "")
    except ssl.SSLError as error:
        what = error.reason or "they are not PEM, or the key has a passphrase"
        if error.reason:
            what = what.lower().replace("_", " ")
        raise Failure(
            f"Cannot use server.tls_certificate {server.tls_certificate} with server.tls_key "
            f"{server.tls_key}: {what}."
        ) from None
    except OSError as error:
        reason = (error.strerror or "it failed").lower()
        raise Failure(
            f"Cannot read server.tls_certificate {server.tls_certificate} "
            f"or server.tls_key {server.tls_key}: {reason}."
        ) from None
    return context


def require_authority(found: Config) -> None:
    """Refuse an additional authority that cannot be used. Raises `Failure`."""
    if not (file := found.federation.ca_file):
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except ssl.SSLError:
        raise Failure(f"federation.ca_file {file} holds no certificate in PEM.") from None
    except OSError as error:
        reason = (error.strerror or "it failed").lower()
        raise Failure(f"Cannot read federation.ca_file {file}: {reason}.") from None


def certificate_trouble(found: Config) -> str:
    """Why others will refuse a certificate that we can use; nothing where they will not."""
    if not found.server.tls_certificate:
        return ""
    made = certificate(found.server)
    now = datetime.now(UTC)
    if made.not_valid_after_utc < now:
        return f"server.tls_certificate expired on {made.not_valid_after_utc:%Y-%m-%d}; renew it."
    if made.not_valid_before_utc > now:
        return (
            f"server.tls_certificate begins on {made.not_valid_before_utc:%Y-%m-%d}; "
            "set the clock (NTP), or use the one before."
        )
    host = urlsplit(found.instance.base_url).hostname or ""
    names = _names(made)
    if host in names or f"*.{host.partition('.')[2]}" in names:
        return ""
    listed = ", ".join(names) or "no name"
    return f"server.tls_certificate is for {listed}, not for {host} (instance.base_url)."


def certificate(server: Server) -> x509.Certificate:
    """The first certificate of the file; `tls_context` has found it usable."""
    return x509.load_pem_x509_certificate(Path(server.tls_certificate).read_bytes())


def _names(made: x509.Certificate) -> list[str]:
    try:
        listed = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = [str(one) for one in listed.get_values_for_type(x509.IPAddress)]
    return [name.lower() for name in listed.get_values_for_type(x509.DNSName)] + addresses


def _one(family: int, address: tuple[object, ...]) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind(address)
        one.listen(connections.BACKLOG)
        one.setblocking(False)
    except OSError:
        one.close()
        raise
    return one


def _explained(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken; stop what uses it, or set server.port."
    if error.errno == errno.EACCES:
        return (
            f"Port {port} on {host} needs more rights than we have; "
            "set server.port to 1024 or more, behind a proxy."
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine; set server.host."
    return f"Cannot listen on {host} port {port}: {(error.strerror or 'it failed').lower()}."
