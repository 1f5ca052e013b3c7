"""A gateway starts at the last closes, and knows what one knows that has read the whole log."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from engine.core.events import (
    ControlScope,
    DayOpened,
    InstrumentDefined,
    KillSwitchSet,
    SuspensionLifted,
    VenueDefined,
)
from engine.core.state.state import Reference
from engine.gateways.venues import SupersededError, VenueGateway
from engine.gateways.venues.kill_file import KillFile
from engine.gateways.venues.permission import Permission
from engine.gateways.venues.reading import read_all, read_event
from engine.gateways.venues.start import gateway_start
from engine.log.embedded import EmbeddedLog
from engine.log.headers import sender_of
from engine.log.port import NewRecord
from engine.runtime.recovery.last_close import last_close_seal
from engine.simulation.paper import PaperVenues, paper_gateway
from infra.bench.player import recorded
from infra.bench.world import DAY, OPEN_NS, SECOND_NS, before_open, first_quotes
from infra.campaigns.gateway_start import PARTITIONS, SHAPE, Days, records_read, started

HOUR_NS = 3_600 * SECOND_NS
# More seals and routes a day than a search looks back over at once.
SHORT = replace(SHAPE, instruments=20, orders=160, horizon_ns=8 * SECOND_NS)
SHORTER = replace(SHAPE, orders=16, horizon_ns=5 * SECOND_NS)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EmbeddedLog]:
    with EmbeddedLog(tmp_path / "log.db", PARTITIONS) as made:
        yield made


@dataclass(frozen=True, slots=True)
class Known:
    """What decides whether and how a child goes out."""

    day: object
    killed: dict[tuple[str, str], str]
    is_control_lost: bool
    controls_position: int
    reference: Reference
    venues: set[str]


def known_to(gateway: VenueGateway) -> Known:
    venues = gateway._venues  # noqa: SLF001  Its memory is the subject.
    assert isinstance(venues, PaperVenues)
    permission = gateway._permission  # noqa: SLF001
    defined = {*gateway._statuses._defined}  # noqa: SLF001
    return known(permission, venues, defined)


def known_after_all(log: EmbeddedLog) -> Known:
    """The naive twin: every record of `reference` and `controls`, in order."""
    permission = Permission(KillFile(None))
    venues = PaperVenues(7, None, quote_age_max_ns=30 * SECOND_NS, run_number=1)
    defined = set()
    for record in read_all(log.reader("reference", 0)):
        event = read_event("reference", record)
        venues.observe(event)
        if isinstance(event, VenueDefined):
            defined.add(event.venue)
    for record in read_all(log.reader("controls", 0)):
        permission.apply(read_event("controls", record), record.position, sender_of(record.headers))
    return known(permission, venues, defined)


def known(permission: Permission, venues: PaperVenues, defined: set[str]) -> Known:
    return Known(
        day=permission.day,
        killed=permission._controls.controls.killed,  # noqa: SLF001
        is_control_lost=permission._is_lost,  # noqa: SLF001
        controls_position=permission.position,
        reference=venues._market.known.reference,  # noqa: SLF001
        venues=defined,
    )


def kill(scope: ControlScope, scope_id: str, *, engaged: bool = True) -> KillSwitchSet:
    return KillSwitchSet(
        scope=scope, scope_id=scope_id, engaged=engaged, set_by="test", text="why", set_ns=1
    )


def lifted() -> SuspensionLifted:
    return SuspensionLifted(
        scope=ControlScope.CONTROLS, scope_id="", set_by="test", text="", set_ns=1
    )


def spoil_controls(days: Days, log: EmbeddedLog) -> None:
    log.append("controls", [NewRecord(0, 0, b"", (), b"\xff\xff")])
    days.round([])


def redefined(kind: type, number: int = 0) -> InstrumentDefined | VenueDefined:
    """A definition of the day's reference data, as another lot or name."""
    found = [event for event in before_open(SHORTER) if isinstance(event, kind)][number]
    if isinstance(found, InstrumentDefined):
        return replace(found, lot_qty=7)
    assert isinstance(found, VenueDefined)
    return replace(found, venue="NEW", name="new")


def read_after(path: Path, closed_days: int) -> Counter[str]:
    """The records that a start reads after so many closed days, without those of the closes."""
    with EmbeddedLog(path, PARTITIONS) as log:
        days = Days(log, SHORT)
        for _ in range(closed_days):
            days.day()
        counts = records_read(log, days.now_ns + 60 * SECOND_NS)  # No quote is alive.
        for number in range(PARTITIONS):
            seal_record = last_close_seal(log, number)
            assert seal_record is not None
            counts.subtract({x.topic: x.record_count for x in seal_record.seal.outputs})
        return counts


def test_a_start_after_ten_closed_days_reads_no_more_than_after_one(tmp_path: Path) -> None:
    one, ten = (read_after(tmp_path / f"{days}.db", days) for days in (1, 10))
    assert one["journal"]
    assert set(ten) == set(one)
    for topic in ten:
        assert ten[topic] <= one[topic], topic


def test_a_start_at_the_closes_knows_what_the_whole_log_says(log: EmbeddedLog) -> None:
    days = Days(log, SHORTER)
    days.open()
    days.round([kill(ControlScope.VENUE, "DRK1"), redefined(VenueDefined)])
    days.trade()
    days.round([kill(ControlScope.INSTRUMENT, "US0001"), kill(ControlScope.FIRM, "")])
    days.close()
    days.round([kill(ControlScope.FIRM, "", engaged=False)])
    days.open()
    days.trade()
    days.round([redefined(InstrumentDefined, n) for n in range(SHORTER.instruments)])
    days.round([kill(ControlScope.VENUE, "DRK1", engaged=False)])
    days.close()
    found = known_to(started(log, days.now_ns))
    assert found == known_after_all(log)
    assert found.killed == {(ControlScope.INSTRUMENT, "US0001"): "why"}
    assert {x.lot_qty for x in found.reference.instruments.values()} == {7}


def test_each_shard_may_have_its_last_close_on_another_day(log: EmbeddedLog) -> None:
    days = Days(log, SHORTER)
    days.round([kill(ControlScope.VENUE, "DRK1"), kill(ControlScope.VENUE, "DRK2")])
    days.day()
    late = days.shards.pop()
    days.round([kill(ControlScope.VENUE, "DRK1", engaged=False), redefined(VenueDefined)])
    spoil_controls(days, log)
    days.round([lifted(), kill(ControlScope.VENUE, "ATS1")])
    days.day()
    days.shards.append(late)
    found = known_to(started(log, days.now_ns))
    assert found == known_after_all(log)
    assert found.killed == {(ControlScope.VENUE, name): "why" for name in ("DRK2", "ATS1")}


def test_a_control_that_could_not_be_read_is_carried_over_closes_until_it_is_lifted(
    log: EmbeddedLog,
) -> None:
    days = Days(log, SHORTER)
    days.open()
    days.trade()
    spoil_controls(days, log)
    days.close()
    days.round([DayOpened(day=DAY, open_ns=1, close_ns=2, seed=1, set_ns=1)])
    days.close()
    assert known_to(started(log, days.now_ns)).is_control_lost
    log.append("controls", [recorded(lifted(), days.now_ns)[1]])
    found = known_to(started(log, days.now_ns))
    assert not found.is_control_lost
    assert found == known_after_all(log)


def test_the_controls_of_a_log_are_read_whole_until_every_shard_has_closed_a_day(
    log: EmbeddedLog,
) -> None:
    days = Days(log, SHORTER)
    days.shards.pop()
    days.round([kill(ControlScope.VENUE, "DRK1")])
    days.day()
    assert gateway_start(log, 0).in_force is None
    assert known_to(started(log, days.now_ns)) == known_after_all(log)


def test_quotes_from_shortly_before_a_close_are_read(log: EmbeddedLog) -> None:
    days = Days(log, SHORTER)
    days.day()
    quotes = [*first_quotes(SHORTER, days.now_ns)]
    assert market_records(log, days.now_ns - SHORTER.round_ns) >= len(quotes) // 5
    assert market_records(log, days.now_ns + SECOND_NS) == 0
    assert market_records(log, 0) == sum(
        len([*read_all(log.reader("market-data", number))]) for number in range(PARTITIONS)
    )


def market_records(log: EmbeddedLog, recent_ns: int) -> int:
    readers = gateway_start(log, recent_ns).readers["market-data"]
    return sum(len([*read_all(reader)]) for reader in readers)


def test_a_run_has_a_higher_number_than_those_of_closed_days_whatever_the_clock_says(
    log: EmbeddedLog,
) -> None:
    days = Days(log, SHORTER)
    days.day()
    days.round([])  # The gateway answers the close; the next batch takes the answer,
    days.open()
    days.trade()
    days.close()  # and this close lies behind all that the gateway has written of its days.
    start = gateway_start(log, days.now_ns)
    assert start.last_run == OPEN_NS - SECOND_NS
    gateway = paper_gateway(log, seed=7, clock_ns=lambda: days.now_ns - 48 * HOUR_NS, settle_s=0)
    gateway.start()
    assert gateway.run_number == start.last_run + 1
    with pytest.raises(SupersededError):
        days.round([])
