"""The loop over a batch: its order, its seal, its faults, and the same bytes for any rounds."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from world import (
    CLOSE_NS,
    DAY,
    HOUR,
    INSTRUMENT,
    LIT,
    MINUTE,
    NOW_NS,
    OTHER_LIT,
    SECOND,
    SETTINGS,
    Raw,
    Recorded,
    World,
    amend,
    an,
    at_once,
    cancel,
    dark_venue,
    day_closed,
    day_opened,
    fill_report,
    instrument,
    kill,
    lift,
    market,
    order,
    policy,
    px,
    quote,
    report,
    risk_limit,
    trade,
    trading,
    venue_status,
)

from engine import topology
from engine.core import events as e
from engine.core.controls import input_limits
from engine.core.day import trading_day
from engine.core.orders import good_till_cancel
from engine.core.partition import partition_of
from engine.core.routing import scorecard
from engine.log import codec
from engine.log.port import (
    BEGINNING,
    DLQ,
    INPUT_TOPICS,
    JOURNAL,
    STAGE_TOPICS,
    CorruptLogError,
    NewRecord,
    Record,
    Start,
)
from engine.runtime import hash_chain
from engine.runtime.shard import Rules, Sealed, Shard

GTC: dict[str, Any] = {"time_in_force": e.TimeInForce.GTC}


# ------------------------------------------------------------------------- the three uses


def replayed(world: World) -> Shard:
    """Re-execute each sealed batch in one go, as verification does, and demand the same bytes."""
    shard = world.fresh_shard()
    for recorded in world.batches:
        seal = recorded.sealed.seal
        again = shard.step(
            recorded.inputs, seal.now_ns, faulted=frozenset(seal.faults), must_seal=True
        )
        assert again is not None
        assert again.seal == seal
        assert again.records == recorded.sealed.records
    return shard


def proved(world: World) -> World:
    """Live, re-executed and folded, a world ends in the same state, byte for byte."""
    live, again, folded = world.shard, replayed(world), world.folded()
    for other in (again, folded):
        assert other.state == live.state
        assert repr(other.state) == repr(live.state)  # The order of every dict, too.
        assert (other.chain, other.next_batch) == (live.chain, live.next_batch)
        assert all(other.resume(topic) == live.resume(topic) for topic in INPUT_TOPICS)
    return world


def eventful() -> World:
    """Orders, fills, a cross, an unreadable record, a close and the next morning."""
    world = trading(quote(OTHER_LIT), dark_venue())
    world.given(order("o1", 6_000), order("s1", 700, side=e.Side.SELL, client_id="c2"))
    world.given(at_once("o2", 1_500), quote(LIT, 100.01, 100.03))
    live = world.children()
    world.given(*(fill_report(c, 30, f"E{n}") for n, c in enumerate(live)))
    world.given(Raw("orders", source="lost"), cancel("o1"), after_ns=SECOND).given(
        quote(), after_ns=MINUTE
    )
    world.given(*(report(c, e.ExecType.CANCELED) for c in world.children()))
    world.given(order("g", limit_px=px(99.00), **GTC)).at(CLOSE_NS, day_closed(), order("late"))
    open_ns = CLOSE_NS + 18 * HOUR
    return world.at(open_ns, day_opened(20180103, open_ns), quote(received_ns=open_ns))


def test_live_re_executed_and_folded_come_to_the_same() -> None:
    proved(eventful())


def test_the_same_rounds_give_the_same_bytes() -> None:
    world = eventful()

    again = world.stepped_again()

    assert [one.records for one in again] == [b.sealed.records for b in world.batches]


MARKET = st.one_of(
    st.builds(
        quote,
        st.sampled_from([LIT, OTHER_LIT]),
        st.sampled_from([99.98, 99.99, 100.00, 100.01]),
        st.sampled_from([100.01, 100.02, 100.03]),
        received_ns=st.integers(NOW_NS - 40 * SECOND, NOW_NS + MINUTE),
    ),
    st.builds(trade, st.integers(1, 900)),
    st.builds(venue_status, st.just(OTHER_LIT), st.sampled_from(list(e.VenueStatus))),
)
ROUNDS = st.lists(st.tuples(st.integers(0, 20 * SECOND), st.lists(MARKET, max_size=4)), max_size=8)


@settings(deadline=None)
@for_all(ROUNDS, st.none() | st.sampled_from([99.99, 100.00, 100.01, 100.02]))
def test_market_data_in_many_unsealed_rounds_is_the_same_as_in_one(
    rounds: list[tuple[int, list[Any]]], limit: float | None
) -> None:
    world = trading(policy(strategy=e.Strategy.TWAP, window_ns=7 * SECOND))
    limit_px = None if limit is None else px(limit)
    world.given(order("o1", 900, end_ns=NOW_NS + HOUR, limit_px=limit_px))
    for after_ns, told in rounds:
        world.when(*told, after_ns=after_ns)
    world.when(at_once("o2", 300, end_ns=world.now_ns + 50 * SECOND))

    proved(world)


def test_market_data_that_touches_no_parent_stays_open_and_is_sealed_with_the_next_decision() -> (
    None
):
    world = trading()
    sealed = len(world.batches)

    world.given(quote(), after_ns=SECOND // 10).given(trade(), after_ns=SECOND // 10)
    assert len(world.batches) == sealed

    world.given(order(), after_ns=SECOND // 100)
    assert len(world.batches) == sealed + 1
    (taken,) = [i for i in world.batches[-1].sealed.seal.inputs if i.topic == "market-data"]
    assert taken.next_position - taken.first_position == 2


# ---------------------------------------------------------------------------- batch order


def test_a_batch_takes_facts_before_requests_however_it_is_handed_over() -> None:
    world = trading().given(at_once("o1", 100))
    child = world.child()

    world.when(
        order("o2"),
        fill_report(child, 100),
        kill(),
        instrument(lot_qty=10),
        quote(LIT, 100.03, 100.05, received_ns=world.now_ns),
    )

    world.then_some(
        e.ControlApplied,
        an(e.FillBooked, mid_px=px(100.04)),
        an(e.OrderRejected, reason=e.RejectReason.KILL_SWITCH),
    )
    causes = [cause for cause, _ in groupby(event.cause for event in world.events)]
    assert causes == [
        "controls:6",
        "venue-reports:0",
        "orders:1",
        f"plan:{world.parent().parent_id}",
        "plan:",
    ]
    assert [i.topic for i in world.batches[-1].sealed.seal.inputs] == list(INPUT_TOPICS)


def test_what_follows_a_day_closed_is_left_for_the_next_batch() -> None:
    world = trading()
    waiting = {
        "controls": [world._record("controls", x) for x in (day_closed(), kill())],  # noqa: SLF001
        "orders": [world._record("orders", order())],  # noqa: SLF001
        "market-data": [world._record("market-data", quote())],  # noqa: SLF001
    }

    sealed = world.shard.step(waiting, world.now_ns)

    assert sealed is not None
    assert sealed.seal.kind is e.SealKind.CLOSE
    taken = {i.topic: i.next_position - i.first_position for i in sealed.seal.inputs}
    assert taken == {"market-data": 1, "controls": 1}
    assert world.shard.resume("orders") == BEGINNING
    assert world.shard.resume("controls").position == waiting["controls"][1].position


def test_time_never_runs_back() -> None:
    world = trading()

    world.at(NOW_NS - HOUR, order())

    assert {event.at_ns for event in world.events} == {NOW_NS}
    assert world.batches[-1].sealed.seal.now_ns == NOW_NS


def test_events_are_numbered_without_a_gap_and_say_what_led_to_them() -> None:
    world = eventful()

    assert [event.seq for event in world.history()] == list(range(len(world.history())))
    for batch in world.batches:
        seal = batch.sealed.seal
        assert (seal.first_seq, seal.next_seq - seal.first_seq) == (
            batch.sealed.events[0].seq if batch.sealed.events else seal.first_seq,
            len(batch.sealed.events),
        )
        assert all(event.at_ns == seal.now_ns for event in batch.sealed.events)
        known = {f"{t}:{r.position}" for t, records in batch.inputs.items() for r in records}
        for event in batch.sealed.events:
            assert event.cause in known or event.cause.startswith(("plan:", "config:"))


def test_a_record_out_of_its_place_is_never_taken() -> None:
    world = trading()
    record = world._record("orders", order())  # noqa: SLF001

    with pytest.raises(CorruptLogError, match="orders gave position 3, expected 0"):
        world.shard.step({"orders": [record._replace(position=3)]}, NOW_NS)


# ------------------------------------------------------------------------ digest and chain


def digest_of(records: Iterable[tuple[int, Record | NewRecord]]) -> bytes:
    """The digest as the theory of `hash_chain` defines it."""
    found = hashlib.sha256()
    for number, record in records:
        found.update(hash_chain.frame(number, *record[-4:]))
    return found.digest()


def test_digests_and_chain_are_those_of_the_records() -> None:
    world = eventful()
    chain = hash_chain.GENESIS
    for number, recorded in enumerate(world.batches):
        sealed = recorded.sealed
        seal, records = sealed.seal, {**sealed.records}
        (written,) = records.pop(JOURNAL)
        assert codec.decode(JOURNAL, written.value) == seal
        assert (seal.batch, seal.previous_chain) == (number, chain)
        chain = hash_chain.chain(seal)
        assert seal.chain == chain == hashlib.sha256(unchained(seal)).digest()
        assert [o.topic for o in seal.outputs] == [t for t in (*STAGE_TOPICS, DLQ) if t in records]
        for output in seal.outputs:
            found = records[output.topic]
            assert output.record_count == len(found) > 0
            assert output.digest == digest_of(numbered(output.topic, found))
        for taken in seal.inputs:
            read = recorded.inputs[taken.topic]
            assert [r.position for r in read] == [*range(taken.first_position, taken.next_position)]
            assert taken.digest == digest_of((r.position, r) for r in read)


def unchained(seal: e.BatchSealed) -> bytes:
    return codec.encode(replace(seal, chain=b"", resume=()))


def numbered(topic: str, records: Sequence[NewRecord]) -> list[tuple[int, NewRecord]]:
    if topic == DLQ:
        return [(0, record) for record in records]
    return [(codec.decode(topic, record.value).seq, record) for record in records]


def test_what_is_written_is_keyed_by_its_instrument_and_stamped_with_the_batch() -> None:
    world = eventful()
    shared = {e.ControlApplied, e.ConfigurationAdopted, e.ScorecardUpdated, e.ScorecardCarried}
    for batch in world.batches:
        for topic, records in batch.sealed.records.items():
            for record in records:
                assert record.partition == 0
                assert record.timestamp_ms == batch.sealed.seal.now_ns // 1_000_000
                if topic in (JOURNAL, DLQ):
                    continue
                event = codec.decode(topic, record.value)
                is_shared = type(event) in shared or event.cause.startswith("controls:")
                of_instrument = ("instrument_id", "parent_id", "order_id")
                if not is_shared or any(hasattr(event, name) for name in of_instrument):
                    assert record.key == INSTRUMENT.encode(), event
                else:
                    assert record.key is None, event


def test_the_seal_says_where_to_read_on() -> None:
    world = trading()
    record = world._record("orders", order())._replace(offset=41)  # noqa: SLF001

    sealed = world.shard.step({"orders": [record]}, NOW_NS)

    assert sealed is not None
    assert [r.topic for r in sealed.seal.resume] == list(INPUT_TOPICS)
    assert {r.topic: r.next_offset for r in sealed.seal.resume}["orders"] == 42
    assert world.shard.resume("orders") == Start(42, 1)


# ---------------------------------------------------------------------------- when sealed


def shard_with(**said: Any) -> World:  # noqa: ANN401
    """A world whose shard has other rules."""
    world = World()
    text = json.dumps(SETTINGS, sort_keys=True)
    world.shard = Shard(0, Rules(text, release="test", python="3", partitions=1, **said))
    return world.given(*market())


def test_an_open_batch_is_sealed_when_it_is_old() -> None:
    world = trading().given(quote(), after_ns=SECOND)
    sealed = len(world.batches)

    world.given(quote(), after_ns=250_000_000 - 1)
    assert len(world.batches) == sealed
    world.given(after_ns=1)
    assert len(world.batches) == sealed + 1


def test_an_open_batch_is_sealed_when_it_is_large() -> None:
    world = shard_with(open_batch_records=3)
    sealed = len(world.batches)

    world.given(quote(), quote())
    assert len(world.batches) == sealed
    world.given(quote())
    assert len(world.batches) == sealed + 1


def test_the_sender_of_anything_but_market_data_learns_that_it_was_decided_on() -> None:
    world = trading().given(at_once("o1", 100))
    sealed = len(world.batches)

    world.when(e.SendStarted(venue=LIT, instrument_id=INSTRUMENT, child_id="x", started_ns=1))

    world.then()
    assert len(world.batches) == sealed + 1


def test_a_shard_with_open_children_seals_every_second_and_one_without_does_not() -> None:
    world = trading()
    sealed = len(world.batches)
    world.given(after_ns=5 * SECOND)
    assert len(world.batches) == sealed

    world.given(at_once("o1", 100, limit_px=px(99.00)))
    sealed = len(world.batches)
    world.given(after_ns=SECOND - 1)
    assert len(world.batches) == sealed
    world.when(after_ns=1).then()
    assert len(world.batches) == sealed + 1
    proved(world)


def test_a_round_may_be_sealed_on_request() -> None:
    world = trading()

    sealed = world.shard.step({}, NOW_NS, must_seal=True)

    assert sealed is not None
    assert not sealed.seal.inputs
    assert not sealed.seal.outputs


def test_a_shard_says_when_something_is_due() -> None:
    world = trading()
    assert world.shard.next_due_ns() is None

    world.given(at_once("o1", 100, limit_px=px(99.00)))
    assert world.shard.next_due_ns() == NOW_NS + 10 * SECOND

    world.given(policy(window_ns=HOUR)).given(order("o2"))
    assert world.shard.next_due_ns() == NOW_NS + 10 * SECOND


# -------------------------------------------------------------------------- configuration


def test_the_configuration_is_adopted_whenever_it_differs() -> None:
    world = trading()
    assert isinstance(world.history()[0], e.ConfigurationAdopted)

    text = json.dumps({**SETTINGS, "quote_age_max_ns": 5}, sort_keys=True)
    world.shard.rules = replace(world.shard.rules, settings_text=text)
    world.when(order()).then_some(an(e.ConfigurationAdopted, text=text, cause="config:"))
    assert world.state.settings.quote_age_max_ns == 5

    world.when(order("o2")).then_no(e.ConfigurationAdopted)
    assert world.folded().state == world.state


# ------------------------------------------------------------------------------ bad inputs


def other_instrument(partition: int) -> str:
    """An instrument of another partition."""
    return next(n for n in "ABCDEFGH" if partition_of(n.encode(), 2) == partition)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (Raw("orders", b""), e.InputReason.UNREADABLE),
        (Raw("orders", b"\x01garbage"), e.InputReason.UNREADABLE),
        (Raw("orders", b"\x00\xff\xff\xff\xffbody"), e.InputReason.UNKNOWN_SCHEMA),
        (Raw("orders", codec.encode(order())[:-1]), e.InputReason.UNREADABLE),
        (Raw("orders", codec.encode(order()) + b"\x00"), e.InputReason.UNREADABLE),
        (Raw("orders", codec.encode(quote())), e.InputReason.UNKNOWN_SCHEMA),
        (Raw("orders", bytes(70_000)), e.InputReason.TOO_LARGE),
        (Raw("orders", codec.encode(order()), b"MSFT"), e.InputReason.WRONG_KEY),
        (Raw("orders", codec.encode(order()), None), e.InputReason.WRONG_KEY),
        (Raw("venue-reports", b"\x00"), e.InputReason.UNREADABLE),
        (Raw("market-data", b"\x00", source=LIT), e.InputReason.UNREADABLE),
        (Raw("controls", b"\x00", None), e.InputReason.UNREADABLE),
        (Raw("reference", b"\x00", None), e.InputReason.UNREADABLE),
    ],
)
def test_what_cannot_be_taken_is_rejected_and_kept_in_the_same_sealed_batch(
    raw: Raw, reason: e.InputReason
) -> None:
    world = trading()
    position = world.shard.resume(raw.topic).position

    world.when(raw._replace(number=17), order("good"))

    rejected = world.the(e.InputRejected)
    assert (rejected.reason, rejected.topic, rejected.position) == (reason, raw.topic, position)
    assert (rejected.cause, rejected.source) == (f"{raw.topic}:{position}", raw.source)
    (dead,) = world.batches[-1].sealed.records[DLQ]
    assert (dead.key, dead.value) == (raw.key, raw.value)
    assert dict(dead.headers) == {
        "topic": raw.topic.encode(),
        "position": str(position).encode(),
        "reason": reason.value.encode(),
        "source": (raw.source or "").encode(),
        "number": b"17",
    }
    (output,) = [o for o in world.batches[-1].sealed.seal.outputs if o.topic == DLQ]
    assert output.digest == digest_of([(0, dead)])
    proved(world)


def test_a_record_of_another_shard_is_rejected_and_suspends_no_source() -> None:
    mine, foreign = other_instrument(0), other_instrument(1)
    world = World(partitions=2).given(*market())

    world.when(order("o1", instrument_id=foreign), order("o2", instrument_id=foreign))
    assert [r.reason for r in world.all_of(e.InputRejected)] == [e.InputReason.WRONG_PARTITION] * 2
    world.then_no(e.SuspensionSet)

    world.when(order("o3", instrument_id=mine)).then(
        an(e.OrderRejected, reason=e.RejectReason.UNKNOWN_INSTRUMENT)
    )


def test_only_so_many_keys_are_remembered() -> None:
    world = trading()
    keys = world.shard._admission._partition_of_key  # noqa: SLF001
    keys |= dict.fromkeys(map(str.encode, map(str, range(100_000 - len(keys)))), 0)

    world.when(order(instrument_id="ELSE")).then(e.OrderRejected)

    assert len(keys) == 100_000


def test_a_hostile_number_does_not_stop_the_shard() -> None:
    world = trading()
    hostile = Record(0, 0, 0, b"\xff", (("number", b"9" * 5_000),), b"junk")

    sealed = world.shard.step({"orders": [hostile]}, NOW_NS)

    assert sealed is not None
    (rejected,) = sealed.events
    assert isinstance(rejected, e.InputRejected)
    assert rejected.reason is e.InputReason.UNATTRIBUTED


# ------------------------------------------------------------------- facts that mean nothing


def test_a_fact_that_means_nothing_is_kept_and_neither_folded_nor_a_halt() -> None:
    world = trading(instrument("MSFT", lot_qty=100)).given(at_once(limit_px=px(99.95)))
    world.when(instrument(lot_qty=0), instrument("MSFT", lot_qty=0)).then(
        *[an(e.InputRejected, topic="reference", reason=e.InputReason.INVALID)] * 2
    )

    found = world.all_of(e.InputRejected)[0]
    assert found.text == "lot_qty of InstrumentDefined is 0, expected 1 to 1000000000000"
    assert world.state.reference.instruments[INSTRUMENT].lot_qty == 100
    assert len(world.batches[-1].sealed.records["dlq"]) == 2
    assert not world.state.halted
    assert not world.state.suspended
    proved(world)


@pytest.mark.parametrize(
    ("control", "is_suspended"),
    [
        (risk_limit(max_order_qty=-1), True),
        (kill(e.ControlScope.SOURCE, "oms"), True),
        (kill(e.ControlScope.FIRM, "all"), True),
        (policy(interval_ns=0), False),
        (day_opened(open_ns=NOW_NS, close_ns=NOW_NS), False),
        (lift(e.ControlScope.FIRM, ""), False),
    ],
)
def test_no_order_trades_against_a_control_that_may_have_forbidden_it(
    control: Any,  # noqa: ANN401
    is_suspended: bool,  # noqa: FBT001
) -> None:
    world = trading()
    before = repr(world.state.controls)
    world.when(control).then_some(an(e.InputRejected, reason=e.InputReason.INVALID))

    assert ((e.ControlScope.CONTROLS, "") in world.state.suspended) == is_suspended
    assert repr(world.state.controls) == before
    proved(world)


def test_a_quote_that_means_nothing_makes_the_quotes_of_its_own_venue_stale() -> None:
    world = trading(quote(OTHER_LIT))
    bad = quote(LIT, bid_qty=-1)

    world.when(Raw("market-data", codec.encode(bad), source=None)).then(
        an(e.InputRejected, source=LIT, reason=e.InputReason.INVALID)
    )

    assert list(world.book().quotes) == [OTHER_LIT]
    proved(world)


def test_a_fill_without_an_id_stops_routes_to_its_venue_and_is_no_resend() -> None:
    world = trading().given(at_once(limit_px=px(99.95)))
    nameless = report(world.children()[0], e.ExecType.TRADE, last_qty=100, last_px=px(99.95))
    nameless = replace(nameless, exec_id="")

    world.when(nameless).then(
        an(e.InputRejected, reason=e.InputReason.INVALID),
        an(e.SuspensionSet, scope=e.ControlScope.VENUE, scope_id=LIT),
    )
    proved(world)


def test_a_release_that_judges_otherwise_recovers_what_an_older_one_decided() -> None:
    world = trading().given(instrument("OLD", lot_qty=0), risk_limit(max_order_qty=-1))
    world.given(instrument("OLD", lot_qty=7)).at(CLOSE_NS, day_closed())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(input_limits, "RULES", {})  # A release that takes everything.
        for shard in (world.folded(), skipped(world)):
            assert shard.state == world.state
    assert world.state.reference.instruments["OLD"].lot_qty == 7


def test_an_input_of_a_batch_that_cannot_be_decoded_now_stops_recovery() -> None:
    world = trading()
    first = world.batches[0]
    forged = {**first.inputs, "reference": (first.inputs["reference"][0]._replace(value=b"?"),)}

    with pytest.raises(CorruptLogError, match="reference at position 0 cannot be read"):
        world.fresh_shard().fold(first.sealed.seal, forged, first.sealed.events)


# ---------------------------------------------------------------------------------- faults

Stage = Callable[..., Any]


class PoisonError(Exception):
    """The planted stage's error."""


def raising_on(stage: Stage, is_poison: Callable[[Any], bool]) -> Stage:
    """The stage, raising on poison."""

    def poisoned(state: Any, item: Any, *now_ns: int) -> Any:  # noqa: ANN401
        if is_poison(item):
            raise PoisonError
        return stage(state, item, *now_ns)

    return poisoned


def retaken(
    world: World,
    *inputs: Any,  # noqa: ANN401
    at_first: frozenset[str] = frozenset(),
) -> list[str]:
    """Step as a worker does: rebuild and step again until nothing raises."""
    batch: dict[str, list[Record]] = {}
    for one in inputs:
        topic = one.topic if isinstance(one, Raw) else e.TOPIC_OF[type(one)]
        batch.setdefault(topic, []).append(world._record(topic, one))  # noqa: SLF001
    faulted = at_first
    while True:
        try:
            before = len(world.shard._open.events)  # noqa: SLF001
            sealed = world.shard.step(batch, world.now_ns, faulted=faulted)
        except PoisonError:
            assert world.shard.at not in faulted, "a worker would be stuck"
            faulted |= {world.shard.at}
            world.shard = world.folded()
            continue
        assert sealed is not None
        world.batches.append(recorded(sealed, batch))
        world.events = sealed.events[before:]
        return list(sealed.seal.faults)


def recorded(sealed: Sealed, batch: Mapping[str, Sequence[Record]]) -> Recorded:
    return Recorded(sealed, {topic: tuple(records) for topic, records in batch.items()})


def test_an_order_that_makes_a_stage_raise_is_rejected_and_its_instrument_halted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = trading().given(at_once("o1", limit_px=px(99.95)))
    (stage,) = topology.DECIDE[e.OrderSubmitted]
    poisoned = raising_on(stage, lambda asked: asked.cl_ord_id == "bad")
    monkeypatch.setitem(topology.DECIDE, e.OrderSubmitted, (poisoned,))

    faults = retaken(world, order("bad"), order("next"))

    assert faults == ["orders:1"]
    world.then_some(
        an(e.InputRejected, reason=e.InputReason.FAULT, position=1, cause="orders:1"),
        an(e.InstrumentHalted, instrument_id=INSTRUMENT, reason=e.HaltReason.FAULT),
        an(e.OrderRejected, cl_ord_id="next", reason=e.RejectReason.INSTRUMENT_HALTED),
        an(e.ChildCancelRequested, reason=e.CancelReason.HALT),
    )
    (dead,) = world.batches[-1].sealed.records[DLQ]
    assert dead.value == codec.encode(order("bad"))
    proved(world)

    world.when(lift(), order("again")).then_some(e.OrderAccepted)


def test_verification_applies_the_recorded_rejection_once_the_stage_is_mended() -> None:
    with pytest.MonkeyPatch.context() as patch:
        world = trading()
        patch.setitem(topology.DECIDE, e.OrderSubmitted, (raising_on(print, bool),))
        retaken(world, order("bad"))

    proved(world)


def test_a_quote_whose_fold_raises_is_rejected_and_its_instrument_halted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = trading()
    fold = topology.FACT[e.QuoteObserved][0]
    poisoned = raising_on(fold, lambda seen: seen.bid_px == 13)
    monkeypatch.setitem(topology.FACT, e.QuoteObserved, (poisoned,))

    faults = retaken(world, quote(), quote(bid_px=13), at_first=frozenset({"search:"}))

    assert faults == ["market-data:3"]
    world.then_some(
        an(e.InputRejected, reason=e.InputReason.FAULT, topic="market-data"),
        an(e.InstrumentHalted, instrument_id=INSTRUMENT),
    )
    proved(world)


def test_a_report_that_makes_a_reaction_raise_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    world = trading().given(at_once("o1", 100))
    child = world.child()
    stage, *_ = topology.DECIDE[e.FillBooked]
    monkeypatch.setitem(topology.DECIDE, e.FillBooked, (raising_on(stage, bool),))

    assert retaken(world, fill_report(child, 100)) == ["venue-reports:0"]

    assert world.state.children[child.child_id].filled_qty == 0
    world.then_some(e.InputRejected, e.InstrumentHalted)
    proved(world)


def test_a_control_that_makes_a_stage_raise_halts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = trading()
    poisoned = raising_on(trading_day.decide_closed, bool)
    monkeypatch.setitem(topology.DECIDE, e.DayClosed, (poisoned,))

    faults = retaken(world, day_closed(), order())

    assert faults == ["controls:6"]
    assert world.batches[-1].sealed.seal.kind is e.SealKind.NORMAL
    world.then_some(e.InputRejected, e.OrderAccepted).then_no(e.InstrumentHalted)
    proved(world)


def planned_by(patch: pytest.MonkeyPatch, name: str, step: Stage) -> None:
    """Put a step before the others of `topology.WORK` or GATHER."""
    patch.setattr(topology, name, (step, *getattr(topology, name)))


def refuse(state: Any, parent: Any, now_ns: int) -> Any:  # noqa: ANN401, ARG001
    raise PoisonError


@pytest.mark.parametrize("name", ["WORK", "GATHER"])
def test_a_parent_whose_planning_raises_is_halted_and_its_children_asked_back(name: str) -> None:
    world = trading().given(at_once("o1", limit_px=px(99.95)))
    parent = world.parent()
    with pytest.MonkeyPatch.context() as patch:
        planned_by(patch, name, refuse)
        faults = retaken(world, amend("o1", limit_px=px(99.94)))

    assert faults[0] == f"plan:{parent.parent_id}"
    world.then_some(
        an(e.InstrumentHalted, reason=e.HaltReason.FAULT, cause=f"plan:{parent.parent_id}"),
        an(e.ChildCancelRequested),
    ).then_no(e.InputRejected)
    proved(world)


def test_a_fault_in_planning_cancels_the_instruments_other_children_in_the_same_batch() -> None:
    """The seller is planned in the second pass; the third parent is not touched at all."""
    world = trading(quote(OTHER_LIT)).given(at_once("out", limit_px=px(99.95)))
    resting = world.children()
    world.given(quote(bid=0, ask=0), quote(OTHER_LIT, bid=0, ask=0))
    sell = {"side": e.Side.SELL, "client_id": "c2"}
    world.given(order("s", 500, end_ns=NOW_NS + HOUR, **sell))
    seller = world.parent("s")

    def raise_for_seller(state: Any, parent: Any, now_ns: int) -> Any:  # noqa: ANN401, ARG001
        if parent.parent_id == seller.parent_id:
            raise PoisonError
        return ()

    with pytest.MonkeyPatch.context() as patch:
        planned_by(patch, "WORK", raise_for_seller)
        faults = retaken(world, quote(), order("b", 500, end_ns=NOW_NS + HOUR))

    assert faults == [f"plan:{seller.parent_id}"]
    world.then_some(e.OrdersCrossed, e.InstrumentHalted)
    asked = [x.child_id for x in world.events if isinstance(x, e.ChildCancelRequested)]
    assert sorted(asked) == sorted(c.child_id for c in resting)
    proved(world)


def test_even_what_a_halt_leaves_to_do_may_raise() -> None:
    world = trading().given(at_once("o1", limit_px=px(99.95)))
    parent_id = world.parent().parent_id
    with pytest.MonkeyPatch.context() as patch:
        planned_by(patch, "WORK", refuse)
        patch.setattr(topology, "WHILE_HALTED", topology.WHILE_HALTED | {refuse})

        faults = retaken(world, cancel("o1"))

        assert faults == [f"plan:{parent_id}", f"halted:{parent_id}"]
        assert retaken(world, cancel("nothing")) == [f"halted:{parent_id}"]  # The halt's review.
        assert retaken(world, cancel("nothing")) == []
        world.now_ns += MINUTE
        assert retaken(world) == [f"halted:{parent_id}"]  # The next point: the shard lives on.
    proved(world)


def test_upkeep_that_raises_costs_the_upkeep_and_no_input() -> None:
    world = trading()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scorecard, "update", lambda _: refuse(None, None, 0))
        faults = retaken(world, order())

    assert faults == ["plan:"]
    world.then_some(e.OrderAccepted, e.ParentReleased).then_no(e.InputRejected)
    proved(world)


def test_a_carried_order_that_cannot_be_placed_waits() -> None:
    world = trading().given(order("g", limit_px=px(99.00), **GTC)).at(CLOSE_NS, day_closed())
    world.now_ns = open_ns = CLOSE_NS + 18 * HOUR
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(good_till_cancel, "resume_or_cancel", refuse)
        assert retaken(world, day_opened(20180103, open_ns)) == ["plan:"]

    assert list(world.state.unplaced) == [world.order("g").order_id]
    proved(world)


def test_what_a_search_for_a_fault_finds_nothing_wrong_with_is_decided_as_always() -> None:
    plain, searched = trading(), trading()
    plain.given(quote(), order(), Raw("orders"))
    searched.when(quote(), order(), Raw("orders"), faulted=["search:"])

    assert plain.batches[-1].sealed == searched.batches[-1].sealed


# ------------------------------------------------------------------------------- fold, skip


def test_a_seal_that_does_not_follow_is_refused() -> None:
    world = eventful()
    shard = world.fresh_shard()
    second = world.batches[1]

    with pytest.raises(CorruptLogError, match=r"seal 1 begins at seq .* expected batch 0 at seq 0"):
        shard.fold(second.sealed.seal, second.inputs, second.sealed.events)


def test_a_seal_that_was_changed_is_refused() -> None:
    world = trading()
    first = world.batches[0]
    forged = replace(first.sealed.seal, release="forged")

    with pytest.raises(CorruptLogError, match="seal 0 does not have the chain it states"):
        world.fresh_shard().fold(forged, first.inputs, first.sealed.events)


def test_an_event_out_of_its_place_is_refused() -> None:
    world = trading()
    first = world.batches[0]

    with pytest.raises(CorruptLogError, match="seq 1 follows -1"):
        world.fresh_shard().fold(first.sealed.seal, first.inputs, first.sealed.events[1:])


def test_a_batch_that_lost_its_last_event_is_refused() -> None:
    world = trading()
    first = world.batches[0]

    with pytest.raises(CorruptLogError, match="batch 0 consumed other events"):
        world.fresh_shard().fold(first.sealed.seal, first.inputs, first.sealed.events[:-1])


def test_an_input_that_was_changed_is_refused() -> None:
    world = trading().given(order())
    shard = world.fresh_shard()
    for batch in world.batches[:-1]:
        shard.fold(batch.sealed.seal, batch.inputs, batch.sealed.events)
    last = world.batches[-1]
    (record,) = last.inputs["orders"]
    forged = {**last.inputs, "orders": (record._replace(timestamp_ms=1),)}

    with pytest.raises(CorruptLogError, match="batch 1 consumed other orders than"):
        shard.fold(last.sealed.seal, forged, last.sealed.events)


def skipped(world: World) -> Shard:
    """A shard that skips all batches up to the last close, and folds the others."""
    shard = world.fresh_shard()
    kinds = [batch.sealed.seal.kind for batch in world.batches]
    last = max(n for n, kind in enumerate(kinds) if kind is e.SealKind.CLOSE)
    for number, batch in enumerate(world.batches):
        seal, events = batch.sealed.seal, batch.sealed.events
        if number > last:
            shard.fold(seal, batch.inputs, events)
            continue
        shared = {t: r for t, r in batch.inputs.items() if t in ("controls", "reference")}
        shard.skip(seal, shared, events)
    return shard


def test_passing_over_closed_days_comes_to_the_same_as_folding_them() -> None:
    world = eventful()
    for number in range(2):
        world.at(world.now_ns + 8 * HOUR, day_closed(DAY + number), instrument("MSFT"), kill())
        open_ns = world.now_ns + 16 * HOUR
        world.at(open_ns, day_opened(DAY + number + 1, open_ns), quote(received_ns=open_ns))

        shard = skipped(world)

        assert shard.state == world.state
        assert (shard.chain, shard.next_batch) == (world.shard.chain, world.shard.next_batch)
        assert all(shard.resume(t) == world.shard.resume(t) for t in INPUT_TOPICS)


def test_what_was_set_and_lifted_before_the_close_in_its_batch_does_not_come_back() -> None:
    world = trading()
    halted = e.InstrumentHaltSet(instrument_id=INSTRUMENT, text="", set_by="", set_ns=0)
    world.at(CLOSE_NS, halted, Raw("controls", key=None))
    world.at(CLOSE_NS, lift(), lift(e.ControlScope.CONTROLS, ""), halted, lift(), day_closed())
    assert not world.state.halted
    assert not world.state.suspended

    shard = skipped(world)

    assert shard.state == world.state


def test_a_shared_record_of_a_closed_day_that_was_changed_is_refused() -> None:
    world = trading().at(CLOSE_NS, day_closed())
    first = world.batches[0]
    controls = first.inputs["controls"]
    forged = {"reference": first.inputs["reference"], "controls": (*controls[:-1], controls[0])}

    with pytest.raises(CorruptLogError, match="controls gave position 0, expected"):
        world.fresh_shard().skip(first.sealed.seal, forged, ())
    forged["controls"] = (*controls[:-1], controls[-1]._replace(value=controls[0].value))
    with pytest.raises(CorruptLogError, match="other controls than"):
        world.fresh_shard().skip(first.sealed.seal, forged, ())


def test_a_faulted_control_of_a_closed_day_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    world = trading()
    monkeypatch.setitem(topology.DECIDE, e.KillSwitchSet, (raising_on(print, bool),))
    assert retaken(world, kill()) == ["controls:6"]
    world.at(CLOSE_NS, day_closed())

    shard = skipped(world)

    assert not shard.state.controls.killed
    assert shard.state == world.state
