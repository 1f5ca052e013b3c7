"""Mutated records through every decoder, held against two strict readers.

    python -m infra.campaigns.fuzzing --log sqlite:out/demo/log.db --count 5000000 --seed 7

Records of a log, and made-up ones of each schema that the log does not hold, are spoiled in a way
that the seed alone decides. For each `codec.decode` and `decode_dict` give an event or raise
UnreadableError, and nothing else; a value that they take is one that our own slow reader of the
specification takes too, and the same; and of those, a sample goes through Apache's own package too,
which must take them to the last byte. `unpack_headers` gets its own. Exit code 1 and the bytes, as
hex, at the first payload that is treated otherwise. Peak memory is printed, and bounded by
--memory-mb.
"""

import argparse
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import avro.io
import avro.schema

import schemas
from engine.core import events
from engine.log import codec, open_log
from engine.log.codec.shapes import FROM_AVRO
from engine.log.embedded.file import pack_headers, unpack_headers
from engine.log.port import ALL_TOPICS, DLQ, SHARED_TOPICS, CorruptLogError, EngineError, Log
from infra.campaigns import plain_avro
from infra.campaigns.mutation import BLIND, NOT_UTF8, Forger

PREFIX_BYTES = 5
OF_A_SUBJECT = 40  # Records kept of each; more bring nothing new.
READ_RECORDS = 2_000
KNOWING = 0.5  # Of the payloads.
HEADERS_EVERY = 50  # One payload in so many is headers.
PRINT_EVERY_S = 10.0
FIRST_EVENT_MAX = 8  # Items of a made-up array; letters of a made-up text.


class FoundError(Exception):
    """A payload that was not treated as it must be."""


class Sample(NamedTuple):
    """A sound record of a topic."""

    subject: str
    value: bytes
    fields: dict[str, Any]


@dataclass
class Counts:
    """The figures of a run."""

    payloads: int = 0
    taken: int = 0
    refused: int = 0
    by_apache: int = 0
    headers: int = 0
    subjects: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


# ---------------------------------------------------------------------------- sound records


def samples(log: Log | None, chance: Random) -> dict[str, list[Sample]]:
    """Sound records of every subject: the log's, and made-up ones."""
    found: dict[str, list[Sample]] = {subject: [] for subject in schemas.catalogue()}
    if log is not None:
        _collect(log, found)
    for subject, known in found.items():
        while len(known) < OF_A_SUBJECT // 4:
            known.append(_made_up(subject, chance))
    return found


def _collect(log: Log, found: dict[str, list[Sample]]) -> None:
    for topic in ALL_TOPICS:
        if topic == DLQ:
            continue
        for partition in (0,) if topic in SHARED_TOPICS else range(log.partitions):
            reader = log.reader(topic, partition)
            while records := reader.read(READ_RECORDS):
                for record in records:
                    name, fields = codec.decode_dict(topic, record.value)
                    known = found[f"{topic}-{name}"]
                    if len(known) < OF_A_SUBJECT:
                        known.append(Sample(f"{topic}-{name}", record.value, fields))
            reader.close()


def _made_up(subject: str, chance: Random) -> Sample:
    topic, name = schemas.topic_and_name(subject)
    schema = schemas.schema(subject)
    fields = _value(schema, chance, plain_avro.named(schema))
    event = FROM_AVRO[getattr(events, name)](fields)
    value = codec.encode(event)
    return Sample(subject, value, codec.decode_dict(topic, value)[1])


def _value(schema: Any, chance: Random, names: dict[str, Any]) -> Any:  # noqa: ANN401  JSON, plain.
    if isinstance(schema, list):
        return _value(chance.choice(schema), chance, names)
    if isinstance(schema, str):
        schema = names.get(schema, {"type": schema})
    kind = schema["type"]
    if kind == "record":
        return {x["name"]: _value(x["type"], chance, names) for x in schema["fields"]}
    if kind == "enum":
        return chance.choice(schema["symbols"])
    if kind == "array":
        count = chance.randrange(FIRST_EVENT_MAX)
        return [_value(schema["items"], chance, names) for _ in range(count)]
    if not isinstance(kind, str):
        return _value(kind, chance, names)
    letters = "".join(
        chance.choices("aZ0-\u00e9\u20ac\U0001f4c8", k=chance.randrange(FIRST_EVENT_MAX))
    )
    bits = chance.randrange(31 if kind == "int" else 63)
    return {
        "null": None,
        "boolean": chance.random() < 0.5,
        "int": chance.choice((-1, 1)) * chance.getrandbits(bits),
        "long": chance.choice((-1, 1)) * chance.getrandbits(bits),
        "string": letters,
        "bytes": letters.encode(),
    }[kind]


# ---------------------------------------------------------------------------- one payload


class Readers:
    """Both strict readers, by schema id."""

    def __init__(self) -> None:
        self.subjects = {number: name for name, number in schemas.catalogue().items()}
        self._plain = {name: schemas.schema(name) for name in schemas.catalogue()}
        self._names = {name: plain_avro.named(schema) for name, schema in self._plain.items()}
        self._apache = {
            name: avro.io.DatumReader(avro.schema.parse(schemas.schema_text(name)))
            for name in schemas.catalogue()
        }
        self.earlier = {
            number: (name, schemas.released_schema(version, name))
            for version in schemas.released()
            for name, number in schemas.released_ids(version).items()
            if number not in self.subjects
        }

    def released(self, topic: str, value: bytes) -> tuple[bool, Any]:
        """As `plain`, of a value under an id of a release whose shape has another id now."""
        if len(value) < PREFIX_BYTES or value[0] != 0:
            return False, None
        found = self.earlier.get(int.from_bytes(value[1:PREFIX_BYTES], "big"))
        if found is None or schemas.topic_and_name(found[0])[0] != topic:
            return False, None
        try:
            read = plain_avro.read(found[1], plain_avro.named(found[1]), value[PREFIX_BYTES:])
        except plain_avro.RefusedError:
            return False, None
        return True, read

    def subject(self, topic: str, value: bytes) -> str | None:
        """The subject of the topic that the value names, if any."""
        if len(value) < PREFIX_BYTES or value[0] != 0:
            return None
        name = self.subjects.get(int.from_bytes(value[1:PREFIX_BYTES], "big"))
        is_of_topic = name is not None and schemas.topic_and_name(name)[0] == topic
        return name if is_of_topic else None

    def plain(self, subject: str, body: bytes) -> tuple[bool, Any]:
        """Whether our own reader takes it, and the value that it reads."""
        try:
            return True, plain_avro.read(self._plain[subject], self._names[subject], body)
        except plain_avro.RefusedError:
            return False, None

    def apache(self, subject: str, body: bytes) -> Any:  # noqa: ANN401  Plain.
        """The whole body as Apache's reader reads it. Raises any error of that reader."""
        stream = BytesIO(body)
        found = self._apache[subject].read(avro.io.BinaryDecoder(stream))
        if stream.tell() != len(body):
            raise FoundError(f"Apache's reader leaves {len(body) - stream.tell()} bytes")
        return found


def check(readers: Readers, counts: Counts, topic: str, value: bytes, *, ask_apache: bool) -> None:
    """Raises FoundError, and any error that a decoder should not have raised."""
    counts.payloads += 1
    event = fields = None
    reason = ""
    try:
        event = codec.decode(topic, value)
    except codec.UnreadableError as error:
        reason = error.reason.value
        if " at 0x" in str(error):
            raise FoundError(f"the text is another each time: {error}") from error
    try:
        name, fields = codec.decode_dict(topic, value)
    except codec.UnreadableError as error:
        if error.reason.value != reason:
            raise FoundError(f"decode gives {reason!r}, decode_dict {error}") from error
    codec.is_a(events.DayClosed, value)
    if event is not None and codec.decode_sealed(topic, value) != event:
        raise FoundError("decode_sealed gives another value than decode")
    if event is None:
        with suppress(codec.UnreadableError):
            codec.decode_sealed(topic, value)
    subject = readers.subject(topic, value)
    is_sound, expected = (
        readers.released(topic, value)
        if subject is None
        else readers.plain(subject, value[PREFIX_BYTES:])
    )
    if is_sound and reason == "TOO_LARGE":
        is_sound = False  # A capped value is not read.
    if is_sound != (event is not None):
        raise FoundError(f"{'refuses' if event is None else 'takes'} what a strict reader does not")
    if event is None:
        counts.refused += 1
        counts.reasons[reason] += 1
        return
    counts.taken += 1
    assert fields is not None, "what decode takes, decode_dict takes"
    if subject is None:
        # An earlier shape: what it lacks has its default.
        if {name: fields[name] for name in expected} != expected:
            raise FoundError("gives another value of an earlier shape than a strict reader")
        return
    if fields != expected or name != schemas.topic_and_name(subject)[1]:
        raise FoundError("gives another value than a strict reader")
    if codec.decode(topic, codec.encode(event)) != event:
        raise FoundError("gives an event that does not survive its own encoding")
    if ask_apache:
        counts.by_apache += 1
        if readers.apache(subject, value[PREFIX_BYTES:]) != expected:
            raise FoundError("gives another value than Apache's reader")


def check_headers(chance: Random) -> None:
    """Spoiled headers are read or named as damaged."""
    names = ("source", "venue", "number", "n\u00e9", "x" * 300)
    packed = pack_headers(
        tuple(
            (chance.choice(names), chance.choice((*NOT_UTF8, b"", b"17", b"9" * 400)))
            for _ in range(chance.randrange(1, 4))
        )
    )
    assert packed is not None
    spoiled = chance.choice(BLIND)(chance, packed, [packed])
    try:
        found = unpack_headers(spoiled)
    except CorruptLogError:
        return
    if (pack_headers(found) or b"") != spoiled:
        raise FoundError(f"headers {spoiled.hex()} are read as {found}")


# ---------------------------------------------------------------------------- a run


class Payloads:
    """Spoiled records without end, in the order that the seed decides."""

    def __init__(self, known: dict[str, list[Sample]], chance: Random) -> None:
        self._known = [sample for found in known.values() for sample in found]
        self._by_topic: dict[str, list[bytes]] = {}
        for sample in self._known:
            topic = schemas.topic_and_name(sample.subject)[0]
            self._by_topic.setdefault(topic, []).append(sample.value)
        self._schemas = {subject: schemas.schema(subject) for subject in known}
        self._chance = chance
        self._forger = Forger(chance)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        chance, known = self._chance, self._known
        while True:
            subject, value, fields = chance.choice(known)
            topic, _ = schemas.topic_and_name(subject)
            if chance.random() < KNOWING:
                body = self._forger.body(self._schemas[subject], fields)
                yield topic, value[:PREFIX_BYTES] + body
            else:
                yield topic, chance.choice(BLIND)(chance, value, self._by_topic[topic])


def run(log: Log | None, *, count: int, seed: int, apache_sample: int) -> Counts:
    """Raises FoundError with the payload's topic and hex."""
    chance = Random(seed)  # noqa: S311  A campaign is repeated from its seed.
    readers, counts = Readers(), Counts()
    known = samples(log, chance)
    counts.subjects = len(known)
    began_s = printed_s = time.monotonic()
    for topic, value in Payloads(known, chance):
        if counts.payloads % HEADERS_EVERY == 0:
            counts.headers += 1
            check_headers(chance)
        try:
            check(readers, counts, topic, value, ask_apache=counts.by_apache < apache_sample)
        except Exception as error:
            raise FoundError(
                f"payload {counts.payloads} of seed {seed}, {topic} {value.hex()}: {error!r}"
            ) from error
        if time.monotonic() - printed_s > PRINT_EVERY_S:
            printed_s = time.monotonic()
            rate = counts.payloads / (printed_s - began_s)
            sys.stderr.write(f"{counts.payloads} payloads, {rate:.0f} a second, {peak_mb()} MB\n")
        if counts.payloads >= count:
            return counts
    raise AssertionError("payloads never end")


def peak_mb() -> int:
    """The most memory that this process ever held.

    Linux counts the memory of the process that this one was forked from in `ru_maxrss` too.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (x for x in status.read_text().splitlines() if x.startswith("VmHWM:"))
        return int(line.split()[1]) // 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak // (1024 * 1024 if sys.platform == "darwin" else 1024))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m infra.campaigns.fuzzing",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--log", metavar="URL", help="whose records are spoiled")
    parser.add_argument("--partitions", type=int, default=8, help="of that log")
    parser.add_argument("--count", type=int, default=100_000, help="payloads")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--apache-sample", type=int, default=100_000, help="asked of Apache's too")
    parser.add_argument("--memory-mb", type=int, default=300, help="more is a failure")
    options = parser.parse_args(arguments)
    began_s = time.monotonic()
    try:
        if options.log is None:
            counts = run(
                None, count=options.count, seed=options.seed, apache_sample=options.apache_sample
            )
        else:
            with open_log(options.log, partitions=options.partitions) as log:
                counts = run(
                    log, count=options.count, seed=options.seed, apache_sample=options.apache_sample
                )
    except (FoundError, EngineError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    figures = vars(counts) | {"peak_mb": peak_mb(), "seconds": round(time.monotonic() - began_s, 1)}
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0 if peak_mb() <= options.memory_mb else 1


if __name__ == "__main__":
    sys.exit(main())
