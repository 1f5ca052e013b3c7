"""Bad input through a real worker: each with a clear message, and nothing else is lost for it."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pipeline import desk, in_process, proof, short_day

from engine import topology
from engine.core import events as e
from engine.core.events import InputReason, RejectReason
from engine.core.partition import partition_of
from engine.log import codec, open_log
from engine.log.embedded import EmbeddedLog
from engine.log.port import DLQ, Headers, LeaseLostError, Log, LogUnavailableError

PARTITIONS = 2
RULES = short_day.rules(PARTITIONS)
INSTRUMENTS = tuple(f"I{number:02}" for number in range(8))
# Two that live in one shard, and one that does not.
GOOD, BESIDE = [name for name in INSTRUMENTS if not partition_of(name.encode(), PARTITIONS)][:2]
ELSEWHERE = next(name for name in INSTRUMENTS if partition_of(name.encode(), PARTITIONS))
HOME, AWAY = 0, 1
STRANGER: Headers = (("source", b"STRANGER"), ("number", b"17"))
PAGE_BYTES = 4_096


class Desk(NamedTuple):
    """An open day on an embedded log, watched by the test."""

    path: Path
    log: Log
    publisher: desk.Publisher

    def opened(self) -> Log:
        return open_log(f"sqlite:{self.path}", partitions=PARTITIONS)

    def found(self, topic: str, kind: type) -> list[Any]:
        return in_process.events(self.log, topic, kind)

    def accepted(self) -> list[str]:
        return [event.cl_ord_id for event in self.found("ingest", e.OrderAccepted)]

    def await_accepted(self, cl_ord_id: str, running: in_process.Running) -> None:
        in_process.until(lambda: cl_ord_id in self.accepted(), f"{cl_ord_id} accepted", running)

    def await_taken(self, running: in_process.Running) -> None:
        """Wait until every sent record is sealed."""
        for (topic, part), count in self.publisher.sent.items():
            shards = range(PARTITIONS) if topic in ("controls", "reference") else (part,)
            for shard in shards:
                in_process.until(
                    partial(self._is_taken, topic, shard, count),
                    f"{count} of {topic} sealed",
                    running,
                )

    def _is_taken(self, topic: str, shard: int, count: int) -> bool:
        return in_process.taken(self.log, topic, shard) == count

    def buried(self) -> list[bytes]:
        """The records in the dlq."""
        return [
            record.value
            for shard in range(PARTITIONS)
            for record in proof.read_all(self.log, DLQ, shard)
        ]

    def check(self) -> None:
        """The log is whole, decides the same again, and recovers to what was decided."""
        for shard in range(PARTITIONS):
            partition = proof.partition_of(self.log, shard)
            proof.whole(partition)
            decided = proof.decides_the_same(partition, RULES)
            assert proof.same_state(proof.recovered(self.log, shard, RULES), decided)


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Desk]:
    path = tmp_path / "log.db"
    with open_log(f"sqlite:{path}", partitions=PARTITIONS) as log:
        publisher = desk.Publisher(log, desk.OMS)
        desk.open_day(publisher, INSTRUMENTS)
        yield Desk(path, log, publisher)


# ------------------------------------------------------------------------- unreadable bytes


def valid() -> bytes:
    return codec.encode(desk.order("O1", GOOD))


def array_bomb() -> bytes:
    """An order whose list of venues claims 2^40 items."""
    with_none, with_one = (
        codec.encode(desk.order("O1", GOOD, excluded_venues=venues, received_ns=1))
        for venues in ((), ("A",))
    )
    at = next(
        n for n, pair in enumerate(zip(with_none, with_one, strict=False)) if len({*pair}) > 1
    )
    return with_none[:at] + b"\x80\x80\x80\x80\x80\x80\x01"


UNREADABLE: dict[str, tuple[bytes, InputReason, str]] = {
    "random bytes": (b"\x9f\x03random", InputReason.UNREADABLE, "Confluent wire format"),
    "nothing": (b"", InputReason.UNREADABLE, "Confluent wire format"),
    "truncated": (valid()[:-9], InputReason.UNREADABLE, "no Avro body of schema id"),
    "bytes after the body": (valid() + b"\x00", InputReason.UNREADABLE, "after the Avro body"),
    "unknown schema id": (b"\x00\x00\x0f\x42\x40body", InputReason.UNKNOWN_SCHEMA, "catalogue"),
    "an event of another topic": (
        codec.encode(desk.quote(GOOD, "A", 1)),
        InputReason.UNKNOWN_SCHEMA,
        "is not of topic orders",
    ),
    "an array bomb": (array_bomb(), InputReason.UNREADABLE, "no Avro body of schema id"),
    "a giant": (valid() + bytes(100_000), InputReason.TOO_LARGE, "split it"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_bytes_that_are_no_order_are_kept_and_stop_no_other_input(day: Desk, name: str) -> None:
    value, reason, words = UNREADABLE[name]
    with in_process.worker(day.opened) as running:
        day.publisher.send_bytes("orders", value, HOME, GOOD.encode(), STRANGER)
        day.publisher.send(desk.order("AFTER", GOOD))
        day.await_accepted("AFTER", running)
        day.await_taken(running)
    (rejected,) = day.found("ingest", e.InputRejected)
    assert (rejected.reason, rejected.source) == (reason, "STRANGER")
    assert words in rejected.text
    (suspended,) = day.found("ingest", e.SuspensionSet)
    assert (suspended.scope_id, suspended.source_number) == ("STRANGER", 17)
    assert day.buried() == [value]
    day.check()


@pytest.mark.parametrize("number", [b"9" * 25, b"9" * 5_000, b"-1", b"x", b""])
def test_a_senders_number_that_is_none_ends_no_worker(day: Desk, number: bytes) -> None:
    headers: Headers = (("source", b"STRANGER"), ("number", number))
    with in_process.worker(day.opened) as running:
        day.publisher.send_bytes("orders", b"?", HOME, None, headers)
        day.publisher.send_bytes("orders", b"??", HOME, None, headers)
        day.publisher.send(desk.order("AFTER", GOOD))
        day.await_accepted("AFTER", running)
        day.await_taken(running)
    assert [found.source for found in day.found("ingest", e.InputRejected)] == ["STRANGER"] * 2
    assert {found.source_number for found in day.found("ingest", e.SuspensionSet)} == {-1}
    day.check()


def test_a_record_on_the_wrong_partition_is_refused_where_it_lies(day: Desk) -> None:
    value = codec.encode(desk.order("LOST", GOOD))
    with in_process.worker(day.opened) as running:
        day.publisher.send_bytes("orders", value, AWAY, GOOD.encode(), STRANGER)
        day.publisher.send(desk.order("AFTER", ELSEWHERE))
        day.await_accepted("AFTER", running)
        day.await_taken(running)
    (rejected,) = day.found("ingest", e.InputRejected)
    assert rejected.reason is InputReason.WRONG_PARTITION
    assert "partition 1, expected 0: murmur2" in rejected.text
    assert day.accepted() == ["AFTER"]
    assert day.buried() == [value]
    day.check()


def test_a_key_that_is_not_the_instrument_is_refused(day: Desk) -> None:
    value = codec.encode(desk.order("LOST", GOOD))
    with in_process.worker(day.opened) as running:
        day.publisher.send_bytes("orders", value, HOME, BESIDE.encode(), STRANGER)
        day.await_taken(running)
    (rejected,) = day.found("ingest", e.InputRejected)
    assert rejected.reason is InputReason.WRONG_KEY
    day.check()


# ---------------------------------------------------------------------- facts that mean nothing


def a_fact(kind: type, **said: Any) -> Any:  # noqa: ANN401
    """One of the day's own facts with something in it that cannot be."""
    known = [*desk.reference(INSTRUMENTS), *desk.controls(time.time_ns())]
    return replace(next(fact for fact in known if type(fact) is kind), **said)


MEANINGLESS: dict[str, tuple[Any, str]] = {
    "a lot of nothing": (a_fact(e.InstrumentDefined, lot_qty=0), "lot_qty"),
    "a curve with an edge too few": (
        e.VolumeCurveDefined(instrument_id=GOOD, edges_ns=(0,), volumes_qty=(1,), effective_day=1),
        "edges_ns",
    ),
    "a policy without an interval": (a_fact(e.PolicySet, interval_ns=0), "interval_ns"),
    "a mandate for less than nothing": (
        a_fact(e.MandateSet, max_participation_ppm=-1),
        "max_participation_ppm",
    ),
    "a print beyond all shares": (
        e.TradeObserved(
            venue="A",
            instrument_id=GOOD,
            last_px=2**62,
            last_qty=2**62,
            eligible=True,
            conditions="",
            event_ns=1,
            received_ns=1,
        ),
        "last_px",
    ),
    "a kill switch for nobody": (
        e.KillSwitchSet(
            scope=e.ControlScope.CLIENT, scope_id="", engaged=True, set_by="t", text="", set_ns=1
        ),
        "scope_id",
    ),
}


@pytest.mark.parametrize("name", MEANINGLESS)
def test_a_fact_that_means_nothing_halts_no_instrument_and_is_kept(day: Desk, name: str) -> None:
    fact, field = MEANINGLESS[name]
    with in_process.worker(day.opened) as running:
        day.publisher.send(fact, fact)
        day.publisher.send(desk.order("AFTER", GOOD))
        day.await_accepted("AFTER", running)
        day.await_taken(running)
    found = day.found("ingest", e.InputRejected)
    assert {x.reason for x in found} == {InputReason.INVALID}
    assert all(x.text.startswith(f"{field} of {type(fact).__name__} is ") for x in found)
    assert set(day.buried()) == {codec.encode(fact)}
    assert not day.found("ingest", e.InstrumentHalted)
    assert not day.found("ingest", e.OrderRejected)
    day.check()


# ---------------------------------------------------------------------- orders that are wrong


WRONG: dict[str, tuple[dict[str, Any], RejectReason, str]] = {
    "unknown instrument": (
        {"instrument_id": "NOBODY"},
        RejectReason.UNKNOWN_INSTRUMENT,
        "not in reference data",
    ),
    "negative quantity": (
        {"order_qty": -5},
        RejectReason.QTY_MUST_BE_POSITIVE,
        "order_qty is -5, expected more than 0",
    ),
    "overflowing quantity": (
        {"order_qty": 2**63 - 1},
        RejectReason.QTY_OUT_OF_RANGE,
        "order_qty is 9223372036854775807",
    ),
    "price off tick": (
        {"limit_px": desk.MID_PX + 1},
        RejectReason.LIMIT_PX_OFF_TICK,
        "expected a multiple of the tick",
    ),
    "overflowing price": (
        {"limit_px": 2**63 - 1},
        RejectReason.LIMIT_PX_OUT_OF_RANGE,
        "limit_px is 9223372036854775807",
    ),
    "window over": ({"end_ns": 1}, RejectReason.WINDOW_INVALID, "the end comes after the start"),
    "duplicate id": ({"cl_ord_id": "FIRST"}, RejectReason.DUPLICATE_ORDER, "use a new id"),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_order_that_is_wrong_is_refused_with_its_reason(day: Desk, name: str) -> None:
    said, reason, words = WRONG[name]
    with in_process.worker(day.opened) as running:
        day.publisher.send(desk.order("FIRST", GOOD))
        day.publisher.send(desk.order(**{"cl_ord_id": "WRONG", "instrument_id": GOOD, **said}))
        day.publisher.send(desk.order("AFTER", GOOD))
        day.await_accepted("AFTER", running)
        day.await_taken(running)
    (rejected,) = day.found("ingest", e.OrderRejected)
    assert rejected.reason is reason
    assert words in rejected.text
    assert day.accepted() == ["FIRST", "AFTER"]
    day.check()


def test_an_order_after_the_close_is_refused(day: Desk) -> None:
    with in_process.worker(day.opened) as running:
        day.publisher.send(e.DayClosed(day=desk.DAY, set_ns=1))
        day.await_taken(running)
        day.publisher.send(desk.order("LATE", GOOD))
        day.await_taken(running)
    (rejected,) = day.found("ingest", e.OrderRejected)
    assert rejected.reason is RejectReason.SESSION_CLOSED
    assert "no trading day is open" in rejected.text
    day.check()


def test_an_order_never_overtakes_a_control_that_was_set_before_it(day: Desk) -> None:
    with in_process.worker(day.opened) as running:
        for number in range(30):
            day.publisher.send(kill(engaged=True))
            day.publisher.send(desk.order(f"KILLED-{number}", GOOD))
            day.await_taken(running)
            day.publisher.send(kill(engaged=False))
            day.publisher.send(desk.order(f"FREE-{number}", GOOD))
            day.await_taken(running)
    assert day.accepted() == [f"FREE-{number}" for number in range(30)]


def kill(*, engaged: bool) -> e.KillSwitchSet:
    return e.KillSwitchSet(
        scope=e.ControlScope.FIRM, scope_id="", engaged=engaged, set_by="t", text="t", set_ns=1
    )


# ------------------------------------------------------------------------------- the log


def test_a_shard_claimed_by_a_second_worker_is_refused(day: Desk) -> None:
    with in_process.worker(day.opened, "first", [HOME, AWAY]) as running:
        day.publisher.send(desk.order("O1", GOOD))
        day.await_accepted("O1", running)
        second = in_process.Running(day.opened, "second", [HOME])
        second.start()
        with pytest.raises(LeaseLostError, match=r"shard 0 .* is held by worker first") as refused:
            second.finish()
        assert "Stop that worker or choose another shard" in str(refused.value)
        day.publisher.send(desk.order("O2", GOOD))
        day.await_accepted("O2", running)
        day.await_taken(running)
    day.check()


@pytest.mark.slow  # It waits as long as an operator would.
def test_a_missing_broker_is_named_within_bounded_time() -> None:
    running = in_process.Running(in_process.opener("kafka:127.0.0.1:1/x", PARTITIONS), "w", None)
    running.start()
    with pytest.raises(LogUnavailableError, match=r"127\.0\.0\.1:1.*Check the address"):
        running.finish()


class SmallDisk(EmbeddedLog):
    """A log whose file may not grow, until there is room."""

    def __init__(self, path: Path, has_room: threading.Event) -> None:
        pages = path.stat().st_size // PAGE_BYTES
        super().__init__(path, PARTITIONS, max_pages=pages + 20)
        self._has_room = has_room
        self.refusals = 0

    def wait(self, timeout_s: float) -> None:
        """The worker calls this whenever it has nothing to do."""
        if self._has_room.is_set():
            self._database.rows("pragma max_page_count = 1000000")
        super().wait(timeout_s)


def test_a_full_disk_stops_deciding_and_room_lets_it_go_on(
    day: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    has_room = threading.Event()
    names = [f"O{number}" for number in range(400)]
    with EmbeddedLog(day.path, PARTITIONS) as log:
        desk.Publisher(log, "filler").send(*(desk.quote(GOOD, "A", 1) for _ in range(200)))
    with in_process.worker(lambda: SmallDisk(day.path, has_room)) as running:
        for name in names:
            day.publisher.send(desk.order(name, GOOD))
        in_process.until(lambda: "disk is full" in caplog.text, "a full disk", running)
        for shard in range(PARTITIONS):
            proof.whole(proof.partition_of(day.log, shard), is_all_taken=False)
        assert day.accepted() != names, "nothing was refused for lack of room"
        assert running.is_alive()
        has_room.set()
        day.await_accepted(names[-1], running)
    assert day.accepted() == names
    day.check()


# ---------------------------------------------------------------------- a stage that raises


def raising_on(cl_ord_id: str, decide: Callable[..., Any]) -> Callable[..., Any]:
    def decide_or_raise(state: Any, order: Any, now_ns: int) -> Any:  # noqa: ANN401
        if order.cl_ord_id == cl_ord_id:
            raise RuntimeError("a bug that this order brings to light")
        return decide(state, order, now_ns)

    return decide_or_raise


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release in which deciding on the order POISON raises."""
    decides = topology.DECIDE[e.OrderSubmitted]
    raising = tuple(raising_on("POISON", decide) for decide in decides)
    monkeypatch.setitem(topology.DECIDE, e.OrderSubmitted, raising)


@pytest.mark.usefixtures("poisoned")
def test_an_input_that_makes_a_stage_raise_costs_its_instrument_alone(day: Desk) -> None:
    poison = desk.order("POISON", GOOD)
    with in_process.worker(day.opened) as running:
        day.publisher.send(desk.order("BEFORE", GOOD))
        day.publisher.send(poison, desk.order("SAME", GOOD), desk.order("BESIDE", BESIDE))
        day.publisher.send(desk.order("ELSEWHERE", ELSEWHERE))
        day.await_accepted("BESIDE", running)
        day.await_taken(running)
    (rejected,) = day.found("ingest", e.InputRejected)
    assert (rejected.reason, rejected.source) == (InputReason.FAULT, desk.OMS)
    assert "a stage raised" in rejected.text
    (halted,) = day.found("ingest", e.InstrumentHalted)
    assert (halted.instrument_id, halted.reason) == (GOOD, e.HaltReason.FAULT)
    (refused,) = day.found("ingest", e.OrderRejected)
    assert (refused.cl_ord_id, refused.reason) == ("SAME", RejectReason.INSTRUMENT_HALTED)
    assert day.buried() == [codec.encode(poison)]
    assert sorted(day.accepted()) == ["BEFORE", "BESIDE", "ELSEWHERE"]
    day.check()


@pytest.mark.usefixtures("poisoned")
def test_a_poison_record_takes_no_worker_down_twice(
    day: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    with in_process.worker(day.opened) as running:
        day.publisher.send(desk.order("POISON", GOOD))
        day.await_taken(running)
    caplog.clear()
    for number in range(2):
        with in_process.worker(day.opened, f"worker-{number}") as running:
            day.publisher.send(desk.order(f"AFTER-{number}", BESIDE))
            day.await_accepted(f"AFTER-{number}", running)
    assert "raised" not in caplog.text, "the recorded rejection is not tried again"
    assert len(day.found("ingest", e.InputRejected)) == 1
    day.check()


def test_several_poison_records_in_one_batch_are_each_found(
    day: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (decide, *others) = topology.DECIDE[e.OrderSubmitted]
    raising = raising_on("P1", raising_on("P2", decide))
    monkeypatch.setitem(topology.DECIDE, e.OrderSubmitted, (raising, *others))
    day.publisher.send(
        desk.order("O1", BESIDE),
        desk.order("P1", GOOD),
        desk.order("P2", GOOD),
        desk.order("O2", BESIDE),
    )
    with in_process.worker(day.opened) as running:
        day.await_accepted("O2", running)
        day.await_taken(running)
    assert len(day.found("ingest", e.InputRejected)) == 2
    assert day.accepted() == ["O1", "O2"]
    day.check()


def test_planning_that_raises_halts_its_instrument_alone(
    day: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raise_for_good(_state: Any, parent: Any, _now_ns: int) -> Any:  # noqa: ANN401
        if parent.terms.instrument_id == GOOD:
            raise ZeroDivisionError
        return ()

    monkeypatch.setattr(topology, "WORK", (raise_for_good, *topology.WORK))
    with in_process.worker(day.opened) as running:
        day.publisher.send(desk.order("O1", GOOD), desk.order("O2", BESIDE))
        in_process.until(
            lambda: day.found("routes", e.ChildRouted), "a child of the other", running
        )
        in_process.until(lambda: day.found("ingest", e.InstrumentHalted), "a halt", running)
        day.await_taken(running)
    (halted,) = day.found("ingest", e.InstrumentHalted)
    assert (halted.instrument_id, halted.reason) == (GOOD, e.HaltReason.FAULT)
    assert {child.instrument_id for child in day.found("routes", e.ChildRouted)} == {BESIDE}
    day.check()


def test_a_quote_that_makes_folding_raise_is_found_among_all_others(
    day: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (fold, *others) = topology.FACT[e.QuoteObserved]

    def fold_or_raise(state: Any, quote: Any) -> None:  # noqa: ANN401
        if quote.bid_qty == 13:
            raise OverflowError
        fold(state, quote)

    monkeypatch.setitem(topology.FACT, e.QuoteObserved, (fold_or_raise, *others))
    bad = e.QuoteObserved(
        venue="A",
        instrument_id=GOOD,
        bid_px=1,
        bid_qty=13,
        ask_px=2,
        ask_qty=1,
        event_ns=1,
        received_ns=1,
    )
    with in_process.worker(day.opened) as running:
        day.publisher.send(*(desk.quote(BESIDE, "B", 1) for _ in range(50)), bad)
        day.publisher.send(*(desk.quote(BESIDE, "B", 1) for _ in range(50)))
        day.await_taken(running)
    (rejected,) = day.found("ingest", e.InputRejected)
    assert (rejected.topic, rejected.reason) == ("market-data", InputReason.FAULT)
    assert day.buried() == [codec.encode(bad)]
    day.check()
