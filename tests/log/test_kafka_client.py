"""The Kafka clients' log messages and waits, without a broker."""

import logging
import time

from engine.log.kafka.client import Repeats
from engine.log.kafka.writer import MARKERS_SHARE, REFUSED_S, Pace


def complaint(client: int, wait_ms: int, port: int = 9092) -> logging.LogRecord:
    text = f"FAIL [x#consumer-{client}] [thrd:main]: :{port} refused (after {wait_ms}ms)"
    return logging.LogRecord("kafka", logging.ERROR, "", 0, text, None, None)


def test_a_complaint_of_every_client_is_heard_once() -> None:
    repeats = Repeats()
    assert repeats.filter(complaint(1, 0))
    assert not any(repeats.filter(complaint(client, 10)) for client in range(50))
    assert repeats.filter(complaint(1, 0, port=9093))


def test_a_transaction_begins_once_the_markers_of_the_last_had_their_time() -> None:
    pace = Pace()
    began_s = time.monotonic()
    pace.wait()  # The first has nothing to wait for.
    for _ in range(100):
        pace.done(time.monotonic() - REFUSED_S / 2)
    pace.wait()
    assert time.monotonic() - began_s >= REFUSED_S / 2 * MARKERS_SHARE * 0.9


def test_one_slow_transaction_does_not_slow_the_next_down() -> None:
    pace = Pace()
    pace.done(time.monotonic() - 60)
    began_s = time.monotonic()
    pace.wait()
    assert time.monotonic() - began_s < REFUSED_S
