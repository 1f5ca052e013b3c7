"""Copy a log while it is at work, make a log of the copy, and prove that both are the same.

A log file is copied whole, page by page. Of any log, what its seals cover can be copied as a folder
that reads like an archive: every batch with what it consumed and wrote, and the inputs that wait.
A record that no seal covers is left out, as no decision rests on it; a shard that was set aside for
one goes on from such a copy. Shards are copied one after the other, each up to a seal: they share
nothing but `controls` and `reference`, which are copied last.

A copy is proved by its own bytes: every seal, digest and link of the chain, and the open day is
folded. The chain over all shards is stated, so that the copy, the log that is made of it and, where
it was at rest, the log itself can be compared.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from engine.audit import doctor
from engine.audit.archiving import OWN_INPUTS, OWN_TOPICS, READ_RECORDS
from engine.audit.doctor import SOUND, Finding
from engine.log import codec
from engine.log.archive import SHARED, ArchiveLog, Draft, begin, write_manifest
from engine.log.embedded import EmbeddedLog, copying
from engine.log.port import (
    ALL_TOPICS,
    JOURNAL,
    SHARED_TOPICS,
    EngineError,
    Log,
    Record,
)
from engine.runtime.hash_chain import GENESIS, run_chain
from engine.runtime.shard import Rules
from engine.runtime.shard_log import ShardLog, TopicCursor, decoded, last_seal

if TYPE_CHECKING:
    from engine.log.kafka.restoring import Place

NAME = "000000-backup"


class Proven(NamedTuple):
    """The proven content of a log or of a copy."""

    log_id: str
    batches: int
    events: int
    waiting: int  # Inputs that no batch has consumed.
    chain: bytes  # Of all shards.
    broken: tuple[Finding, ...]  # Shards that are not sound.


def proven(log: Log, rules: Rules) -> Proven:
    """Prove every shard's seals and digests, and fold its open day."""
    findings = [doctor.examined(log, number, rules) for number in range(log.partitions)]
    seals = [last_seal(log, number) for number in range(log.partitions)]
    return Proven(
        log.identity.log_id,
        sum(seal.batch + 1 for seal in seals if seal is not None),
        sum(seal.next_seq for seal in seals if seal is not None),
        sum(finding.waiting for finding in findings),
        run_chain([GENESIS if seal is None else seal.chain for seal in seals]),
        tuple(finding for finding in findings if finding.state != SOUND),
    )


# -------------------------------------------------------------------------------- copying


def copy_sealed(log: Log, folder: Path) -> None:
    """Copy what the seals of a log cover, and the inputs that wait, into a new folder.

    Raises EngineError where the folder is not empty, CorruptLogError where the log contradicts a
    seal, LogUnavailableError, OSError.
    """
    if folder.exists() and any(folder.iterdir()):
        raise EngineError(f"{folder} is not empty. Nothing was written; give another path.")
    draft = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        begin(draft, log.partitions, log.identity.log_id, is_backup=True)
        day = draft / NAME
        for number in range(log.partitions):
            _copy_shard(log, number, day / f"shard-{number:04}")
        _copy_shared(log, day / SHARED)
        draft.replace(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _copy_shard(log: Log, number: int, folder: Path) -> None:
    folder.mkdir(parents=True)
    with ShardLog(log, number) as shard_log:
        drafts = {topic: Draft(folder, topic, shard_log.next_start(topic)) for topic in OWN_TOPICS}
        for seal, record in shard_log.seals():
            by_topic = {**shard_log.inputs(seal, OWN_INPUTS), **shard_log.outputs(seal)}
            for topic, records in by_topic.items():
                drafts[topic].write(records)
            drafts[JOURNAL].write([record])
        for topic in OWN_INPUTS:
            for records in waiting(shard_log.cursor(topic)):
                drafts[topic].write(records)
        manifests = [drafts[topic].close() for topic in OWN_TOPICS]
    write_manifest(folder, {"shard": number, "topics": manifests})


def _copy_shared(log: Log, folder: Path) -> None:
    folder.mkdir(parents=True)
    manifests = []
    with ShardLog(log, 0) as shard_log:
        for topic in SHARED_TOPICS:
            draft = Draft(folder, topic, shard_log.next_start(topic))
            for records in waiting(shard_log.cursor(topic)):
                draft.write(records)
            manifests.append(draft.close())
    write_manifest(folder, {"topics": manifests})


def waiting(cursor: TopicCursor) -> Iterator[Sequence[Record]]:
    """The records up to the topic's present end, taken."""
    while records := cursor.peek(READ_RECORDS):
        yield cursor.take(len(records))


# ------------------------------------------------------------------------------ restoring


def restore(source: Path, target: Path) -> None:
    """Make a log file of a copy, or of a log file as it is. Raises EngineError, OSError."""
    if not source.is_dir():
        copying.copy(source, target)
        return
    with (
        ArchiveLog(source) as archive,
        copying.made(target, archive.partitions, archive.identity, "archive") as making,
    ):
        for topic, number in _places(archive):
            making.write(topic, number, _all_records(archive, topic, number))


def restore_to_kafka(source: Path, place: "Place") -> None:
    """Make a Kafka log of a copy, or of what the seals of a log file cover.

    Raises EngineError, OSError, CorruptLogError, LogUnavailableError.
    """
    from engine.log.kafka import restoring  # noqa: PLC0415  SQLite needs no librdkafka.

    with ExitStack() as stack:
        folder = source if source.is_dir() else _sealed(source, stack)
        archive = stack.enter_context(ArchiveLog(folder))
        if archive.partitions != place.partitions:
            raise EngineError(
                f"{source} has {archive.partitions} partitions, the configuration asks for "
                f"{place.partitions}. Nothing was written; set partitions to {archive.partitions}."
            )
        making = stack.enter_context(restoring.made(place, archive.identity))
        for topic, number in _places(archive):
            records = _all_records(archive, topic, number)
            dense = _without_gaps(records, number) if topic == JOURNAL else records
            making.write(topic, number, dense)


def _sealed(source: Path, stack: ExitStack) -> Path:
    """A folder of what the seals of a log file cover; the file itself is only copied."""
    folder = Path(stack.enter_context(TemporaryDirectory()))
    copying.copy(source, folder / "log.db")
    with EmbeddedLog(folder / "log.db", None) as log:
        copy_sealed(log, folder / "sealed")
    return folder / "sealed"


def _places(archive: ArchiveLog) -> Iterator[tuple[str, int]]:
    for topic in ALL_TOPICS:
        for number in range(1 if topic in SHARED_TOPICS else archive.partitions):
            yield topic, number


def _all_records(archive: ArchiveLog, topic: str, number: int) -> Iterator[Record]:
    for part in archive.parts(topic, number):
        yield from archive.records(part)


def _without_gaps(seals: Iterable[Record], number: int) -> Iterator[Record]:
    """The seals of a shard, for a log in which each record has its position as its offset.

    A seal says at which offsets the inputs go on, which is no part of the chain. Raises EngineError
    for the seal of a release that wrote another shape, which would not be the same but for these.
    """
    positions: dict[str, int] = {}
    for record in seals:
        seal = decoded(JOURNAL, number, record)
        if codec.encode(seal) != record.value:
            raise EngineError(
                f"shard {number}: the seal of batch {seal.batch} is of release {seal.release}, in "
                "another form. Restore the copy with that release, or to a log file."
            )
        positions |= {entry.topic: entry.next_position for entry in seal.inputs}
        resume = tuple(replace(x, next_offset=positions.get(x.topic, 0)) for x in seal.resume)
        yield record._replace(value=codec.encode(replace(seal, resume=resume)))
