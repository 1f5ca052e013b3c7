"""Hostile bytes: the codec reads what a strict reader reads, with the same value, and no more."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pipeline import short_day

import schemas
from engine.core import events as e
from engine.core.events import InputReason
from engine.log import codec, open_log
from infra.campaigns import fuzzing
from infra.campaigns.mutation import varint, zigzag

ROOT = Path(__file__).parents[2]
PARTITIONS = 2
PAYLOADS = 100_000
MEMORY_MAX_MB = 300
PREFIX_BYTES = 5


def number(value: int, padding: int = 0) -> bytes:
    return varint(zigzag(value), padding)


CLOSED = e.DayClosed(day=20180102, set_ns=1)
KILL = e.KillSwitchSet(
    scope=e.ControlScope.FIRM, scope_id="", engaged=True, set_by="desk", text="", set_ns=1
)
CURVE = e.VolumeCurveDefined(
    instrument_id="I", edges_ns=(1, 2, 3), volumes_qty=(5, 6), effective_day=20180102
)
EDGES = number(3) + number(1) + number(2) + number(3) + b"\0"
SCOPES = len(e.ControlScope)


def body(event: object) -> bytes:
    return codec.encode(event)[PREFIX_BYTES:]


def with_body(event: object, was: bytes, becomes: bytes) -> bytes:
    """The event's bytes with one piece of its body replaced."""
    found = body(event)
    assert found.count(was) == 1, "the piece is not alone"
    return codec.encode(event)[:PREFIX_BYTES] + found.replace(was, becomes)


def from_the_start(event: object, count: int, becomes: bytes) -> bytes:
    """The event's bytes with the first `count` of its body replaced."""
    return codec.encode(event)[:PREFIX_BYTES] + becomes + body(event)[count:]


LENIENT: dict[str, tuple[object, bytes]] = {
    "an enum's symbol from the end": (KILL, from_the_start(KILL, 1, number(-SCOPES))),
    "an enum's symbol beyond the last": (KILL, from_the_start(KILL, 1, number(SCOPES))),
    "a boolean of 2": (KILL, with_body(KILL, b"\x01" + number(4) + b"desk", b"\x02\x08desk")),
    "a day of more than 32 bits": (CLOSED, from_the_start(CLOSED, 4, number(1 << 31))),
    "a day in six bytes": (CLOSED, from_the_start(CLOSED, 4, number(CLOSED.day, 2))),
    "a time in eleven bytes": (CLOSED, from_the_start(CLOSED, 5, body(CLOSED)[:4] + number(1, 10))),
    "a time of 65 bits": (CLOSED, from_the_start(CLOSED, 5, body(CLOSED)[:4] + varint(1 << 64))),
    "a block that claims another size": (
        CURVE,
        with_body(CURVE, EDGES, number(-3) + number(7) + EDGES[1:]),
    ),
    "a text that is no UTF-8": (KILL, with_body(KILL, b"desk", b"d\xff\xffk")),
    "a text of less than nothing": (CURVE, from_the_start(CURVE, 2, number(-1))),
}


@pytest.mark.parametrize("name", LENIENT)
def test_what_a_strict_reader_refuses_is_unreadable(name: str) -> None:
    event, value = LENIENT[name]
    topic = codec.topic_of(event)
    for decode in (codec.decode, codec.decode_dict):
        with pytest.raises(codec.UnreadableError, match="no Avro body of schema id") as caught:
            decode(topic, value)
        assert caught.value.reason is InputReason.UNREADABLE
    is_taken, _ = fuzzing.Readers().plain(subject_of(event), value[PREFIX_BYTES:])
    assert not is_taken


BLOCKS = number(2) + number(1) + number(2) + number(1) + number(3) + b"\0"
SIZED = number(-3) + number(3) + EDGES[1:]
UNLIKE_OURS: dict[str, tuple[object, bytes]] = {
    "an array in two blocks": (CURVE, with_body(CURVE, EDGES, BLOCKS)),
    "a block that states its size": (CURVE, with_body(CURVE, EDGES, SIZED)),
    "a number with bytes to spare": (CLOSED, from_the_start(CLOSED, 4, number(CLOSED.day, 1))),
}


@pytest.mark.parametrize("name", UNLIKE_OURS)
def test_avro_that_we_would_write_otherwise_is_read(name: str) -> None:
    event, value = UNLIKE_OURS[name]
    assert value != codec.encode(event)
    assert codec.decode(codec.topic_of(event), value) == event


@pytest.mark.parametrize("event", [KILL, CLOSED, CURVE])
def test_the_text_of_a_refusal_is_the_same_whenever_it_is_refused(event: object) -> None:
    """It goes into an event, and the library's own text contains a memory address."""
    value = codec.encode(event)
    for size in range(PREFIX_BYTES, len(value)):
        with pytest.raises(codec.UnreadableError) as caught:
            codec.decode(codec.topic_of(event), value[:size])
        assert re.search(r" at byte \d+", str(caught.value))
        assert "0x" not in str(caught.value)


@pytest.mark.parametrize("day", [1 << 31, -(1 << 31) - 1])
def test_an_int_beyond_32_bits_is_never_written(day: int) -> None:
    with pytest.raises(OverflowError, match="does not fit a 32-bit integer"):
        codec.encode(e.DayClosed(day=day, set_ns=1))


def subject_of(event: object) -> str:
    return f"{codec.topic_of(event)}-{type(event).__name__}"


def test_apaches_reader_is_asked_for_the_whole_body() -> None:
    readers, whole = fuzzing.Readers(), body(KILL)
    assert readers.subject("controls", codec.encode(KILL)) == subject_of(KILL)
    assert readers.subject("orders", codec.encode(KILL)) is None
    expected = codec.decode_dict("controls", codec.encode(KILL))[1]
    assert readers.apache(subject_of(KILL), whole) == expected
    with pytest.raises(fuzzing.FoundError, match="leaves 1 bytes"):
        readers.apache(subject_of(KILL), whole + b"\0")


def test_a_hundred_thousand_spoiled_records_are_read_as_strict_readers_read_them(
    tmp_path: Path,
) -> None:
    """In another process, so that its peak memory can be measured."""
    url = f"sqlite:{tmp_path / 'log.db'}"
    day = short_day.make(tmp_path / "day", rows=200, order_count=30)
    with open_log(url, partitions=PARTITIONS) as log:
        short_day.simulation(log, day, seed=7).run()
    said = ("--log", url, "--partitions", str(PARTITIONS), "--count", str(PAYLOADS), "--seed", "4")
    ran = subprocess.run(  # noqa: S603  Our own module.
        [sys.executable, "-m", "infra.campaigns.fuzzing", *said, "--apache-sample", "5000"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert (found["payloads"], found["subjects"]) == (PAYLOADS, len(schemas.catalogue()))
    assert found["taken"] > PAYLOADS // 10
    assert found["by_apache"] == 5_000
    assert found["peak_mb"] < MEMORY_MAX_MB
