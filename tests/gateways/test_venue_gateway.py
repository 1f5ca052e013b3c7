"""The paper gateway's promises, step by step: sent at most once, refused by itself, resolved."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.core.events import (
    BatchSealed,
    CancelReason,
    CancelRejected,
    ChildCancelRequested,
    ChildRouted,
    ChildStatusRequested,
    ChildTimeInForce,
    ChildType,
    ControlScope,
    DayClosed,
    DayOpened,
    ExecType,
    ExecutionReported,
    InputRange,
    InstrumentDefined,
    KillSwitchSet,
    NotSent,
    OutputDigest,
    QuoteObserved,
    ResumeOffset,
    SaleMarking,
    SealKind,
    SendStarted,
    SessionStatusObserved,
    Side,
    SuspensionLifted,
    TickBand,
    TickTableDefined,
    TradeObserved,
)
from engine.core.partition import partition_of
from engine.gateways.input_records import record
from engine.gateways.venues import SILENCE_NS, SupersededError, VenueGateway
from engine.gateways.venues.provenance import SEAL_WAIT_NS
from engine.gateways.venues.reports import Due, Reported
from engine.log import codec
from engine.log.embedded import EmbeddedLog
from engine.log.embedded.names import EmbeddedAppender
from engine.log.port import CorruptLogError, LogUnavailableError, NewRecord, Start
from engine.runtime.hash_chain import GENESIS, chain, frame, new_hash
from engine.simulation.market.reference import venue_events
from engine.simulation.paper import PAPER, PaperVenues, paper_gateway
from engine.simulation.venues.behaviour import FAULTLESS

DAY = 20260105
SECOND_NS = 1_000_000_000
OPEN_NS = 1_767_623_400 * SECOND_NS
CLOSE_NS = OPEN_NS + 3_600 * SECOND_NS
CENT_PX = 10_000_000
XXX = "XXX"
PARTITIONS = 2
SHARD = partition_of(XXX.encode(), PARTITIONS)


class Desk:
    """An engine played by hand: it routes, and a market that tests speak in cents and shares."""

    def __init__(self, path: Path) -> None:
        self.log = EmbeddedLog(path, PARTITIONS)
        self.now_ns = OPEN_NS + SECOND_NS
        self.seq = 0
        self.batch = 0
        self.chain = GENESIS
        self.is_stranger = False
        self.shift_ms = 0  # By which routes differ from what their seal states.
        self.number = 0
        self.day = DAY - 1  # The first day is yet to open.
        leases = self.log.leases("desk", [SHARD])
        self.writer = self.log.writer(leases.poll(0).gained[0])
        defined = InstrumentDefined(
            instrument_id=XXX,
            symbol=XXX,
            currency="USD",
            lot_qty=100,
            adv_qty=1,
            daily_volatility_ppm=1,
            previous_close_px=10_000 * CENT_PX,
            effective_day=DAY,
        )
        bands = (TickBand(from_px=0, tick_px=CENT_PX),)
        ticks = TickTableDefined(instrument_id=XXX, bands=bands, effective_day=DAY)
        for event in (defined, ticks, *venue_events(DAY)):
            self.say(event)
        self.open_day()

    def clock_ns(self) -> int:
        return self.now_ns

    def say(self, event: object) -> None:
        """Append an input."""
        self.number += 1
        self.log.append(
            codec.topic_of(event),
            [
                record(
                    event,
                    getattr(event, "instrument_id", "key"),
                    sender="desk",
                    number=self.number,
                    at_ns=self.now_ns,
                    partitions=PARTITIONS,
                )
            ],
        )

    def open_day(self) -> None:
        """Open the first day, or the next one."""
        self.day += 1
        self.say(
            DayOpened(
                day=self.day, open_ns=OPEN_NS, close_ns=CLOSE_NS, seed=1, set_ns=OPEN_NS - SECOND_NS
            )
        )

    def seal(self, kind: SealKind = SealKind.NORMAL, *routes: NewRecord) -> None:
        """Commit routes and the seal of their batch, which took everything up to now."""
        starts: dict[str, Start] = {}
        for topic in ("market-data", "venue-reports"):
            reader = self.log.reader(topic, SHARD)
            while not reader.at_end():
                reader.read(1_000)
            starts[topic] = reader.next
        digest = new_hash()
        for route in routes:
            digest.update(frame(codec.decode("routes", route.value).seq, *route[1:]))
        sealed = BatchSealed(
            batch=self.batch,
            kind=kind,
            now_ns=self.now_ns,
            inputs=tuple(
                InputRange(topic=topic, first_position=0, next_position=start.position, digest=b"")
                for topic, start in starts.items()
            ),
            first_seq=max(0, self.seq - len(routes)),
            next_seq=self.seq,
            outputs=(
                OutputDigest(topic="routes", record_count=len(routes), digest=digest.digest()),
            ),
            faults=(),
            release="test",
            python="any",
            state_hash=b"",
            previous_chain=self.chain,
            chain=b"",
            resume=tuple(
                ResumeOffset(topic=topic, next_offset=start.offset)
                for topic, start in starts.items()
            ),
        )
        self.batch += 1
        self.chain = chain(sealed)
        value = codec.encode(replace(sealed, chain=self.chain))
        seal = NewRecord(SHARD, self.now_ns // 1_000_000, None, (), value)
        written = [x._replace(timestamp_ms=x.timestamp_ms + self.shift_ms) for x in routes]
        self.writer.commit({"routes": written, "journal": [seal]})

    def close_day(self) -> None:
        self.say(DayClosed(day=self.day, set_ns=self.now_ns))
        self.seal(SealKind.CLOSE)

    def kill(self, scope: ControlScope, scope_id: str = "", *, engaged: bool = True) -> None:
        self.say(
            KillSwitchSet(
                scope=scope,
                scope_id=scope_id,
                engaged=engaged,
                set_by="test",
                text="",
                set_ns=self.now_ns,
            )
        )

    def quote(self, ask_qty: int = 500, venue: str = "N") -> None:
        self.say(
            QuoteObserved(
                venue=venue,
                instrument_id=XXX,
                bid_px=9_999 * CENT_PX,
                bid_qty=500,
                ask_px=10_001 * CENT_PX,
                ask_qty=ask_qty,
                event_ns=self.now_ns,
                received_ns=self.now_ns,
            )
        )

    def trade(self, cents: int, qty: int) -> None:
        self.say(
            TradeObserved(
                venue="N",
                instrument_id=XXX,
                last_px=cents * CENT_PX,
                last_qty=qty,
                eligible=True,
                conditions="",
                event_ns=self.now_ns,
                received_ns=self.now_ns,
            )
        )

    def route(
        self, qty: int = 200, cents: int = 10_001, within_ns: int = SECOND_NS, venue: str = "N"
    ) -> str:
        """Commit a child that buys; its id."""
        self._commit(
            ChildRouted(
                seq=self.seq,
                at_ns=self.now_ns,
                cause="plan:0-0",
                slice_id="0-0",
                parent_id="0-0",
                instrument_id=XXX,
                side=Side.BUY,
                venue=venue,
                child_qty=qty,
                child_type=ChildType.LIMIT,
                limit_px=cents * CENT_PX,
                time_in_force=ChildTimeInForce.DAY,
                min_qty=0,
                send_before_ns=self.now_ns + within_ns,
                bid_px=0,
                ask_px=0,
                quote_age_ns=0,
                venue_qty=0,
                left_qty=0,
                wanted_qty=0,
                tactic="",
                filled_millibps=0,
                adverse_millibps=0,
                missed_millibps=0,
                claims=(),
                reference_px=0,
                good_px=0,
                band_px=0,
                scorecard_version=0,
                cell="",
                fill_ppm=0,
                fill_within_ns=0,
                ends_filled_ppm=0,
                tail_ppm=0,
                score_millibps=0,
                runners_up=(),
                rejected_by_reason=(),
                client_ids=("C1", "C2"),
                sale_marking=SaleMarking.LONG,
                settl_date=0,
            )
        )
        return f"{SHARD}-{self.seq - 1}"

    def cancel(self, child_id: str) -> None:
        self._commit(
            ChildCancelRequested(
                repeats=0,
                seq=self.seq,
                at_ns=self.now_ns,
                cause="plan:0-0",
                child_id=child_id,
                parent_id="0-0",
                venue="N",
                reason=CancelReason.OTHER,
            )
        )

    def ask(self, child_id: str) -> None:
        self._commit(
            ChildStatusRequested(
                seq=self.seq,
                at_ns=self.now_ns,
                cause="plan:0-0",
                child_id=child_id,
                parent_id="0-0",
                venue="N",
                number=1,
                unanswered_since_ns=0,
            )
        )

    def _commit(self, event: object) -> None:
        self.seq += 1
        written = NewRecord(SHARD, 0, XXX.encode(), (), codec.encode(event))
        if self.is_stranger:
            self.writer.commit({"routes": [written]})
        else:
            self.seal(SealKind.NORMAL, written)

    def stranger(self, qty: int = 4_999) -> str:
        """Write a route that no seal covers, as a process that is no shard could; its id."""
        self.is_stranger = True
        child_id = self.route(qty=qty)
        self.is_stranger = False
        return child_id

    def gateway(self, kill_file: Path | None = None) -> VenueGateway:
        """A gateway that has just been started."""
        gateway = self.paper(kill_file)
        gateway.start()
        return gateway

    def paper(self, kill_file: Path | None = None) -> VenueGateway:
        return paper_gateway(
            self.log,
            seed=7,
            clock_ns=self.clock_ns,
            behaviour=FAULTLESS,
            settle_s=0,
            kill_file=kill_file,
        )

    def go_on(self, gateway: VenueGateway, turns: int = 20) -> None:
        for _ in range(turns):
            gateway.turn()
            self.now_ns += 1_000_000

    def told(self, partition: int = SHARD) -> list[Any]:
        reader = self.log.reader("venue-reports", partition)
        return [
            codec.decode("venue-reports", x.value) for x in reader.read(10_000) if len(x.value) > 2
        ]

    def story(self, child_id: str) -> list[str]:
        """What was reported on a child, in a word each."""
        return [word(x) for x in self.told() if getattr(x, "child_id", "") == child_id]


def word(event: object) -> str:
    if not isinstance(event, ExecutionReported):
        return type(event).__name__
    is_trade = event.exec_type is ExecType.TRADE
    return f"TRADE {event.last_qty}" if is_trade else event.exec_type.value


def refusals(desk: Desk) -> list[str]:
    return [x.text for x in desk.told() if isinstance(x, NotSent)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterable[Desk]:
    made = Desk(tmp_path / "log.db")
    yield made
    made.log.close()


# ------------------------------------------------------------------------------- trading


def test_a_routed_child_trades_against_the_displayed_quote(desk: Desk) -> None:
    desk.quote()
    gateway = desk.gateway()
    child_id = desk.route(qty=200)
    desk.go_on(gateway)
    assert desk.story(child_id) == ["SendStarted", "NEW", "TRADE 200"]


def test_a_resting_child_is_filled_by_later_prints(desk: Desk) -> None:
    desk.quote()
    gateway = desk.gateway()
    child_id = desk.route(qty=200, cents=10_000)
    desk.go_on(gateway)
    desk.trade(10_000, 150)
    desk.go_on(gateway)
    assert desk.story(child_id) == ["SendStarted", "NEW", "TRADE 150"]


def test_the_sessions_of_all_venues_are_said_to_be_up_once_on_every_partition(desk: Desk) -> None:
    desk.go_on(desk.gateway())
    for number in range(PARTITIONS):
        up = [x.venue for x in desk.told(number) if isinstance(x, SessionStatusObserved) and x.up]
        assert up[0] == PAPER
        assert len(up) == len(set(up))
        assert {"N", "DPX1", "ATS1"} <= set(up)


def test_a_report_names_its_venue_its_number_and_its_run(desk: Desk) -> None:
    gateway = desk.gateway()
    desk.route()
    desk.go_on(gateway)
    records = desk.log.reader("venue-reports", SHARD).read(1_000)
    numbers = [int(dict(x.headers)["number"]) for x in records]
    assert numbers == sorted(set(numbers))
    for found in records:
        event = codec.decode("venue-reports", found.value)
        assert dict(found.headers)["venue"] == event.venue.encode()
        assert dict(found.headers)["run"] == str(gateway.run_number).encode()
        assert found.key == (None if isinstance(event, SessionStatusObserved) else XXX.encode())


def test_quotes_that_came_before_the_gateway_are_its_tape_too(desk: Desk) -> None:
    desk.quote()
    desk.now_ns += 5 * SECOND_NS
    gateway = desk.gateway()
    child_id = desk.route()
    desk.go_on(gateway)
    assert "TRADE 200" in desk.story(child_id)


def test_a_quote_from_a_fast_clock_does_not_close_the_session(desk: Desk) -> None:
    gateway = desk.gateway()
    now_ns, desk.now_ns = desk.now_ns, CLOSE_NS + SECOND_NS
    desk.quote()
    desk.now_ns = now_ns
    child_id = desk.route()
    desk.go_on(gateway)
    assert desk.story(child_id) == ["SendStarted", "NEW", "TRADE 200"]


# ---------------------------------------------------------------------------- provenance


def test_a_strangers_route_is_not_sent_and_is_reported(desk: Desk) -> None:
    gateway = desk.gateway()
    stranger = desk.stranger()
    desk.go_on(gateway)
    assert desk.story(stranger) == []
    desk.now_ns += SEAL_WAIT_NS
    desk.go_on(gateway)
    assert desk.story(stranger) == []
    (text,) = refusals(desk)
    assert "no seal covers" in text
    assert "4999" in text
    assert gateway.tally["not_sent"] == 1


def test_routes_after_a_strangers_are_sent(desk: Desk) -> None:
    gateway = desk.gateway()
    stranger, own = desk.stranger(), desk.route()
    desk.go_on(gateway)
    other, later = desk.stranger(), desk.route()
    desk.go_on(gateway)
    assert desk.story(stranger) + desk.story(other) == []
    assert desk.story(own)[0] == desk.story(later)[0] == "SendStarted"
    assert len(refusals(desk)) == 2


def test_a_strangers_route_that_came_before_the_start_is_not_sent(desk: Desk) -> None:
    stranger = desk.stranger()
    own = desk.route()
    desk.go_on(desk.gateway())
    assert desk.story(stranger) == []
    assert desk.story(own)[0] == "SendStarted"


def test_a_route_under_the_id_of_an_open_child_does_not_touch_it(desk: Desk) -> None:
    gateway = desk.gateway()
    child_id = desk.route(cents=10_000)
    desk.go_on(gateway)
    desk.seq -= 1
    assert desk.stranger() == child_id
    desk.go_on(gateway)
    for _ in range(2):
        desk.now_ns += SEAL_WAIT_NS // 2
        desk.seal()  # The shard lives.
        desk.go_on(gateway)
    assert desk.story(child_id) == ["SendStarted", "NEW"]
    assert len(refusals(desk)) == 1


@pytest.mark.parametrize(
    ("chain", "shift_ms", "words"),
    [
        (b"another", 0, "A stranger has written to the journal"),
        (None, 1, "states 1 routes, and no run of the 1 records"),
    ],
)
def test_a_log_that_was_changed_stops_the_gateway_and_what_is_open_is_cancelled(
    desk: Desk, chain: bytes | None, shift_ms: int, words: str
) -> None:
    open_id = desk.route(cents=10_000)
    changed: list[str] = []

    def go_on(_: object) -> None:
        desk.now_ns += 1_000_000
        if changed:
            desk.now_ns += SEAL_WAIT_NS // 4
        elif desk.story(open_id) == ["SendStarted", "NEW"]:
            desk.chain, desk.shift_ms = chain or desk.chain, shift_ms
            changed.append(desk.route())

    with pytest.raises(CorruptLogError, match=words):
        desk.paper().run(go_on)
    assert desk.story(open_id) == ["SendStarted", "NEW", "CANCELED"]
    assert desk.story(changed[0]) == []


# ------------------------------------------------------------------------------- cancels


def test_a_cancel_is_passed_on(desk: Desk) -> None:
    gateway = desk.gateway()
    child_id = desk.route(cents=10_000)
    desk.go_on(gateway)
    desk.cancel(child_id)
    desk.go_on(gateway)
    assert desk.story(child_id) == ["SendStarted", "NEW", "CANCELED"]


def test_a_cancel_of_a_child_that_has_ended_is_rejected(desk: Desk) -> None:
    desk.quote()
    gateway = desk.gateway()
    child_id = desk.route()
    desk.go_on(gateway)
    desk.cancel(child_id)
    desk.go_on(gateway)
    assert desk.story(child_id)[-1] == CancelRejected.__name__


def test_a_cancel_of_a_child_that_never_reached_these_venues_is_rejected_if_it_was_sent(
    desk: Desk,
) -> None:
    killed = desk.gateway()
    resolved = desk.route(cents=10_000)
    desk.go_on(killed)
    gateway = desk.gateway()
    refused = desk.route(within_ns=-1)
    desk.go_on(gateway)
    desk.cancel(resolved)
    desk.cancel(refused)
    desk.go_on(gateway)
    assert desk.story(resolved)[-2:] == ["CANCELED", "CancelRejected"]
    assert desk.story(refused) == ["NotSent"]


def test_a_child_that_is_cancelled_before_it_went_out_is_not_sent(desk: Desk) -> None:
    gateway = desk.gateway()
    child_id = desk.route()
    desk.cancel(child_id)
    desk.go_on(gateway)
    assert desk.story(child_id) == ["NotSent"]


def test_the_children_of_a_silent_shard_are_cancelled(desk: Desk) -> None:
    gateway = desk.gateway()
    child_id = desk.route(cents=10_000)
    desk.go_on(gateway)
    desk.now_ns += SILENCE_NS
    desk.go_on(gateway)
    assert desk.story(child_id) == ["SendStarted", "NEW", "CANCELED"]


# ------------------------------------------------------------------------------ questions


def test_a_question_is_passed_on_and_answered_with_the_childs_state(desk: Desk) -> None:
    gateway = desk.gateway()
    works, ended = (desk.route(cents=10_000) for _ in range(2))
    desk.go_on(gateway)
    desk.cancel(ended)
    desk.go_on(gateway)
    for child_id in (works, ended):
        desk.ask(child_id)
    desk.go_on(gateway)
    assert desk.story(works) == ["SendStarted", "NEW", "STATUS"]
    assert desk.story(ended) == ["SendStarted", "NEW", "CANCELED", "CANCELED"]
    assert gateway.tally["asked"] == 2


def test_a_question_on_a_child_that_waits_or_was_not_sent_is_answered_by_that(desk: Desk) -> None:
    gateway = desk.gateway()
    waits, late = desk.route(cents=10_000), desk.route(within_ns=-1)
    for child_id in (waits, late, "1-999"):
        desk.ask(child_id)
    desk.go_on(gateway)
    assert desk.story(waits) == ["SendStarted", "NEW"]
    assert desk.story(late) == ["NotSent"]
    assert gateway.tally["asked"] == 0


def test_a_question_that_an_older_run_was_asked_is_not_asked_again(desk: Desk) -> None:
    killed = desk.gateway()
    child_id = desk.route(cents=10_000)
    killed.turn()
    desk.ask(child_id)
    desk.go_on(desk.gateway())
    assert desk.story(child_id) == ["SendStarted", "UNKNOWN", "CANCELED"]


# ------------------------------------------------------------------------------ refusals


def test_a_late_child_is_not_sent(desk: Desk) -> None:
    gateway = desk.gateway()
    child_id = desk.route(within_ns=SECOND_NS)
    desk.now_ns += 2 * SECOND_NS
    desk.go_on(gateway)
    assert desk.story(child_id) == ["NotSent"]
    assert refusals(desk) == ["too late by 1000000000 ns"]


def test_a_child_that_becomes_late_while_the_log_acknowledges_is_not_sent(desk: Desk) -> None:
    gateway = desk.gateway()
    child_id = desk.route(within_ns=SECOND_NS)
    gateway.turn()
    desk.now_ns += 2 * SECOND_NS
    desk.go_on(gateway)
    assert desk.story(child_id) == ["SendStarted", "NotSent"]


@pytest.mark.parametrize(
    ("scope", "scope_id"),
    [
        (ControlScope.FIRM, ""),
        (ControlScope.INSTRUMENT, XXX),
        (ControlScope.VENUE, "N"),
        (ControlScope.CLIENT, "C2"),
    ],
)
def test_an_engaged_kill_switch_lets_nothing_out_until_it_is_released(
    desk: Desk, scope: ControlScope, scope_id: str
) -> None:
    gateway = desk.gateway()
    desk.kill(scope, scope_id)
    stopped = desk.route()
    desk.go_on(gateway)
    desk.kill(scope, scope_id, engaged=False)
    sent = desk.route()
    desk.go_on(gateway)
    assert desk.story(stopped) == ["NotSent"]
    assert desk.story(sent)[0] == "SendStarted"
    assert refusals(desk) == ["the kill switch is engaged"]


def test_a_kill_switch_that_comes_after_the_send_was_written_still_stops_it(desk: Desk) -> None:
    gateway = desk.gateway()
    child_id = desk.route()
    gateway.turn()
    desk.kill(ControlScope.FIRM)
    desk.go_on(gateway)
    assert desk.story(child_id) == ["SendStarted", "NotSent"]


@pytest.mark.parametrize(
    ("scope", "scope_id"), [(ControlScope.VENUE, "Q"), (ControlScope.CLIENT, "C3")]
)
def test_a_kill_switch_of_another_venue_or_client_stops_nothing_here(
    desk: Desk, scope: ControlScope, scope_id: str
) -> None:
    desk.kill(scope, scope_id)
    gateway = desk.gateway()
    child_id = desk.route()
    desk.go_on(gateway)
    assert desk.story(child_id)[0] == "SendStarted"


def test_the_kill_file_cancels_what_is_open_and_lets_nothing_out_until_it_is_gone(
    desk: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "kill"
    gateway = desk.gateway(kill_file=file)
    resting = desk.route(cents=10_000)
    desk.go_on(gateway)
    file.touch()
    stopped = desk.route()
    desk.go_on(gateway)
    assert desk.story(resting) == ["SendStarted", "NEW", "CANCELED"]
    assert desk.story(stopped) == ["NotSent"]
    assert refusals(desk) == [f"the kill file {file} is there"]
    assert set(sessions(desk).values()) == {False}  # The shards route nothing meanwhile.
    file.unlink()
    sent = desk.route(cents=10_000)
    desk.go_on(gateway)
    assert desk.story(sent) == ["SendStarted", "NEW"]
    assert set(sessions(desk).values()) == {True}


def sessions(desk: Desk) -> dict[str, bool]:
    """Each venue's session as it was reported last."""
    statuses = (x for x in desk.told() if isinstance(x, SessionStatusObserved))
    return {x.venue: x.up for x in statuses if x.venue != PAPER}


def test_a_kill_file_that_cannot_be_looked_for_counts_as_there(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    gateway = desk.gateway(kill_file=tmp_path / "file" / "kill")
    stopped = desk.route()
    desk.go_on(gateway)
    assert desk.story(stopped) == ["NotSent"]


def test_the_kill_file_works_while_the_log_takes_nothing(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kill"
    gateway = desk.gateway(kill_file=file)
    child_id = desk.route(cents=10_000)
    desk.go_on(gateway)
    tries: list[bool] = []

    def full(own: EmbeddedAppender, topic: str, records: Sequence[NewRecord]) -> None:
        """A log on a full disk; the file comes, and the venue is asked before the log is well."""
        file.touch()
        if len(tries) == 3:
            monkeypatch.undo()  # The disk has room again.
            return own.append(topic, records)
        tries.append(is_cancelled(gateway, child_id))
        raise LogUnavailableError("disk full")

    desk.kill(ControlScope.VENUE, "Q")  # A control that the gateway has to answer.
    monkeypatch.setattr(EmbeddedAppender, "append", full)
    desk.go_on(gateway)
    assert tries == [False, True, True]
    assert desk.story(child_id) == ["SendStarted", "NEW", "CANCELED"]


def is_cancelled(gateway: VenueGateway, child_id: str) -> bool:
    child = gateway._children.get(child_id)  # noqa: SLF001  Its memory is the subject.
    return child is not None and child.is_cancelling


def test_nothing_goes_out_while_a_control_cannot_be_read(desk: Desk) -> None:
    gateway = desk.gateway()
    desk.log.append("controls", [NewRecord(0, 0, b"", (), b"\xff\xff")])
    stopped = desk.route()
    desk.go_on(gateway)
    desk.say(
        SuspensionLifted(
            scope=ControlScope.CONTROLS, scope_id="", set_by="test", text="", set_ns=desk.now_ns
        )
    )
    sent = desk.route()
    desk.go_on(gateway)
    assert desk.story(stopped) == ["NotSent"]
    assert desk.story(sent)[0] == "SendStarted"


def statuses(desk: Desk, venue: str, partition: int = SHARD) -> list[SessionStatusObserved]:
    return [
        x for x in desk.told(partition) if isinstance(x, SessionStatusObserved) and x.venue == venue
    ]


def test_a_kill_is_answered_with_its_position_on_every_partition(desk: Desk) -> None:
    gateway = desk.gateway()
    desk.go_on(gateway)
    desk.kill(ControlScope.FIRM)
    killed = len(desk.log.reader("controls", 0).read(1_000)) - 1
    assert killed not in [x.controls_position for x in statuses(desk, PAPER)]
    desk.go_on(gateway)
    for number in range(PARTITIONS):
        answers = statuses(desk, PAPER, number)
        assert [x.controls_position for x in answers].count(killed) == 1
        assert answers[-1].controls_position == killed


def test_a_gateway_that_starts_says_up_to_where_it_has_applied_the_controls(desk: Desk) -> None:
    desk.kill(ControlScope.VENUE, "N")
    desk.gateway()
    (announced,) = statuses(desk, PAPER)
    assert announced.controls_position == 1  # After the opened day.
    assert {x.controls_position for x in statuses(desk, "N")} == {-1}


def test_a_control_that_cannot_be_read_is_answered_too(desk: Desk) -> None:
    gateway = desk.gateway()
    desk.log.append("controls", [NewRecord(0, 0, b"", (), b"\xff\xff")])
    desk.go_on(gateway)
    assert [x.controls_position for x in statuses(desk, PAPER)] == [0, 1]


def unreadable(desk: Desk, venue: str, partition: int = SHARD) -> None:
    headers = (("venue", venue.encode()), ("number", b"1"))
    desk.log.append("venue-reports", [NewRecord(partition, 0, b"XXX", headers, b"\x00")])


def test_a_session_is_said_to_be_up_again_after_a_report_that_nobody_can_read(desk: Desk) -> None:
    gateway = desk.gateway()
    desk.go_on(gateway)
    assert len(statuses(desk, "N")) == 1
    unreadable(desk, "N")
    unreadable(desk, "N", 1 - SHARD)
    desk.go_on(gateway)
    assert [x.up for x in statuses(desk, "N")] == [True, True]
    assert [x.up for x in statuses(desk, "Q")] == [True]
    records = desk.log.reader("venue-reports", SHARD).read(1_000)
    values = [x.value for x in records]
    assert codec.decode("venue-reports", values[-1]).venue == "N"  # Behind what it answers.


@pytest.mark.parametrize("venue", ["", "nobody", PAPER])
def test_only_a_venue_whose_session_is_up_is_said_to_be_up_again(desk: Desk, venue: str) -> None:
    gateway = desk.gateway()
    desk.go_on(gateway)
    before = len(desk.told())
    unreadable(desk, venue)
    desk.go_on(gateway)
    told = desk.log.reader("venue-reports", SHARD).read(1_000)
    assert len(told) == before + 1


def test_after_the_close_nothing_is_sent_and_what_venues_say_is_reported(desk: Desk) -> None:
    gateway = desk.gateway()
    resting = desk.route(cents=10_000)
    desk.go_on(gateway)
    desk.say(DayClosed(day=DAY, set_ns=desk.now_ns))
    desk.go_on(gateway)
    late = desk.route()
    desk.now_ns = CLOSE_NS + SECOND_NS
    desk.go_on(gateway)
    assert desk.story(resting)[:3] == ["SendStarted", "NEW", "EXPIRED"]
    assert desk.story(late) == ["NotSent"]


def test_what_a_venue_says_on_the_next_day_of_a_child_that_still_lives_is_reported(
    desk: Desk,
) -> None:
    venues = VenuesThatRemember(7, FAULTLESS, quote_age_max_ns=30 * SECOND_NS, run_number=1)
    gateway = VenueGateway(
        desk.log, "LIVE", open_venues=lambda _: venues, clock_ns=desk.clock_ns, settle_s=0
    )
    gateway.start()
    resting = desk.route(cents=10_000)
    desk.go_on(gateway)
    desk.close_day()
    desk.open_day()
    desk.go_on(gateway)
    desk.now_ns = CLOSE_NS + SECOND_NS  # Its own time in force ends there.
    desk.go_on(gateway)
    assert desk.story(resting)[:3] == ["SendStarted", "NEW", "EXPIRED"]


# ------------------------------------------------------------------------------ restarts


def test_a_send_that_is_read_back_after_the_close_lets_nothing_out(desk: Desk) -> None:
    gateway = desk.gateway()
    desk.quote()
    child_id = desk.route()
    gateway.turn()  # It writes the SendStarted, which the next turn would read back.
    desk.close_day()
    desk.go_on(gateway)
    assert desk.story(child_id) == ["SendStarted", "NotSent"]
    assert gateway.tally["sent"] == 0


def test_a_child_in_flight_when_the_gateway_dies_is_resolved_and_never_sent_again(
    desk: Desk,
) -> None:
    desk.quote()
    killed = desk.gateway()
    child_id = desk.route()
    killed.turn()  # The log has its SendStarted; it dies before the venue has the child.
    assert desk.story(child_id) == ["SendStarted"]
    desk.go_on(desk.gateway())
    assert desk.story(child_id) == ["SendStarted", "UNKNOWN", "CANCELED"]
    desk.go_on(desk.gateway())
    assert desk.story(child_id) == ["SendStarted", "UNKNOWN", "CANCELED"]


def test_a_child_that_dies_with_the_gateway_keeps_what_it_had_filled(desk: Desk) -> None:
    desk.quote(ask_qty=100)
    killed = desk.gateway()
    child_id = desk.route(qty=300)
    desk.go_on(killed)
    assert desk.story(child_id) == ["SendStarted", "NEW", "TRADE 100"]
    desk.go_on(desk.gateway())
    ended = [x for x in desk.told() if isinstance(x, ExecutionReported)][-1]
    assert (ended.exec_type, ended.cum_qty, ended.leaves_qty) == (ExecType.CANCELED, 100, 0)


def test_a_filled_child_is_left_alone_by_a_restart(desk: Desk) -> None:
    desk.quote()
    killed = desk.gateway()
    child_id = desk.route()
    desk.go_on(killed)
    before = desk.story(child_id)
    desk.go_on(desk.gateway())
    assert desk.story(child_id) == before


def test_a_child_that_was_never_sent_goes_out_after_a_restart_if_there_is_time(desk: Desk) -> None:
    in_time = desk.route(within_ns=60 * SECOND_NS)
    late = desk.route(within_ns=SECOND_NS)
    desk.now_ns += 2 * SECOND_NS
    desk.go_on(desk.gateway())
    assert desk.story(in_time)[:2] == ["SendStarted", "NEW"]
    assert desk.story(late) == ["NotSent"]


def test_a_cancel_that_waited_for_a_gateway_keeps_its_child_in(desk: Desk) -> None:
    child_id = desk.route(within_ns=60 * SECOND_NS)
    desk.cancel(child_id)
    desk.go_on(desk.gateway())
    assert desk.story(child_id) == ["NotSent"]


def test_a_restart_leaves_the_children_of_closed_days_alone(desk: Desk) -> None:
    first = desk.gateway()
    yesterday = desk.route(cents=10_000)
    desk.go_on(first)
    desk.close_day()
    desk.go_on(first)
    desk.open_day()
    today = desk.route(cents=10_000)
    desk.go_on(first)
    desk.go_on(desk.gateway())
    assert desk.story(yesterday) == ["SendStarted", "NEW"]
    assert desk.story(today) == ["SendStarted", "NEW", "UNKNOWN", "CANCELED"]


def test_a_child_of_a_closed_day_is_not_sent_on_the_next(desk: Desk) -> None:
    yesterday = desk.route(within_ns=3_600 * SECOND_NS)
    desk.close_day()
    desk.open_day()
    desk.go_on(desk.gateway())
    assert desk.story(yesterday) == []


def test_a_day_that_is_not_open_yet_resolves_nothing(desk: Desk) -> None:
    killed = desk.gateway()
    child_id = desk.route(cents=10_000)
    desk.go_on(killed)
    desk.say(DayClosed(day=DAY, set_ns=desk.now_ns))
    desk.go_on(desk.gateway())
    assert desk.story(child_id) == ["SendStarted", "NEW"]


def test_the_tape_of_a_restart_begins_where_its_oldest_living_quote_may_stand(desk: Desk) -> None:
    desk.quote(ask_qty=900)
    desk.seal()
    desk.now_ns += 20 * SECOND_NS
    desk.quote(ask_qty=100)
    desk.seal()
    desk.now_ns += 20 * SECOND_NS  # The first seal is older than a quote may be, not the second.
    gateway = desk.gateway()
    child_id = desk.route(qty=300)
    desk.go_on(gateway)
    assert desk.story(child_id) == ["SendStarted", "NEW", "TRADE 100"]


class VenuesThatRemember(PaperVenues):
    """Venues that outlive a gateway, as real ones do, and go on with its children."""

    def resolve(self, children: Sequence[Reported], now_ns: int) -> list[Due]:
        assert all(self.is_known(child.child_id) for child in children)
        return [*self.advance(now_ns)]


def test_a_venue_that_remembers_a_child_goes_on_with_it_after_a_restart(desk: Desk) -> None:
    venues = VenuesThatRemember(7, FAULTLESS, quote_age_max_ns=30 * SECOND_NS, run_number=1)

    def started() -> VenueGateway:
        gateway = VenueGateway(
            desk.log, "LIVE", open_venues=lambda _: venues, clock_ns=desk.clock_ns, settle_s=0
        )
        gateway.start()
        return gateway

    killed = started()
    filled, cancelled = (desk.route(cents=10_000) for _ in range(2))
    desk.go_on(killed)
    gateway = started()
    desk.trade(10_000, 200)
    desk.go_on(gateway)
    desk.cancel(cancelled)
    desk.go_on(gateway)
    assert desk.story(filled) == ["SendStarted", "NEW", "TRADE 200"]
    assert desk.story(cancelled) == ["SendStarted", "NEW", "CANCELED"]


class VenuesThatAnswerLate(PaperVenues):
    """Venues that say nothing of an older run's children when they are asked first."""

    is_first = True

    def resolve(self, children: Sequence[Reported], now_ns: int) -> list[Due]:
        found = [] if self.is_first else super().resolve(children, now_ns)
        self.is_first = False
        return found


def test_a_child_of_an_older_run_is_resolved_again_when_it_is_asked_for(desk: Desk) -> None:
    killed = desk.gateway()
    child_id = desk.route(cents=10_000)
    killed.turn()
    venues = VenuesThatAnswerLate(7, FAULTLESS, quote_age_max_ns=30 * SECOND_NS, run_number=1)
    gateway = VenueGateway(
        desk.log, "LIVE", open_venues=lambda _: venues, clock_ns=desk.clock_ns, settle_s=0
    )
    gateway.start()
    desk.go_on(gateway)
    assert desk.story(child_id) == ["SendStarted"]
    desk.ask(child_id)
    desk.go_on(gateway)
    assert desk.story(child_id) == ["SendStarted", "UNKNOWN", "CANCELED"]


def test_report_ids_are_unique_over_restarts(desk: Desk) -> None:
    for _ in range(3):
        desk.quote()
        gateway = desk.gateway()
        desk.route()
        desk.route(cents=10_000)
        desk.go_on(gateway)
    found = [
        (x.venue, x.session_day, x.exec_id, x.exec_type)
        for x in desk.told()
        if isinstance(x, ExecutionReported)
    ]
    assert len(found) > 9
    assert len(found) == len(set(found))


def test_a_planned_stop_takes_the_sessions_down_and_cancels_what_is_open(desk: Desk) -> None:
    gateway = desk.gateway()
    resting = desk.route(cents=10_000)
    desk.go_on(gateway)
    begun = desk.route()
    gateway.turn()
    gateway.go_down()
    assert desk.story(resting) == ["SendStarted", "NEW", "CANCELED"]
    assert desk.story(begun) == ["SendStarted", "NotSent"]
    down = [x.venue for x in desk.told() if isinstance(x, SessionStatusObserved) and not x.up]
    assert "N" in down
    desk.go_on(desk.gateway())
    assert desk.story(resting) == ["SendStarted", "NEW", "CANCELED"]


# ----------------------------------------------------------------------------- one of two


def test_an_older_gateway_stops_when_a_newer_one_starts_and_sends_nothing_more(desk: Desk) -> None:
    older = desk.gateway()
    before = desk.route(cents=10_000)
    desk.go_on(older)
    newer = desk.gateway()
    child_id = desk.route()
    told = len(desk.told())
    with pytest.raises(SupersededError, match="stop one of the two"):
        older.turn()
    assert len(desk.told()) == told
    desk.go_on(newer)
    assert desk.story(child_id)[:2] == ["SendStarted", "NEW"]
    assert desk.story(before)[-2:] == ["UNKNOWN", "CANCELED"]


def test_a_send_that_an_older_gateway_wrote_too_late_is_void_for_both(desk: Desk) -> None:
    older = desk.gateway()
    child_id = desk.route()
    older_number = older.run_number
    desk.now_ns += 1_000_000
    newer = desk.gateway()
    late = SendStarted(venue="N", instrument_id=XXX, child_id=child_id, started_ns=desk.now_ns)
    headers = (("venue", b"N"), ("number", b"1"), ("run", str(older_number).encode()))
    desk.log.append(
        "venue-reports", [NewRecord(SHARD, 0, XXX.encode(), headers, codec.encode(late))]
    )
    with pytest.raises(SupersededError):
        desk.go_on(older)
    desk.go_on(newer)
    assert desk.story(child_id) == ["SendStarted", "SendStarted", "NEW"]
    assert newer.tally["sent"] == 1
    assert older.tally["sent"] == 0


def test_a_run_has_a_higher_number_than_all_before_it_whatever_the_clock_says(desk: Desk) -> None:
    first = desk.gateway()
    desk.now_ns -= SECOND_NS
    assert desk.gateway().run_number == first.run_number + 1


def test_a_send_by_a_stranger_counts_as_sent(desk: Desk) -> None:
    child_id = desk.route(within_ns=60 * SECOND_NS)
    desk.say(SendStarted(venue="N", instrument_id=XXX, child_id=child_id, started_ns=desk.now_ns))
    desk.go_on(desk.gateway())
    assert desk.story(child_id) == ["SendStarted", "UNKNOWN", "CANCELED"]


def test_a_record_that_cannot_be_read_does_not_stop_the_gateway(desk: Desk) -> None:
    gateway = desk.gateway()
    for topic in ("venue-reports", "market-data"):
        desk.log.append(topic, [NewRecord(SHARD, 0, b"XXX", (("run", b"\xff"),), b"\x00")])
    desk.route()
    desk.go_on(gateway)
    assert gateway.tally["sent"] == 1
