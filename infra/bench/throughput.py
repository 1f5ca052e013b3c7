"""Orders, events and quotes a second on a log, each beside the bare loop over the same bytes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from engine.log.port import Log
from infra.bench.player import Script
from infra.bench.replay import Measured, measure
from infra.bench.world import OPENING_ROUNDS

OpenLog = Callable[[str], Log]  # By a name that no other log of the run has.


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """One row: `count` units of `what` through a log."""

    log: str
    what: str
    count: int
    events: int  # Inputs consumed and stage events committed; the records that both loops moved.
    measured: Measured

    @property
    def per_s(self) -> float:
        return self.count / self.measured.engine.seconds

    def as_json(self) -> dict[str, object]:
        engine, bare = self.measured.engine, self.measured.bare
        return {
            "log": self.log,
            "what": self.what,
            "count": self.count,
            f"{self.what}_per_s": round(self.per_s, 1),
            "events_per_s": round(self.events / engine.seconds, 1),
            f"bare_{self.what}_per_s": round(self.count / bare.seconds, 1),
            "ratio_to_bare": round(self.measured.ratio, 3),
            "records": engine.records,
            "bare_records": bare.records,
            "bytes": engine.bytes,
            "bare_bytes": bare.bytes,
            "seconds": round(engine.seconds, 3),
            "cpu_seconds": round(engine.cpu_seconds, 3),
            "bare_seconds": round(bare.seconds, 3),
            "bare_cpu_seconds": round(bare.cpu_seconds, 3),
        }


@contextmanager
def both(open_log: OpenLog, what: str) -> Iterator[tuple[Log, Log]]:
    with open_log(f"{what}-engine") as engine_log, open_log(f"{what}-bare") as bare_log:
        yield engine_log, bare_log


def orders(script: Script, log: str, open_log: OpenLog) -> Throughput:
    with both(open_log, "orders") as (engine_log, bare_log):
        measured = measure(script, engine_log, bare_log, OPENING_ROUNDS)
    return _row(script, log, "orders", script.orders, measured)


def quotes(script: Script, count: int, log: str, open_log: OpenLog) -> Throughput:
    with both(open_log, "quotes") as (engine_log, bare_log):
        measured = measure(script, engine_log, bare_log, OPENING_ROUNDS)
    return _row(script, log, "quotes", count, measured)


def _row(script: Script, log: str, what: str, count: int, measured: Measured) -> Throughput:
    inputs = sum(sum(cut.counts.values()) for cut in script.rounds[OPENING_ROUNDS:])
    stages = sum(
        len(records)
        for outputs in script.outputs[OPENING_ROUNDS:]
        for topic, records in (outputs or {}).items()
        if topic != "journal"
    )
    return Throughput(log=log, what=what, count=count, events=inputs + stages, measured=measured)
