"""Time of a batch, of the kill switch and of the close, in shards with few and many open parents.

    python -m infra.campaigns.open_parents [--parents 1000 200000] [--instruments 64] [--rounds 500]

One process holds a shard for each number of parents, and steps and commits each batch to a log in a
file, as a worker does. Each parent has one member and one child at a venue, the worst case of a
kill switch; every fifth may go to no venue and waits inside, the worst case of netting. The time of
the inputs stands still, so that no parent is due. Then inputs come, each in a batch of its own, to
all shards in turns, so that other work of the machine falls on all alike: an order, an order of the
other side that meets no limit, a quote, a fill and a cancel. Each ratio is the processor time of
the shard with the most parents by that of the shard with the fewest: the figure that depends least
on the machine.

Then come the kill switch of the firm, whose time runs from the append of the switch to the moment
at which a reader of the log has ControlApplied, and the close. One line of JSON a shard, and one
with the ratios; exit 1 if a child was routed after the switch, if one was not cancelled, or if a
bound is broken. On a machine with other work the times on the wall are theirs too; the figures of
`cpu` are of this process alone.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from pipeline import desk

from engine.core import events as e
from engine.core.units import NS_PER_MS
from engine.log import codec
from engine.log.embedded import EmbeddedLog
from engine.log.port import INPUT_TOPICS
from engine.runtime.garbage_collection import quiet_collector
from engine.runtime.shard import Sealed, Shard
from infra.bench.replay import Ends
from infra.bench.world import RULES

LOADED = 1_000  # Orders of a batch while the parents are opened.
WAITS_EVERY = 5  # One in so many parents has no child.
LIMIT_PX = 99 * desk.S  # A currency unit below the market: the children rest.
FAR_PX = 101 * desk.S  # The limit of a sale that meets none of them.
UNLIMITED = 10**9  # A rate that holds nothing.
KILL_MS_MAX = 250
ORDER_MS_MAX = 5
RATIO_MAX = 1.5  # Guess: colder memory and a larger file cost something too.
READ_RECORDS = 100_000


class Spent(NamedTuple):
    """Time of a batch with its commit, ms: on the wall, and of this process's processor."""

    wall_ms: float
    cpu_ms: float


class Desk:
    """A shard, the log that it commits to, and its inputs; the time stands still."""

    def __init__(self, log: EmbeddedLog, instruments: int) -> None:
        self.log = log
        self.publisher = desk.Publisher(log, desk.OMS)
        self.shard = Shard(0, RULES)
        self.now_ns = time.time_ns()
        self._names = tuple(f"I{number:05}" for number in range(instruments))
        self._ends = Ends.claim(log, INPUT_TOPICS, "one")
        self._sent = 0
        self._reported = 0
        quotes = [desk.quote(name, venue, self.now_ns) for name in self._names for venue in "AB"]
        policy = desk.policy(
            window_ns=0,
            interval_ns=60 * desk.S,
            **dict.fromkeys(
                (
                    *("parent_routes_max", "venue_routes_max"),
                    *("client_orders_max", "client_changes_max"),
                ),
                UNLIMITED,
            ),
        )
        mandates = map(desk.mandate, desk.CLIENTS)
        known = (*desk.reference(self._names), policy, desk.limit(), *mandates)
        self.publisher.send(*known, desk.day_opened(self.now_ns), *quotes)
        self.step()

    def open_parents(self, parents: int) -> None:
        for first in range(0, parents, LOADED):
            numbers = range(first, min(first + LOADED, parents))
            waits = {"excluded_venues": desk.VENUES}
            self.publisher.send(
                *(self.order(**({} if number % WAITS_EVERY else waits)) for number in numbers)
            )
            self.step()
        assert len(self.shard.state.parents) == parents, "a parent was not opened"

    # -------------------------------------------------------------------------- inputs

    def order(self, **said: Any) -> e.OrderSubmitted:  # noqa: ANN401  Any of its fields.
        """An order that shares no parent, as no other one has its end."""
        self._sent += 1
        name = self._names[self._sent % len(self._names)]
        end_ns = self.now_ns + 3_600 * desk.S + self._sent
        base = {"limit_px": LIMIT_PX, "end_ns": end_ns}
        return desk.order(f"o{self._sent}", name, **{**base, **said})

    def sale(self) -> e.OrderSubmitted:
        """An order that its limit alone keeps from crossing with every parent that waits."""
        return self.order(side=e.Side.SELL, limit_px=FAR_PX, client_id=desk.CLIENTS[1])

    def quote(self) -> e.QuoteObserved:
        """The best of a venue moves, above the limits of all."""
        self._sent += 1
        name = self._names[self._sent % len(self._names)]
        return desk.quote(name, "A", self.now_ns, ticks=self._sent % 2)

    def _next_child(self) -> Any:  # noqa: ANN401  A child.
        """Another live child each time, an old one."""
        for parent_id in self.shard.state.exposed:
            for child in self.shard.state.parents[parent_id].children.values():
                if not child.is_cancelling and not child.filled_qty:
                    return child
        raise AssertionError("no child is left")

    def fill(self) -> e.ExecutionReported:
        """A part of an old child."""
        child = self._next_child()
        self._reported += 1
        return e.ExecutionReported(
            venue=child.terms.venue,
            instrument_id=child.terms.instrument_id,
            child_id=child.child_id,
            exec_id=f"x{self._reported}",
            exec_type=e.ExecType.TRADE,
            last_qty=1,
            last_px=child.terms.limit_px,
            cum_qty=1,
            leaves_qty=child.leaves_qty - 1,
            liquidity=e.Liquidity.ADDED,
            text="",
            session_day=desk.DAY,
            transact_ns=self.now_ns,
            received_ns=self.now_ns,
        )

    def cancel(self) -> e.OrderCancelRequested:
        """Of an old order whose child is at a venue."""
        child = self._next_child()
        (order_id,) = self.shard.state.parents[child.terms.parent_id].members
        order = self.shard.state.orders[order_id]
        return desk.cancel(order.cl_ord_id, order.terms.instrument_id)

    # ----------------------------------------------------------------------------- run

    def step(self) -> Sealed | None:
        """Take what is in the log, and commit."""
        readers = self._ends.readers
        batch = {topic: readers[topic].read(READ_RECORDS) for topic in INPUT_TOPICS}
        sealed = self.shard.step(batch, self.now_ns, must_seal=any(batch.values()))
        if sealed is not None:
            self._ends.writer.commit(sealed.records)
        self._ends.keep_alive()
        return sealed

    def timed(self, sent: e.Input) -> Spent:
        """The time of a batch of one input."""
        self.publisher.send(sent)
        cpu_ns, wall_ns = time.process_time_ns(), time.perf_counter_ns()
        self.step()
        wall_ns, cpu_ns = time.perf_counter_ns() - wall_ns, time.process_time_ns() - cpu_ns
        return Spent(wall_ns / NS_PER_MS, cpu_ns / NS_PER_MS)

    def close(self) -> None:
        self._ends.close()


KINDS: Mapping[str, Callable[[Desk], e.Input]] = {
    "order": Desk.order,
    "sale": Desk.sale,
    "quote": Desk.quote,
    "fill": Desk.fill,
    "cancel": Desk.cancel,
}


def killed(found: Desk) -> dict[str, float]:
    """The kill switch of the firm: its time, and the batches of its cancels."""
    reader = found.log.reader("ingest", 0)
    while not reader.at_end():
        reader.read(READ_RECORDS)
    exposed = len(found.shard.state.exposed)
    switch = e.KillSwitchSet(
        scope=e.ControlScope.FIRM, scope_id="", engaged=True, set_by="desk", text="", set_ns=0
    )
    started_ns = time.perf_counter_ns()
    found.publisher.send(switch)
    sealed = found.step()
    receipts = [codec.decode("ingest", record.value) for record in reader.read(READ_RECORDS)]
    applied_ns = time.perf_counter_ns()
    assert any(isinstance(event, e.ControlApplied) for event in receipts), "no receipt"
    routes, batches, most, slowest_ns = 0, 0, 0, 0
    while sealed is not None and sealed.events:
        batches += 1
        most = max(most, len(sealed.events))
        routes += sum(isinstance(event, e.ChildRouted) for event in sealed.events)
        begun_ns = time.perf_counter_ns()
        sealed = found.step()
        slowest_ns = max(slowest_ns, time.perf_counter_ns() - begun_ns)
    state = found.shard.state
    left = [
        child.child_id
        for parent_id in state.exposed
        for child in state.parents[parent_id].children.values()
        if not child.is_cancelling
    ]
    return {
        "kill_ms": (applied_ns - started_ns) / NS_PER_MS,
        "exposed": exposed,
        "not_cancelled": len(left),
        "routes_after": routes,
        "cancel_batches": batches,
        "events_of_a_batch_max": most,
        "cancel_batch_ms_max": slowest_ns / NS_PER_MS,
        "all_cancelled_s": (time.perf_counter_ns() - started_ns) / desk.S,
    }


def closed(found: Desk) -> dict[str, float]:
    """The close in mid-session: its batches."""
    found.publisher.send(e.DayClosed(day=desk.DAY, set_ns=found.now_ns))
    batches, slowest_ns, most, sealed = 0, 0, 0, None
    started_ns = time.perf_counter_ns()
    while sealed is None or sealed.seal.kind is not e.SealKind.CLOSE:
        begun_ns = time.perf_counter_ns()
        sealed = found.step()
        assert sealed is not None, "a close seals"
        slowest_ns = max(slowest_ns, time.perf_counter_ns() - begun_ns)
        most = max(most, len(sealed.events))
        batches += 1
    return {
        "close_batches": batches,
        "close_events_of_a_batch_max": most,
        "close_batch_ms_max": slowest_ns / NS_PER_MS,
        "close_s": (time.perf_counter_ns() - started_ns) / desk.S,
    }


@contextmanager
def opened(parents: Sequence[int], instruments: int) -> Iterator[list[Desk]]:
    """Desks with so many open parents."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        found = []
        for count in parents:
            log = stack.enter_context(EmbeddedLog(folder / f"{count}.db", 1))
            one = Desk(log, instruments)
            stack.callback(one.close)
            one.open_parents(count)
            found.append(one)
        yield found


def percentile(values: Sequence[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def measured(
    parents: Sequence[int], instruments: int, rounds: int
) -> tuple[list[dict[str, float]], dict[str, float]]:
    """The figures of each shard, and the ratios."""
    with opened(parents, instruments) as desks:
        spent: dict[tuple[int, str], list[Spent]] = {}
        for kind, made in KINDS.items():
            for _ in range(rounds):
                for number, one in enumerate(desks):
                    spent.setdefault((number, kind), []).append(one.timed(made(one)))
        results = []
        for number, count in enumerate(parents):
            result: dict[str, float] = {"parents": count, "instruments": instruments}
            for kind in KINDS:
                for clock in Spent._fields:
                    values = [getattr(one, clock) for one in spent[number, kind]]
                    name = f"{kind}_{clock}"
                    result[f"{name}_p50"] = percentile(values, 0.5)
                    result[f"{name}_p99"] = percentile(values, 0.99)
                    result[f"{name}_max"] = max(values)
            results.append({**result, **killed(desks[number]), **closed(desks[number])})
    first, last = results[0], results[-1]
    ratios = {
        f"{kind}_cpu_ratio_p50": last[f"{kind}_cpu_ms_p50"] / first[f"{kind}_cpu_ms_p50"]
        for kind in KINDS
    }
    return [*map(rounded, results)], rounded(ratios)


def rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in figures.items()}


def is_good(result: Mapping[str, float]) -> bool:
    return (
        result["kill_ms"] <= KILL_MS_MAX
        and result["order_wall_ms_p99"] <= ORDER_MS_MAX
        and not result["routes_after"]
        and not result["not_cancelled"]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where every bound holds."""
    parser = argparse.ArgumentParser(prog="python -m infra.campaigns.open_parents")
    parser.add_argument("--parents", type=int, nargs="+", default=[1_000, 200_000])
    parser.add_argument("--instruments", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=500)
    said = parser.parse_args(arguments)
    quiet_collector()  # As a worker.
    results, ratios = measured(said.parents, said.instruments, said.rounds)
    for line in (*results, ratios):
        sys.stdout.write(json.dumps(line) + "\n")
    is_flat = all(ratio <= RATIO_MAX for ratio in ratios.values())
    return 0 if is_flat and all(map(is_good, results)) else 1


if __name__ == "__main__":
    sys.exit(main())
