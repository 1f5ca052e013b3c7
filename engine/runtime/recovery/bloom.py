"""A filter that tells at once, of most keys that were never noted, that they were not.

Two bits a key in a field of a fixed size: a key one of whose bits is not set was never noted. Of
the others a few were not either, so after a yes the caller asks the store. The bits come from the
key's CRC, so every process has the same.

Source: Bloom (1970), "Space/time trade-offs in hash coding with allowable errors".
"""

from collections.abc import Iterable
from zlib import crc32

FILTER_BYTES = 1 << 21  # At a million keys one unknown key in a hundred gets a yes.
BYTE_MASK = FILTER_BYTES - 1
SPREAD = 0x9E3779B1  # Odd: nothing of what it multiplies is lost.


def remember(known: bytearray, keys: Iterable[str]) -> None:
    for key in keys:
        first = crc32(key.encode())
        second = first * SPREAD >> 9
        known[first >> 3 & BYTE_MASK] |= 1 << (first & 7)
        known[second >> 3 & BYTE_MASK] |= 1 << (second & 7)


def may_know(known: bytearray, key: str) -> bool:
    """False if the key was never noted."""
    first = crc32(key.encode())
    if not known[first >> 3 & BYTE_MASK] >> (first & 7) & 1:
        return False
    second = first * SPREAD >> 9
    return bool(known[second >> 3 & BYTE_MASK] >> (second & 7) & 1)
