"""Does the simulator of faults find bugs? Eleven are planted on purpose, one at a time.

    python -m infra.campaigns.planted_bugs [--seeds 2000]

Each breaks one promise of the engine or its log. The campaign searches for the first seed that
shows it; the tests plant each bug again and replay that seed.
"""
# ruff: noqa: SLF001  A bug is planted in private names.

import argparse
import logging
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

from engine import topology
from engine.core.day import trading_day
from engine.core.events import ExecType, FillBooked, StageEvent
from engine.core.execution import reports
from engine.core.state.state import State
from engine.core.units import NS_PER_S
from engine.log.port import (
    INPUT_TOPICS,
    JOURNAL,
    CommitUnknownError,
    LogUnavailableError,
    Record,
)
from engine.runtime import shard
from engine.runtime.replica import Replica
from engine.runtime.shard import Sealed
from engine.runtime.shard_log import last_seal
from engine.runtime.shard_task import ShardTask, Turns
from engine.simulation import paper
from engine.simulation.paper import PaperVenues
from engine.simulation.venues.behaviour import Behaviour
from infra.faults.broker import Broker
from infra.faults.memory_log import MemoryReader
from infra.faults.shrinking import Found, tried


class Patch(NamedTuple):
    """One name that means something else for a while; `target` may be a table."""

    target: Any
    name: Any
    planted: Any


class Bug(NamedTuple):
    """A bug: the patches that plant it."""

    name: str
    patches: tuple[Patch, ...]


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    before = [taken(patch) for patch in bug.patches]
    try:
        for patch in bug.patches:
            put(patch, patch.planted)
        yield
    finally:
        for patch, was in zip(bug.patches, before, strict=True):
            put(patch, was)


def taken(patch: Patch) -> Any:  # noqa: ANN401  Whatever stands there.
    if isinstance(patch.target, Mapping):
        return patch.target[patch.name]
    return vars(patch.target)[patch.name]


def put(patch: Patch, value: Any) -> None:  # noqa: ANN401
    if isinstance(patch.target, dict):
        patch.target[patch.name] = value
    else:
        setattr(patch.target, patch.name, value)


# ------------------------------------------------------------------------------- the bugs


def unfenced(self: ShardTask, sealed: Sealed) -> bool:
    """Read the last seal while the earlier writer can still commit."""
    try:
        last = last_seal(self._host.log, self._shard.number)
        if last is not None and last.chain == sealed.seal.chain:
            return True
        assert self._writer is not None
        self._writer.commit(sealed.records)
    except (CommitUnknownError, LogUnavailableError):
        return False
    return True


_commit = ShardTask._commit


def events_first(self: ShardTask, sealed: Sealed) -> Turns:
    """The events in a transaction of their own, then the seal in another."""
    events = {topic: records for topic, records in sealed.records.items() if topic != JOURNAL}
    yield from _commit(self, replace(sealed, records=events))
    yield from _commit(self, replace(sealed, records={JOURNAL: sealed.records[JOURNAL]}))


def never_seen(_: object) -> tuple[str, int, str, str]:
    return "", 0, "", ""


def without_run(
    seed: int, behaviour: Behaviour | None, *, quote_age_max_ns: int, run_number: int
) -> PaperVenues:
    """Each run of the gateway counts its reports from one again."""
    assert run_number
    return PaperVenues(seed, behaviour, quote_age_max_ns=quote_age_max_ns, run_number=0)


_read = MemoryReader.read


def read_what_is_there(self: MemoryReader, max_records: int) -> Sequence[Record]:
    """A process reads the records of open and aborted transactions too; the checks do not."""
    if "#" not in self._log._name:
        return _read(self, max_records)
    self._log._ask("read")
    found: list[Record] = []
    entries = self._partition.entries
    while self._offset < len(entries) and len(found) < max_records:
        record = entries[self._offset].record
        if record is not None:
            found.append(Record(self._offset, self._position, *record[1:]))
            self._position += 1
        self._offset += 1
    return found


_fold_while: Callable[[Replica, deque[StageEvent], str], None] = Replica._fold_while


def fold_fills_twice(self: Replica, waiting: deque[StageEvent], cause: str) -> None:
    first = waiting[0] if waiting else None
    _fold_while(self, waiting, cause)
    if isinstance(first, FillBooked) and first.cause == cause:
        for apply in topology.EVOLVE[FillBooked]:
            apply(self.state, first)


_mark_due = trading_day.mark_due


def only_fresh_points(state: State, now_ns: int) -> None:
    """A schedule point more than a second ago is skipped."""
    if now_ns - state.sealed_ns < NS_PER_S:
        _mark_due(state, now_ns)


_decide_trade = reports.REPORTS[ExecType.TRADE]


def cancel_wins(state: State, child: Any, report: Any, now_ns: int) -> tuple[StageEvent, ...]:  # noqa: ANN401
    return () if child.is_cancelling else _decide_trade(state, child, report, now_ns)


_open_writer = Broker.open_writer


def same_epoch(self: Broker, number: int) -> int:
    """The new writer has the epoch of the earlier one, which is thus not fenced."""
    self._writers[number] -= bool(self._writers[number])
    return _open_writer(self, number)


def always_held(_: Broker, name: str, epoch: int) -> bool:
    """A name that another process has taken is not refused to the one before."""
    return bool(name and epoch)


BUGS = (
    Bug("skip a fence", (Patch(ShardTask, "_commit_again", unfenced),)),
    Bug("commit before the seal", (Patch(ShardTask, "_commit", events_first),)),
    Bug("drop a dedupe", (Patch(reports, "key_of", never_seen),)),
    Bug("reuse an id", (Patch(paper, "PaperVenues", without_run),)),
    Bug("read uncommitted", (Patch(MemoryReader, "read", read_what_is_there),)),
    Bug("fold twice", (Patch(Replica, "_fold_while", fold_fills_twice),)),
    Bug("forget a schedule point", (Patch(trading_day, "mark_due", only_fresh_points),)),
    Bug("lose a cancel race", (Patch(reports.REPORTS, ExecType.TRADE, cancel_wins),)),
    Bug("wrong epoch", (Patch(Broker, "open_writer", same_epoch),)),
    Bug("report when superseded", (Patch(Broker, "is_name_held", always_held),)),
    Bug("inputs in another order", (Patch(shard, "INPUT_TOPICS", INPUT_TOPICS[::-1]),)),
)


def first_that_fails(bug: Bug, seeds: int) -> Found | None:
    with planted(bug):
        return next((found for seed in range(seeds) if (found := tried(seed))), None)


def main() -> int:
    """0 where each bug was found."""
    parser = argparse.ArgumentParser(prog="python -m infra.campaigns.planted_bugs")
    parser.add_argument("--bug", help="only this one")
    parser.add_argument("--seeds", type=int, default=2_000, help="tried for each bug")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    missed = 0
    for bug in BUGS:
        if options.bug not in (None, bug.name):
            continue
        found = first_that_fails(bug, options.seeds)
        missed += found is None
        said = f"seed {found.seed}: {found.problems[0]:.150}" if found else "NOT FOUND"
        print(f"{bug.name}: {said}", flush=True)  # noqa: T201  A command line.
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
