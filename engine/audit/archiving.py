"""Write the closed days of a log as files, record by record as they are.

A day of a shard is all records that its batches consumed and wrote from one CLOSE to the next, as
the seals state. Of the shared topics a day has the records up to the last one that any shard has
read. Days are written in order, each once, and only when every shard has closed it. The operator
decides what of the log to delete then.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from engine.audit.days import Segment, segments
from engine.log.archive import SHARED, ArchiveLog, Draft, begin, part_of, write_manifest
from engine.log.port import (
    ALL_TOPICS,
    BEGINNING,
    INPUT_TOPICS,
    JOURNAL,
    SHARED_TOPICS,
    CorruptLogError,
    Log,
    Start,
)
from engine.runtime.shard_log import ShardLog

OWN_TOPICS = tuple(topic for topic in ALL_TOPICS if topic not in SHARED_TOPICS)
OWN_INPUTS = tuple(topic for topic in INPUT_TOPICS if topic not in SHARED_TOPICS)
READ_RECORDS = 2_000  # Of a shared topic at a time.
OnDay = Callable[[str], None]


class Closed(NamedTuple):
    """A day that every shard has closed."""

    number: int
    day: int | None
    shards: tuple[Segment, ...]

    @property
    def name(self) -> str:
        return f"{self.number:06}-{self.day or 'unopened'}"


def closed_days(log: Log) -> list[Closed]:
    """The days that every shard of the log has closed, the oldest first."""
    by_shard = [segments(log, number)[:-1] for number in range(log.partitions)]  # The last is open.
    return [
        Closed(number, shards[0].day, shards)
        for number, shards in enumerate(zip(*by_shard, strict=False))
    ]


def archive(log: Log, folder: Path, until: int | None = None, on_day: OnDay | None = None) -> int:
    """Write the closed days that the folder lacks, up to a day (YYYYMMDD). Returns their number.

    Raises CorruptLogError where the log contradicts its seals, ArchiveError, OSError.
    """
    begin(folder, log.partitions, log.identity.log_id)
    written = 0
    days = ArchiveLog(folder).days()
    for closed in closed_days(log)[len(days) :]:
        if until is not None and closed.day is not None and closed.day > until:
            break
        write_day(log, folder, closed, days[-1] if days else None)
        days.append(folder / closed.name)
        written += 1
        if on_day is not None:
            on_day(closed.name)
    return written


def write_day(log: Log, folder: Path, closed: Closed, before: Path | None) -> None:
    """Write one day, in one step."""
    draft = folder / f".{closed.name}.{os.getpid()}"
    try:
        draft.mkdir()
        read: dict[str, Start] = {}  # The furthest that any shard read the shared topics.
        for number, segment in enumerate(closed.shards):
            for topic, start in _write_shard(log, draft, number, segment, before).items():
                read[topic] = max(read.get(topic, BEGINNING), start, key=lambda x: x.position)
        _write_shared(log, draft, read, before)
        draft.rename(folder / closed.name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_shard(
    log: Log, draft: Path, number: int, segment: Segment, before: Path | None
) -> Mapping[str, Start]:
    """Write one shard's day. Returns where the shard is in the shared topics after it."""
    name = f"shard-{number:04}"
    starts = {topic: _next(before, name, topic) for topic in OWN_TOPICS}
    shard_folder = draft / name
    shard_folder.mkdir()
    drafts = {topic: Draft(shard_folder, topic, start) for topic, start in starts.items()}
    shared: dict[str, Start] = {}
    chain, last = "", -1
    with ShardLog(log, number) as shard_log:
        for topic, start in starts.items():
            shard_log.start(topic, start)
        for seal, record in shard_log.seals():
            by_topic = {**shard_log.inputs(seal, OWN_INPUTS), **shard_log.outputs(seal)}
            for topic, records in by_topic.items():
                drafts[topic].write(records)
            drafts[JOURNAL].write([record])
            reached = {entry.topic: entry.next_position for entry in seal.inputs}
            for entry in seal.resume:
                if entry.topic in SHARED_TOPICS:
                    position = reached.get(entry.topic, shared.get(entry.topic, BEGINNING).position)
                    shared[entry.topic] = Start(entry.next_offset, position)
            chain, last = seal.chain.hex(), seal.batch
            if last == segment.next - 1:
                break
        if last != segment.next - 1:
            raise CorruptLogError(
                f"shard {number}: the journal ends before the close of the day. Run "
                f"`metaorder verify --shard {number}`."
            )
        manifests = [drafts[topic].close(shard_log.next_start(topic)) for topic in OWN_TOPICS]
    write_manifest(
        shard_folder, {"shard": number, "batch": last, "chain": chain, "topics": manifests}
    )
    return shared


def _write_shared(log: Log, draft: Path, read: Mapping[str, Start], before: Path | None) -> None:
    shared_folder = draft / SHARED
    shared_folder.mkdir()
    manifests = []
    with ExitStack() as stack:
        shard_log = stack.enter_context(ShardLog(log, 0))
        for topic in SHARED_TOPICS:
            start = _next(before, SHARED, topic)
            shard_log.start(topic, start)
            file = Draft(shared_folder, topic, start)
            count = max(0, read[topic].position - start.position)
            while count:
                records = shard_log.cursor(topic).take(min(count, READ_RECORDS))
                file.write(records)
                count -= len(records)
            manifests.append(file.close(shard_log.next_start(topic)))
    write_manifest(shared_folder, {"topics": manifests})


def _next(before: Path | None, name: str, topic: str) -> Start:
    """The position at which the day before ended in the topic."""
    return BEGINNING if before is None else part_of(before / name, topic).next
