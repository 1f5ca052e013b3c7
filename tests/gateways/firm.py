"""A firm of several real shards, one `controls`, and runs of the allotter, moved step by step.

Nothing runs by itself. A shard takes the next controls when it is told to, a run reads when it is
told to, and what it decided to write waits until it is told to write, so that a test can make any
order of these steps: a slow shard, a paused run, a record that comes late.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

from world import World, market, order, px

from engine.core import events as e
from engine.core.controls import allotments, limits
from engine.core.controls.input_limits import QTY_MAX
from engine.core.partition import partition_of
from engine.gateways.allotter.ledger import Ledger
from engine.log import codec
from engine.log.headers import sender_headers
from engine.log.port import NewRecord, Record

FIRM = (e.ControlScope.FIRM, "USD")
PX = px(100)


def named_for(shard: int, partitions: int) -> str:
    """An instrument that lives in this shard."""
    names = (f"I{number:02}" for number in count())
    return next(x for x in names if partition_of(x.encode(), partitions) == shard)


class Run:
    """A run of the allotter: what it has read, and what it is about to write."""

    def __init__(self, firm: "Firm", name: str, now_ns: int) -> None:
        self.ledger = Ledger(name, len(firm.worlds), now_ns)
        self.waiting: deque[list[NewRecord]] = deque()
        self._firm = firm
        self._controls = 0
        self._ingest = [len(records) for records in firm.ingest]

    def read(self) -> None:
        """Read everything, and decide what to write."""
        for record in self._firm.controls[self._controls :]:
            self.ledger.follow_control(record)
        self._controls = len(self._firm.controls)
        for number, records in enumerate(self._firm.ingest):
            for record in records[self._ingest[number] :]:
                event = codec.decode("ingest", record.value)
                self.ledger.follow_ingest(number, event, self._firm.now_ns)
            self._ingest[number] = len(records)
        self.waiting.append(self.ledger.due(self._firm.now_ns))

    def write(self) -> None:
        if self.waiting:
            self._firm.append(self.waiting.popleft())


class Firm:
    """The shards, and the topics that they share with the allotter."""

    def __init__(self, shards: int) -> None:
        self.worlds = [World(partitions=shards, number=number) for number in range(shards)]
        for world in self.worlds:
            world.settings = {**world.settings, "partitions": shards}
            world.shard = world.fresh_shard()
        self.controls: list[Record] = []
        self.ingest: list[list[Record]] = [[] for _ in self.worlds]
        self.now_ns = self.worlds[0].now_ns
        self._taken = [0] * shards
        self._orders = count()
        self._number = 0
        self.names = [named_for(number, shards) for number in range(shards)]
        morning = [x for x in market() if e.TOPIC_OF[type(x)] == "controls"]
        self.say(*morning)
        for number, world in enumerate(self.worlds):
            facts = (x for x in market() if e.TOPIC_OF[type(x)] == "reference")
            world.given(*map(self._moved(number), facts))
        self.deliver()

    def _moved(self, number: int) -> Any:  # noqa: ANN401  From a fact to the same of another name.
        return lambda fact: (
            replace(fact, instrument_id=self.names[number])
            if hasattr(fact, "instrument_id")
            else fact
        )

    def say(self, *controls: Any) -> None:  # noqa: ANN401  Controls of a person.
        for control in controls:
            self._number += 1
            headers = sender_headers("risk", self._number)
            self.append([NewRecord(0, 0, None, headers, codec.encode(control))])

    def limit(self, cur: int | None, scope: e.ControlScope = FIRM[0], name: str = "") -> None:
        limit = e.RiskLimitSet(
            scope=scope,
            scope_id=name,
            currency="USD" if scope is e.ControlScope.FIRM else "",
            max_order_qty=QTY_MAX,
            set_by="risk",
            set_ns=0,
            max_day_notional_cur=cur,
        )
        self.say(limit)

    def append(self, records: list[NewRecord]) -> None:
        for one in records:
            at = len(self.controls)
            self.controls.append(Record(at, at, one.timestamp_ms, one.key, one.headers, one.value))

    def deliver(self, number: int | None = None, most: int = 10**6) -> None:
        """Let one shard, or all, take their next controls."""
        for shard in range(len(self.worlds)) if number is None else (number,):
            records = self.controls[self._taken[shard] :][:most]
            self._taken[shard] += len(records)
            if records:
                self._step(shard, records)

    def order(self, shard: int, qty: int, client_id: str = "c1") -> list[Any]:
        """An order at 100 a piece; what the shard answers."""
        name = self.names[shard]
        said = {"limit_px": PX, "instrument_id": name, "client_id": client_id}
        world = self.worlds[shard]
        world.when(order(f"o{next(self._orders)}", qty, **said))
        return list(self._kept(shard))

    def _step(self, shard: int, records: list[Record]) -> None:
        world = self.worlds[shard]
        world._rounds({"controls": records}, frozenset())  # noqa: SLF001  Records as they are.
        list(self._kept(shard))

    def _kept(self, shard: int) -> Iterator[Any]:
        for event in self.worlds[shard].events:
            if e.TOPIC_OF[type(event)] == "ingest":
                at = len(self.ingest[shard])
                self.ingest[shard].append(Record(at, at, 0, None, (), codec.encode(event)))
            yield event

    # What may be spent.

    def spent(self, key: tuple[str, str] = FIRM) -> int:
        return sum(world.state.spent_notional.get((*key, "USD"), 0) for world in self.worlds)

    def bound(self, key: tuple[str, str] = FIRM) -> int:
        """The most that the shards can have spent if nothing else is said; 1e-9 units."""
        return sum(
            max(
                allotments.allotted_cur(world.state, key) * allotments.UNIT_PX,
                world.state.spent_notional.get((*key, "USD"), 0),
            )
            for world in self.worlds
            if allotments.day_limit_cur(world.state, key) is not None
        )

    def most(self, key: tuple[str, str] = FIRM) -> int:
        """The highest limit between the slowest shard's place in `controls` and the fastest's.

        In 1e-9 units. A slow shard has spent under a limit that a fast one has left behind.
        """
        highest = 0
        in_force = 0
        for record in self.controls[: max(self._taken)]:
            event = codec.decode("controls", record.value)
            if isinstance(event, e.RiskLimitSet) and limits.key_of(event) == key:
                in_force = event.max_day_notional_cur or 0
            if record.position >= min(self._taken) - 1:
                highest = max(highest, in_force)
        return highest * allotments.UNIT_PX

    def settle(self, *runs: Run, turns: int = 12) -> None:
        """Everything reads and writes until nothing is left to do."""
        for _ in range(turns):
            for run in runs:
                run.read()
                run.write()
            self.deliver()
