"""Write the closed days of a log as files, record by record as they are.

A day of a shard is what its batches consumed and wrote from one CLOSE to the next, the seals tell;
the shared topics go as far as any shard has read them by then. Days are written in order, each
once, and only when every shard has closed it. What of the log may then be deleted is the
operator's to decide, not ours.
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
    """Write the closed days that the folder lacks, up to a day (YYYYMMDD); returns how many.

    Raises CorruptLogError where the log contradicts its seals, ArchiveError, OSError.
    """
    begin(folder, log.partitions)
    written = 0
    there = ArchiveLog(folder).days()
    for closed in closed_days(log)[len(there) :]:
        if until is not None and closed.day is not None and closed.day > until:
            break
        write_day(log, folder, closed, there[-1] if there else None)
        there.append(folder / closed.name)
        written += 1
        if on_day is not None:
            on_day(closed.name)
    return written


def write_day(log: Log, folder: Path, closed: Closed, before: Path | None) -> None:
    """Write one day, in one step."""
    draft = folder / f".{closed.name}.{os.getpid()}"
    try:
        draft.mkdir()
        read: dict[str, Start] = {}  # How far any shard read the shared topics.
        for number, segment in enumerate(closed.shards):
            for topic, place in _write_shard(log, draft, number, segment, before).items():
                read[topic] = max(read.get(topic, BEGINNING), place, key=lambda x: x.position)
        _write_shared(log, draft, read, before)
        draft.rename(folder / closed.name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_shard(
    log: Log, draft: Path, number: int, segment: Segment, before: Path | None
) -> Mapping[str, Start]:
    """One shard's day; returns where it left the shared topics."""
    name = f"shard-{number:04}"
    starts = {topic: _next(before, name, topic) for topic in OWN_TOPICS}
    place = draft / name
    place.mkdir()
    drafts = {topic: Draft(place, topic, start) for topic, start in starts.items()}
    shared: dict[str, Start] = {}
    chain, last = "", -1
    with ShardLog(log, number) as shard_log:
        for topic, start in starts.items():
            shard_log.start(topic, start)
        for seal, record in shard_log.seals():
            taken = {**shard_log.inputs(seal, OWN_INPUTS), **shard_log.outputs(seal)}
            for topic, records in taken.items():
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
            raise CorruptLogError(f"shard {number}: the journal ends before its close; see verify")
        said = [drafts[topic].close(shard_log.next_start(topic)) for topic in OWN_TOPICS]
    write_manifest(place, {"shard": number, "batch": last, "chain": chain, "topics": said})
    return shared


def _write_shared(log: Log, draft: Path, read: Mapping[str, Start], before: Path | None) -> None:
    place = draft / SHARED
    place.mkdir()
    said = []
    with ExitStack() as stack:
        shard_log = stack.enter_context(ShardLog(log, 0))
        for topic in SHARED_TOPICS:
            start = _next(before, SHARED, topic)
            shard_log.start(topic, start)
            file = Draft(place, topic, start)
            count = max(0, read[topic].position - start.position)
            while count:
                records = shard_log.cursor(topic).take(min(count, READ_RECORDS))
                file.write(records)
                count -= len(records)
            said.append(file.close(shard_log.next_start(topic)))
    write_manifest(place, {"topics": said})


def _next(before: Path | None, name: str, topic: str) -> Start:
    """Where the day before left the topic."""
    return BEGINNING if before is None else part_of(before / name, topic).next
