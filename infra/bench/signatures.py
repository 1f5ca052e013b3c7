"""The cost of a signature for each record: `python -m infra.bench.signatures`."""

import sys
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.core.controls import writers
from engine.core.state.state import State
from engine.log import signatures
from engine.log.headers import sender_headers
from engine.log.port import NewRecord

RECORDS = 5_000
ROUNDS = 5
ORDER_BYTES = 180  # Of a plain order of the example's day.


def microseconds(call: Callable[[], object]) -> float:
    """The quickest of some rounds, for one record; of the processor, as others may use it too."""
    best_ns = min(timed_ns(call) for _ in range(ROUNDS))
    return best_ns / RECORDS / 1_000


def timed_ns(call: Callable[[], object]) -> int:
    began_ns = time.process_time_ns()
    for _ in range(RECORDS):
        call()
    return time.process_time_ns() - began_ns


def main() -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw().hex()
    headers = sender_headers("OMS1", 1_795_958_600_360_582)
    plain = NewRecord(0, 1, b"XXX", headers, bytes(ORDER_BYTES))
    signed = signatures.signed("orders", plain, key)
    state = State(shard=0)
    figures = {
        "sign": microseconds(lambda: signatures.signed("orders", plain, key)),
        "verify": microseconds(
            lambda: signatures.is_signed_by(
                public, "orders", signed.key, signed.headers, signed.value
            )
        ),
        "ask whether a topic is signed": microseconds(
            lambda: writers.is_signed_topic(state, "orders")
        ),
    }
    for what, cost_us in figures.items():
        sys.stdout.write(f"{what:32}{cost_us:8.2f} us a record\n")


if __name__ == "__main__":
    main()
