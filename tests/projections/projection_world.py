"""A small log written by hand: consistent records without an engine.

`World` appends inputs, stamps events and commits sealed batches, as the shard does. `Day` is
one day with every kind of quantity in it: a cross, fills, a bust, a correction, a late joiner, a
leaver, an amend, a cancelled child, an unreadable input, and a close.
"""

import hashlib
import json
import types
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import fields, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args, get_type_hints
from zoneinfo import ZoneInfo

import duckdb

import projections
from engine.core import events as e
from engine.log.codec import encode, topic_of
from engine.log.embedded import EmbeddedLog
from engine.log.headers import sender_headers
from engine.log.port import DLQ, INPUT_TOPICS, JOURNAL, OUTPUT_TOPICS, SHARED_TOPICS, NewRecord

NEW_YORK = ZoneInfo("America/New_York")
CENT = 10_000_000  # 1e-9 currency units.
DOLLAR = 100 * CENT
DAY = 20180102


def at(clock: str) -> int:
    """The time of the day in New York, ns since 1970 UTC."""
    hour, minute, second = map(int, clock.split(":"))
    moment = datetime(2018, 1, 2, hour, minute, second, tzinfo=NEW_YORK)
    return int(moment.timestamp()) * 1_000_000_000


def later(clock: str, seconds: int) -> str:
    """The time of the day that many seconds after another."""
    hour, minute, second = map(int, clock.split(":"))
    total = 3_600 * hour + 60 * minute + second + seconds
    return f"{total // 3_600:02}:{total // 60 % 60:02}:{total % 60:02}"


def px(price: float | Fraction) -> int:
    """Currency units to 1e-9 of them, to a tenth of a cent."""
    return round(price * 1000) * (DOLLAR // 1000)


def make(kind: type, /, **given: Any) -> Any:  # noqa: ANN401  Any event.
    """An event with the fields given, and the plainest value in every other."""
    hints = get_type_hints(kind)
    unnamed = [f.name for f in fields(kind) if f.name not in (*given, "seq", "at_ns", "cause")]
    return kind(**{name: _plain(hints[name]) for name in unnamed}, **given)


def _plain(hint: Any) -> Any:  # noqa: ANN401  Any annotation.
    if isinstance(hint, types.UnionType) and type(None) in get_args(hint):
        return None
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return next(iter(hint))
    return {int: 0, str: "", bool: False, bytes: b""}.get(hint, ())


def share(order_id: str, qty: int) -> e.Share:
    return e.Share(order_id=order_id, share_qty=qty)


def result(order_id: str, member: int, crossed: int, allocated: int, left: int) -> e.MemberResult:
    return e.MemberResult(
        order_id=order_id,
        member_qty=member,
        crossed_qty=crossed,
        allocated_qty=allocated,
        left_qty=left,
    )


class World:
    """One shard of a log, and what was written to it."""

    def __init__(self, log: EmbeddedLog, shard: int = 0) -> None:
        self.log = log
        self.shard = shard
        self._leases = log.leases(f"test-{shard}", [shard])
        held = self._leases.poll(0.0).gained
        self._writer = log.writer(held[0])
        self._batch = 0
        self._seq = 0
        self._chain = bytes(32)
        self._consumed = dict.fromkeys(INPUT_TOPICS, 0)
        self._written = defaultdict[str, int](int)
        self._pending: list[Any] = []
        self._dead: list[NewRecord] = []

    def input(self, event: Any, key: str = "AAPL", sender: str = "oms") -> str:  # noqa: ANN401
        """Append an input; returns the cause that its events carry."""
        return self.raw(topic_of(event), encode(event), key, sender)

    def raw(self, topic: str, value: bytes, key: str = "AAPL", sender: str = "oms") -> str:
        """Append any bytes as an input."""
        position = self._written[topic]
        self._written[topic] += 1
        headers = sender_headers(sender, position)
        partition = 0 if topic in SHARED_TOPICS else self.shard
        self.log.append(topic, [NewRecord(partition, 1_000, key.encode(), headers, value)])
        return f"{topic}:{position}"

    def inputs(self, events: Sequence[Any], key: str = "AAPL", sender: str = "oms") -> None:
        """Append many inputs of one topic at once."""
        topic = topic_of(events[0])
        position = self._written[topic]
        self._written[topic] += len(events)
        self.log.append(
            topic,
            [
                NewRecord(
                    self.shard,
                    1_000,
                    key.encode(),
                    (("source", sender.encode()), ("number", str(number).encode())),
                    encode(event),
                )
                for number, event in enumerate(events, position)
            ],
        )

    def read_shared(self, world: "World") -> None:
        """Count the records that another shard's world appended to the shared topics."""
        for topic in SHARED_TOPICS:
            self._written[topic] = world._written[topic]  # noqa: SLF001  A world of the same log.

    def emit(self, cause: str, kind: type, /, **given: Any) -> str:  # noqa: ANN401  Any fields.
        """Stamp an event into the open batch; returns its id."""
        self._pending.append(replace(make(kind, **given), seq=self._seq, cause=cause))
        self._seq += 1
        return f"{self.shard}-{self._seq - 1}"

    def bury(self, topic: str, position: int, reason: str, value: bytes) -> None:
        """Put unreadable bytes into the dlq of the open batch."""
        headers = (
            ("topic", topic.encode()),
            ("position", str(position).encode()),
            ("reason", reason.encode()),
        )
        self._dead.append(NewRecord(self.shard, 1_000, b"AAPL", headers, value))

    def seal(self, now_ns: int, kind: e.SealKind = e.SealKind.NORMAL) -> None:
        """Commit the open batch with its seal."""
        records: dict[str, list[NewRecord]] = defaultdict(list)
        for event in self._pending:
            stamped = replace(event, at_ns=now_ns)
            records[topic_of(event)].append(self._record(encode(stamped)))
        records[DLQ].extend(self._dead)
        seal = self._sealed(now_ns, kind, records)
        records[JOURNAL] = [self._record(encode(seal))]
        self._writer.commit({t: records[t] for t in OUTPUT_TOPICS if records[t]})
        self._batch += 1
        self._chain = seal.chain
        self._consumed = {topic: self._written[topic] for topic in INPUT_TOPICS}
        self._pending, self._dead = [], []

    def skip_seq(self) -> None:
        """Leave a gap before the next batch."""
        self._seq += 1

    def repeat_seq(self) -> None:
        """Give the last event of the open batch the seq of the one before."""
        self._pending[-1] = replace(self._pending[-1], seq=self._pending[-2].seq)

    def claim_more_inputs(self) -> None:
        """Let the next seal consume market data that no one has written."""
        self._written["market-data"] += 1

    def close(self) -> None:
        self._writer.close()
        self._leases.close()

    def _record(self, value: bytes) -> NewRecord:
        return NewRecord(self.shard, 1_000, b"AAPL", (), value)

    def _sealed(
        self, now_ns: int, kind: e.SealKind, records: dict[str, list[NewRecord]]
    ) -> e.BatchSealed:
        chain = hashlib.sha256(self._chain + str(self._batch).encode()).digest()
        seal: e.BatchSealed = make(
            e.BatchSealed,
            batch=self._batch,
            kind=kind,
            now_ns=now_ns,
            inputs=tuple(
                e.InputRange(
                    topic=topic,
                    first_position=self._consumed[topic],
                    next_position=self._written[topic],
                    digest=bytes(32),
                )
                for topic in INPUT_TOPICS
                if self._written[topic] > self._consumed[topic]
            ),
            first_seq=self._seq - len(self._pending),
            next_seq=self._seq,
            outputs=tuple(
                e.OutputDigest(topic=topic, record_count=len(records[topic]), digest=bytes(32))
                for topic in OUTPUT_TOPICS
                if records[topic]
            ),
            previous_chain=self._chain,
            chain=chain,
        )
        return seal


@contextmanager
def projected(
    folder: Path, write: Callable[[World], object]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the projection of a small log, written by `write`."""
    with EmbeddedLog(folder / "log.db", 1) as log:
        world = World(log)
        write(world)
        world.close()
        projections.rebuild(log, folder / "p.duckdb")
    with closing(projections.connect(folder / "p.duckdb")) as connection:
        yield connection


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """The rows of a query, by column."""
    found = connection.execute(query)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


POLICY = make(
    e.PolicySet,
    policy_id="P1",
    cross_quote_age_ns=1_000_000_000,
    allocation_rule=e.AllocationRule.QUOTA,
)


def reference(
    world: World, venues: Sequence[tuple[str, str, e.VenueKind]], *, own_on_tape: bool = False
) -> None:
    """Instruments, venues and controls, and the first batch that applies them."""
    world.input(make(e.InstrumentDefined, instrument_id="AAPL", symbol="AAPL", lot_qty=100))
    bands = (e.TickBand(from_px=0, tick_px=CENT // 100), e.TickBand(from_px=DOLLAR, tick_px=CENT))
    world.input(make(e.TickTableDefined, instrument_id="AAPL", bands=bands))
    session = {"open_ns": at("09:30:00"), "close_ns": at("16:00:00")}
    zone = {"calendar_id": "US", "time_zone": "America/New_York", "day": DAY}
    world.input(make(e.CalendarDefined, **zone, **session))
    for code, name, kind in venues:
        is_dark = kind is e.VenueKind.DARK
        world.input(
            make(e.VenueDefined, venue=code, name=name, kind=kind, odd_lots=is_dark, min_qty=10)
        )
    settings = {"quote_age_max_ns": 30_000_000_000, "tape_includes_own": own_on_tape}
    world.emit("plan:", e.ConfigurationAdopted, text=json.dumps(settings))
    for control in (
        make(e.DayOpened, day=DAY),
        POLICY,
        *(make(e.MandateSet, client_id=client, active=True) for client in ("c1", "c2", "c3")),
        make(e.KillSwitchSet, scope=e.ControlScope.FIRM, engaged=False),
    ):
        cause = world.input(control)
        world.emit(cause, e.ControlApplied, control=type(control).__name__)
    world.input(make(e.VenueStatusObserved, venue=venues[0][0], status=e.VenueStatus.OPEN))
    world.input(make(e.SessionStatusObserved, venue=venues[0][0], up=True))
    world.seal(at("09:30:00"))


def order(world: World, number: int, client: str, side: e.Side, qty: int, **more: Any) -> str:  # noqa: ANN401
    """A small order, submitted and accepted; returns its id."""
    common: dict[str, Any] = {
        "source": "oms",
        "cl_ord_id": f"o{number}",
        "client_id": client,
        "instrument_id": "AAPL",
        "side": side,
        "order_qty": qty,
        "crossing_consent": True,
    }
    cause = world.input(make(e.OrderSubmitted, **common))
    return world.emit(cause, e.OrderAccepted, **common, **({"arrival_mid_px": px(100.0)} | more))


def work_order(
    world: World,
    side: e.Side,
    qty: int,
    clock: str = "09:34:00",
    /,
    **more: Any,  # noqa: ANN401
) -> tuple[str, str]:
    """One order, alone in its parent and released, by default at 100; returns both ids."""
    release_mid_px = more.pop("release_mid_px", px(100.0))
    small = order(world, 1, "c1", side, qty, **more)
    common = {"instrument_id": "AAPL", "side": side, "policy_id": "P1", "first_order_id": small}
    parent = world.emit("orders:0", e.ParentOpened, **common, end_ns=at("23:00:00"))
    joined = {"parent_id": parent, "order_id": small, "member_qty": qty, "parent_qty": qty}
    world.emit("orders:0", e.MemberJoined, **joined)
    released = {"parent_id": parent, "release_qty": qty, "arrival_mid_px": release_mid_px}
    world.emit(f"plan:{parent}", e.ParentReleased, **released)
    world.seal(at(clock))
    return small, parent


def report(world: World, venue: str, child_id: str, exec_id: str, **more: Any) -> str:  # noqa: ANN401
    """A venue's report; returns the cause of what it leads to."""
    common = {"venue": venue, "child_id": child_id, "exec_id": exec_id, "session_day": DAY}
    return world.input(
        make(e.ExecutionReported, instrument_id="AAPL", **common, **more), sender=venue
    )


def trade(
    world: World,
    clock: str,
    price: float | Fraction,
    qty: int = 100,
    *,
    eligible: bool = True,
) -> None:
    """A print on the tape."""
    when = at(clock)
    world.input(
        make(
            e.TradeObserved,
            venue="D",
            instrument_id="AAPL",
            last_px=px(price),
            last_qty=qty,
            eligible=eligible,
            event_ns=when,
            received_ns=when,
        )
    )


def quote(world: World, clock: str, bid: float | Fraction, ask: float | Fraction) -> None:
    """The best bid and ask of a venue that reference data do not know, and that counts."""
    when = at(clock)
    world.input(
        make(
            e.QuoteObserved,
            venue="SIP",
            instrument_id="AAPL",
            bid_px=px(bid),
            bid_qty=100,
            ask_px=px(ask),
            ask_qty=100,
            event_ns=when,
            received_ns=when,
        )
    )


def route(
    world: World,
    parent_id: str,
    venue: str,
    qty: int,
    price: float | Fraction,
    **more: Any,  # noqa: ANN401
) -> str:
    """A slice and its one child; returns the child's id."""
    cause = f"plan:{parent_id}"
    slice_px = more.pop("slice_px", px(101.0))
    sliced = {"parent_id": parent_id, "slice_qty": qty, "limit_px": slice_px}
    slice_id = world.emit(cause, e.SliceReleased, **sliced, **more.pop("sliced", {}))
    common = {"slice_id": slice_id, "parent_id": parent_id, "venue": venue, "child_qty": qty}
    market = {"bid_px": px(99.99), "ask_px": px(100.01), "limit_px": px(price)}
    return world.emit(
        cause,
        e.ChildRouted,
        **(common | {"instrument_id": "AAPL", "side": e.Side.BUY} | market | more),
    )


def fill(
    world: World,
    parent_id: str,
    child_id: str,
    venue: str,
    qty: int,
    price: float | Fraction,
    **more: Any,  # noqa: ANN401
) -> str:
    """A fill, reported, booked and allocated to the `parts` given; returns its id."""
    parts = more.pop("parts")
    exec_id = more.pop("exec_id", "E1")
    lasts = {"last_qty": qty, "last_px": px(price)}
    cause = report(world, venue, child_id, exec_id, exec_type=e.ExecType.TRADE, **lasts)
    common = {"parent_id": parent_id, "child_id": child_id, "venue": venue, "exec_id": exec_id}
    common |= {"instrument_id": "AAPL", "session_day": DAY, "side": e.Side.BUY}
    fill_id = world.emit(cause, e.FillBooked, **(common | lasts | more))
    given = {
        "order_ids": tuple(part.order_id for part in parts),
        "shares_qty": tuple(part.share_qty for part in parts),
        "child_epoch": -1,  # As an early release shared: among the members at the fill.
    }
    world.emit(cause, e.FillAllocated, fill_id=fill_id, parent_id=parent_id, **lasts, **given)
    return fill_id


class Day:
    """One day of one instrument, complete and in order; see the module."""

    def __init__(self, world: World) -> None:
        self.world = world
        dark = ("X", "Dark Pool X", e.VenueKind.DARK)
        reference(world, [("Q", "NASDAQ", e.VenueKind.LIT), dark])
        self.gather()
        self.cross()
        self.fill()
        self.bust()
        self.leave()
        self.route_again()
        self.correct()
        self.close()

    def open(self, cause: str, order_id: str, side: e.Side) -> str:
        common = {
            "instrument_id": "AAPL",
            "side": side,
            "policy_id": "P1",
            "end_ns": at("16:00:00"),
        }
        return self.world.emit(cause, e.ParentOpened, **common, first_order_id=order_id)

    def join(self, cause: str, parent_id: str, order_id: str, qty: int, parent_qty: int) -> None:
        limit_px = None if order_id == self.two else px(101.0)
        common = {"parent_id": parent_id, "order_id": order_id, "parent_limit_px": limit_px}
        self.world.emit(cause, e.MemberJoined, **common, member_qty=qty, parent_qty=parent_qty)

    def gather(self) -> None:
        """Orders 1 and 3 buy 800, order 2 sells 200; a record cannot be read."""
        world, self.two = self.world, ""
        trade(world, "09:59:00", 99.99)
        self.one = order(world, 1, "c1", e.Side.BUY, 500)
        self.buy = self.open("orders:0", self.one, e.Side.BUY)
        self.join("orders:0", self.buy, self.one, 500, 500)
        self.two = order(world, 2, "c2", e.Side.SELL, 200)
        self.sell = self.open("orders:1", self.two, e.Side.SELL)
        self.join("orders:1", self.sell, self.two, 200, 200)
        self.three = order(world, 3, "c3", e.Side.BUY, 300)
        self.join("orders:2", self.buy, self.three, 300, 800)
        bad = b"\x00\x00\x00\x00\x01\xff"
        cause = world.raw("orders", bad)
        world.emit(cause, e.InputRejected, topic="orders", position=3, source="oms")
        world.bury("orders", 3, "UNREADABLE", bad)
        world.seal(at("10:00:00"))

    def cross(self) -> None:
        """200 cross, 600 go to market, a child of 300 goes out."""
        world, cause = self.world, f"plan:{self.buy}"
        market = {"bid_px": px(99.99), "ask_px": px(100.01)}
        crossed = {"cross_qty": 200, "cross_px": px(100.0)}
        parents = {"buy_parent_id": self.buy, "sell_parent_id": self.sell}
        both = crossed | {
            "cross_id": world.emit(cause, e.OrdersCrossed, **parents, **crossed, **market)
        }
        parts = (share(self.one, 125), share(self.three, 75))
        bought = {"parent_id": self.buy, "side": e.Side.BUY, "shares": parts}
        sold = {"parent_id": self.sell, "side": e.Side.SELL, "shares": (share(self.two, 200),)}
        world.emit(cause, e.CrossAllocated, **both, **bought)
        world.emit(cause, e.CrossAllocated, **both, **sold)
        ended = {"parent_id": self.sell, "crossed_qty": 200}
        world.emit(cause, e.ParentEnded, **ended)
        members = (result(self.two, 200, 200, 0, 0),)
        world.emit(cause, e.ParentReconciled, **ended, members=members)
        released = {"release_qty": 600, "crossed_qty": 200, "arrival_mid_px": px(100.0)}
        world.emit(cause, e.ParentReleased, parent_id=self.buy, **released)
        world.emit(cause, e.PlanAdopted, parent_id=self.buy, strategy=e.Strategy.VWAP)
        self.child = route(world, self.buy, "Q", 300, 100.01)
        world.seal(at("10:00:01"))

    def fill(self) -> None:
        """The first fill; then order 4 joins."""
        world = self.world
        trade(world, "10:00:02", 100.02)
        world.input(make(e.SendStarted, venue="Q", instrument_id="AAPL", child_id=self.child))
        cause = report(world, "Q", self.child, "N1", exec_type=e.ExecType.NEW)
        world.emit(cause, e.ChildAcknowledged, child_id=self.child, parent_id=self.buy)
        more = {"leaves_qty": 200, "cum_qty": 100, "transact_ns": at("10:00:03")}
        self.parts = (share(self.one, 62), share(self.three, 38))
        self.first = fill(world, self.buy, self.child, "Q", 100, 100.01, parts=self.parts, **more)
        self.four = order(world, 4, "c1", e.Side.BUY, 100)
        self.join("orders:4", self.buy, self.four, 100, 600)
        world.seal(at("10:00:03"))

    def bust(self) -> None:
        """The second fill; the first is taken back."""
        world = self.world
        parts = (share(self.one, 104), share(self.three, 62), share(self.four, 34))
        more = {"exec_id": "E2", "cum_qty": 300, "transact_ns": at("10:00:04")}
        fill(world, self.buy, self.child, "Q", 200, 100.01, parts=parts, **more)
        kind = e.ExecType.TRADE_CANCEL
        cause = report(world, "Q", self.child, "B1", exec_type=kind, exec_ref_id="E1")
        busted = {"fill_id": self.first, "parent_id": self.buy, "last_px": px(100.01)}
        named = {"child_id": self.child, "exec_id": "B1", "session_day": DAY}
        world.emit(cause, e.FillBusted, **busted, **named, last_qty=100)
        world.emit(cause, e.FillReallocated, **busted, previous_px=px(100.01), before=self.parts)
        world.seal(at("10:00:04"))

    def leave(self) -> None:
        """Order 4 is cancelled and leaves with 66."""
        world, cause = self.world, f"plan:{self.buy}"
        asked = {"source": "oms", "cl_ord_id": "x1", "orig_cl_ord_id": "o4"}
        asking = world.input(make(e.OrderCancelRequested, **asked))
        common = {"order_id": self.four, "cl_ord_id": "x1"}
        world.emit(asking, e.OrderChangePending, **common, change=e.Change.CANCEL)
        left = {"parent_id": self.buy, "order_id": self.four, "left_qty": 66, "parent_qty": 434}
        world.emit(cause, e.MemberLeft, **left, parent_limit_px=px(101.0))
        world.emit(cause, e.OrderCancelled, **common, withdrawn_qty=66)
        world.seal(at("10:00:05"))

    def route_again(self) -> None:
        """A peg to the dark pool; a child that is cancelled at once."""
        world = self.world
        peg = {"child_type": e.ChildType.MIDPOINT_PEG}
        self.peg = route(world, self.buy, "X", 100, 100.02, **peg)
        self.last = route(world, self.buy, "Q", 100, 100.0)
        asked = {"child_id": self.last, "parent_id": self.buy, "venue": "Q"}
        world.emit(f"plan:{self.buy}", e.ChildCancelRequested, **asked)
        world.seal(at("10:01:00"))

    def correct(self) -> None:
        """The peg fills and is corrected, the other child ends, order 3 is cut to 250."""
        world = self.world
        more = {"cum_qty": 100, "transact_ns": at("10:02:00"), "parts": self.parts}
        done = fill(world, self.buy, self.peg, "X", 100, 100.005, **more)
        kind = e.ExecType.TRADE_CORRECT
        cause = report(world, "X", self.peg, "C1", exec_type=kind, exec_ref_id="E1")
        revised = {"fill_id": done, "parent_id": self.buy, "last_px": px(100.0)}
        revised |= {"previous_px": px(100.005)}
        named = {"child_id": self.peg, "exec_id": "C1", "session_day": DAY}
        world.emit(cause, e.FillCorrected, **revised, **named, previous_qty=100, last_qty=100)
        world.emit(cause, e.FillReallocated, **revised, before=self.parts, after=self.parts)
        cause = report(world, "Q", self.last, "X9", exec_type=e.ExecType.CANCELED)
        closed = {"child_id": self.last, "parent_id": self.buy, "returned_qty": 100}
        world.emit(cause, e.ChildClosed, **closed)
        asked = {"source": "oms", "cl_ord_id": "a3", "orig_cl_ord_id": "o3"}
        asking = world.input(make(e.OrderAmendRequested, **asked))
        common = {"order_id": self.three, "cl_ord_id": "a3", "order_qty": 250}
        cause = f"plan:{self.buy}"
        world.emit(asking, e.OrderChangePending, **common, change=e.Change.AMEND)
        world.emit(cause, e.OrderAmended, **common, previous_qty=300)
        stays = {"parent_id": self.buy, "order_id": self.three, "change_qty": -50}
        world.emit(cause, e.MemberAmended, **stays, parent_qty=284, parent_limit_px=px(101.0))
        world.emit("plan:", e.ScorecardUpdated, venue="Q", version=1, samples=2, fill_ppm=500_000)
        world.seal(at("10:02:00"))

    def close(self) -> None:
        """The parent ends, what is open expires."""
        world = self.world
        trade(world, "15:59:59", 100.5)
        world.emit(world.input(make(e.DayClosed, day=DAY)), e.ControlApplied, control="DayClosed")
        ended = {"parent_id": self.buy, "filled_qty": 300, "crossed_qty": 200}
        world.emit("plan:", e.ParentEnded, **ended, returned_qty=284)
        members = (
            result(self.one, 500, 125, 166, 209),
            result(self.three, 250, 75, 100, 75),
            result(self.four, 100, 0, 34, 66),
        )
        world.emit("plan:", e.ParentReconciled, **ended, members=members)
        gone = {"reason": e.WithdrawReason.DAY_CLOSED}
        world.emit("plan:", e.OrderExpired, order_id=self.one, withdrawn_qty=209, **gone)
        world.emit("plan:", e.OrderExpired, order_id=self.three, withdrawn_qty=75, **gone)
        world.seal(at("16:00:00"), e.SealKind.CLOSE)
