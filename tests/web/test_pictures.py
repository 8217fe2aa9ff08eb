"""Addresses of pictures: ours, and strangers' through us."""

import base64

import msgspec
import pytest

from server.errors import NotFound
from server.model import Media, Site
from server.secrets import Vault
from server.services.accounts import blank
from web import pictures
from web.pictures import Addresses

SITE = Site(origin="https://gm.example", domain="gm.example")
HERE = Addresses(SITE, Vault(bytes(32)))
FACE = "https://far.example/face.png?size=400&of=mina"


def somebody(domain="far.example", **changes):
    return msgspec.structs.replace(blank(SITE, 1, "mina", "Person", 0), domain=domain, **changes)


def parts(address):
    return address.split("/")[3:]


def test_a_strangers_address_goes_out_signed_and_comes_back():
    address = HERE.face(somebody(avatar=FACE))
    assert address.startswith("/media/remote/avatar/")
    assert "far.example" not in address
    assert HERE.meant(*parts(address)) == ("avatar", FACE)


def test_what_a_picture_is_for_belongs_to_its_address():
    ways = {HERE.remote(kind, FACE) for kind in ("avatar", "picture", "emoji")}
    assert len(ways) == 3
    assert HERE.banner(somebody(header=FACE)) == HERE.remote("picture", FACE)


def test_pictures_of_our_people_are_addressed_directly():
    mina = somebody("", avatar=f"{SITE.origin}/media/a.jpg", header="")
    assert (HERE.face(mina), HERE.banner(mina)) == ("/media/a.jpg", "")


@pytest.mark.parametrize(
    "url",
    ["", "ftp://far.example/a", "javascript:x()", "//far.example/a", f"https://f/{'x' * 2000}"],
)
def test_there_is_no_address_for_what_we_would_not_fetch(url):
    assert HERE.face(somebody(avatar=url)) == ""


def test_the_longest_address_fits_into_a_request_line():
    url = "https://far.example/".ljust(pictures.MAX_ADDRESS_BYTES, "x")
    address = HERE.remote("picture", url)
    assert 2000 < len(address) < 4000
    assert HERE.meant(*parts(address)) == ("picture", url)


def forged():
    kind, token = parts(HERE.remote("avatar", FACE))
    other = Addresses(SITE, Vault(bytes([1] * 32)))
    elsewhere = base64.urlsafe_b64encode(b"https://10.0.0.1/").decode().rstrip("=")
    return {
        "another kind": ("emoji", token),
        "an unknown kind": ("film", token),
        "another address": (kind, token[:22] + elsewhere),
        "another key": (kind, parts(other.remote("avatar", FACE))[1]),
        "one sign less": (kind, token[:-1]),
        "padding": (kind, token + "="),
        "another first sign": (kind, ("B" if token[0] == "A" else "A") + token[1:]),
        "nothing": (kind, ""),
        "the signature alone": (kind, token[:22]),
        "other letters": (kind, "한글" * 20),
        "the bare address": (kind, elsewhere),
    }


@pytest.mark.parametrize("name", forged())
def test_nobody_else_makes_an_address(name):
    with pytest.raises(NotFound):
        HERE.meant(*forged()[name])


# --- sizes


def a_medium(**changes):
    empty = {f.name: "" if f.type is str else 0 for f in msgspec.structs.fields(Media)}
    return Media(**{**empty, **changes})


def test_each_size_says_how_wide_it_is():
    media = a_medium(
        small="a.webp",
        small_width=480,
        medium="b.webp",
        medium_width=960,
        large="c.jpg",
        width=1536,
    )
    assert pictures.srcset(media) == ("/media/a.webp 480w, /media/b.webp 960w, /media/c.jpg 1536w")


def test_one_file_is_no_choice():
    assert pictures.srcset(a_medium(small="a.jpg", small_width=80, large="a.jpg", width=80)) == ""
    assert pictures.srcset(a_medium(remote_url=FACE, width=900)) == ""
    assert pictures.srcset(a_medium(small="a.jpg", large="b.jpg", width=900)) == ""
