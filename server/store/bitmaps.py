"""Sets of places in a stretch of `SIZE` posts, as small as they go, and quick to intersect.

Few places are a list of two bytes each, many are a bitmap; read, both are one whole number with a
bit for each place, so that `&` of two costs less than a microsecond.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from sys import byteorder
from typing import Final

SIZE: Final = 8192  # places; a power of two, at most 65536
BYTES: Final = SIZE // 8


def packed(places: Sequence[int]) -> bytes:
    """Ascending places below `SIZE` as they are stored."""
    if len(places) * 2 < BYTES:
        return _numbers("H", places).tobytes()
    bits = bytearray(BYTES)
    for place in places:
        bits[place >> 3] |= 1 << (place & 7)
    return bytes(bits)


def unpacked(stored: bytes) -> int:
    """The places as the bits of a number."""
    if len(stored) == BYTES:
        return int.from_bytes(stored, "little")
    return _bits(_read("H", stored))


def common(stored: Sequence[bytes]) -> int:
    """The places that all of these have, as the bits of a number.

    The short lists are compared first, and as lists: to make a number of each takes longer.
    """
    lists = sorted((one for one in stored if len(one) != BYTES), key=len)
    bits = (1 << SIZE) - 1
    if lists:
        few = set(_read("H", lists[0]))
        for other in lists[1:]:
            few.intersection_update(_read("H", other))
        bits = _bits(few)
    for one in stored:
        if not bits:
            break
        if len(one) == BYTES:
            bits &= int.from_bytes(one, "little")
    return bits


def _bits(places: Iterable[int]) -> int:
    bits = bytearray(BYTES)
    for place in places:
        bits[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(bits, "little")


def places(bits: int, *, upwards: bool = False) -> Iterator[int]:
    """The places in a number, the highest first (or the lowest)."""
    while bits:
        place = (bits & -bits).bit_length() - 1 if upwards else bits.bit_length() - 1
        yield place
        bits ^= 1 << place


def packed_ids(ids: Sequence[int]) -> bytes:
    """Ids, eight bytes each."""
    return _numbers("q", ids).tobytes()


def unpacked_ids(stored: bytes) -> list[int]:
    """What `packed_ids` stored."""
    return list(_read("q", stored))


def _numbers(kind: str, values: Sequence[int]) -> "array[int]":
    return _little(array(kind, values))


def _read(kind: str, stored: bytes) -> "array[int]":
    numbers: array[int] = array(kind)
    numbers.frombytes(stored)
    return _little(numbers)


def _little(numbers: "array[int]") -> "array[int]":
    """As every machine reads it: a database may move to another."""
    if byteorder == "big":
        numbers.byteswap()
    return numbers
