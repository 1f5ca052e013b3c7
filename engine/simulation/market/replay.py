"""Replay a recorded day into `market-data` under the wall clock, as if its session opened now.

A row recorded `t` after the open is published `t / speed` after the new open:
its `event_ns` is that moment, its `received_ns` the clock when it is published, as a feed handler
would stamp it. Rows between the lead before the open and the close are played, the others are
counted and left out. Quantities and prices stay as they are, so at speed 60 a minute's volume
trades in a second. A quote's age is wall time: at high speed every quote is young, at speed 1 it
is as old as it was.

The replay opens a day of its own: reference data dated today with a session of session / speed,
DayOpened before the first quote, and DayClosed a while after the close, so that venues can answer
for the children that are still open. A replay that is stopped closes the day at once: the orders
of a day without a market are never filled.

One market on a log: a replay refuses to start while a day is open, unless that day's close has
passed or `close_open_day` is given.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from engine.core.events import DayClosed, DayOpened, Input, TradeObserved
from engine.core.units import NS_PER_MS, NS_PER_S
from engine.gateways.input_records import first_number, record, shared_records
from engine.gateways.sending import append_until_taken
from engine.log import codec
from engine.log.port import EngineError, Log, NewRecord
from engine.simulation.market.data import FolderFacts, MarketData, Observed
from engine.simulation.market.reference import reference_events

SENDER = "replay"
LEAD_NS = 2_000_000_000  # From the start to the open; what was quoted in it is played too.
SETTLE_NS = 5_000_000_000  # From the close to DayClosed: the venues' last answers.
TICK_S = 0.01  # How often rows are published.
APPEND_RECORDS = 1_000
READ_RECORDS = 1_000

_log = logging.getLogger(__name__)


class ReplayError(EngineError):
    """A replay cannot start; the message names the reason and the way out."""


class Timetable(NamedTuple):
    """The mapping of recorded time to the clock."""

    recorded_open_ns: int
    open_ns: int
    close_ns: int
    speed: int

    def at_ns(self, recorded_ns: int) -> int:
        """The new time of a recorded one; rounded down."""
        return self.open_ns + (recorded_ns - self.recorded_open_ns) // self.speed


@dataclass(slots=True, kw_only=True)
class Played:
    """The figures of a replay."""

    day: int
    open_ns: int
    close_ns: int
    quotes: int = 0
    trades: int = 0
    skipped: int = 0  # Rows outside the lead and the session, or after a stop.
    bad_rows: int = 0  # Rows of the folder that could not be read.
    late_max_ms: int = 0  # Longest from a row's moment to its publication, rounded down.
    stopped: bool = False


class MarketReplay:
    """One recorded day, from a lead before its new open to its close."""

    def __init__(
        self,
        log: Log,
        data: MarketData,
        *,
        speed: int,
        seed: int,
        clock_ns: Callable[[], int] = time.time_ns,
        lead_ns: int = LEAD_NS,
        settle_ns: int = SETTLE_NS,
    ) -> None:
        """`speed` is how many recorded seconds pass in one, count. Raises ReplayError."""
        session_ns = data.facts.close_ns - data.facts.open_ns
        if not 1 <= speed <= session_ns // NS_PER_S:
            raise ReplayError(
                f"speed {speed}: expected 1 to {session_ns // NS_PER_S}, at which the session "
                "lasts a second"
            )
        self._log = log
        self._data = data
        self._speed = speed
        self._seed = seed
        self._clock_ns = clock_ns
        self._lead_ns = lead_ns
        self._settle_ns = settle_ns
        self._number = first_number(clock_ns())
        self._is_stopping = False

    def stop(self) -> None:
        """Close the day and return from `run`; may come from another thread or a signal."""
        self._is_stopping = True

    def run(
        self,
        *,
        close_open_day: bool = False,
        on_opened: Callable[[Played], None] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Played:
        """Play until the close or `stop`.

        `on_opened` is called once DayOpened is in the log, `progress` with (rows played, rows to
        play).
        Raises ReplayError if a day is open, LogUnavailableError.
        """
        self._leave_no_day_open(force=close_open_day)
        facts, times = self._shifted()
        played = Played(
            day=facts.day,
            open_ns=facts.open_ns,
            close_ns=facts.close_ns,
            bad_rows=len(facts.bad_rows),
        )
        opening = DayOpened(
            day=facts.day,
            open_ns=facts.open_ns,
            close_ns=facts.close_ns,
            seed=self._seed,
            set_ns=self._clock_ns(),
        )
        self._append("reference", self._shared(reference_events(facts)))
        self._append("controls", self._shared([opening]))
        if on_opened is not None:
            on_opened(played)
        self._play(times, played, progress)
        self._sleep_until(facts.close_ns + self._settle_ns)
        played.stopped = self._is_stopping
        self._append("controls", self._shared([self._closing(facts.day)]))
        return played

    def _shifted(self) -> tuple[FolderFacts, Timetable]:
        """The folder's facts as they are today."""
        facts = self._data.facts
        open_ns = self._clock_ns() + self._lead_ns
        close_ns = open_ns + (facts.close_ns - facts.open_ns) // self._speed
        today = facts.instrument.local_day(open_ns)
        times = Timetable(facts.open_ns, open_ns, close_ns, self._speed)
        shifted = replace(
            facts,
            day=int(today.strftime("%Y%m%d")),
            open_ns=open_ns,
            close_ns=close_ns,
            sessions=tuple(
                (times.at_ns(first), times.at_ns(last)) for first, last in facts.sessions
            ),
        )
        return shifted, times

    def _play(
        self, times: Timetable, played: Played, progress: Callable[[int, int], None] | None
    ) -> None:
        first_ns = times.open_ns - self._lead_ns
        events = self._data.events
        rows = [x for x in events if first_ns <= times.at_ns(x.received_ns) < times.close_ns]
        done = 0
        while done < len(rows) and not self._is_stopping:
            now_ns = self._clock_ns()
            end = done
            while (
                end < len(rows)
                and end - done < APPEND_RECORDS
                and times.at_ns(rows[end].received_ns) <= now_ns
            ):
                end += 1
            if end > done:
                self._publish(rows[done:end], times, played)
                done = end
                if progress is not None:
                    progress(done, len(rows))
            elif end < len(rows):
                self._sleep_until(times.at_ns(rows[end].received_ns), TICK_S)
        played.skipped = len(events) - done

    def _publish(self, rows: Sequence[Observed], times: Timetable, played: Played) -> None:
        now_ns = self._clock_ns()
        records = []
        for row in rows:
            event = replace(row, event_ns=times.at_ns(row.event_ns), received_ns=now_ns)
            self._number += 1
            records.append(
                record(
                    event,
                    event.instrument_id,
                    sender=event.venue,
                    number=self._number,
                    at_ns=now_ns,
                    partitions=self._log.partitions,
                )
            )
        self._append("market-data", records)
        trades = len([row for row in rows if isinstance(row, TradeObserved)])
        played.trades += trades
        played.quotes += len(rows) - trades
        late_ms = (now_ns - times.at_ns(rows[0].received_ns)) // NS_PER_MS
        played.late_max_ms = max(played.late_max_ms, late_ms)

    def _sleep_until(self, until_ns: int, at_least_s: float = 0.0) -> None:
        """Sleep in short steps until then or a stop."""
        while not self._is_stopping:
            left_s = max((until_ns - self._clock_ns()) / NS_PER_S, at_least_s)
            if left_s <= 0:
                return
            time.sleep(min(left_s, 0.1))
            at_least_s = 0.0

    # ----------------------------------------------------------------------------- day

    def _leave_no_day_open(self, *, force: bool) -> None:
        opened = self._open_day()
        if opened is None:
            return
        if not force and self._clock_ns() < opened.close_ns + self._settle_ns:
            raise ReplayError(
                f"day {opened.day} is open on this log and closes later than now. Stop what runs "
                "it (a replay closes its day when it is stopped), or close it with "
                "`--close-open-day`: its open orders expire."
            )
        _log.warning("day %s was left open; closing it", opened.day)
        self._append("controls", self._shared([self._closing(opened.day)]))

    def _open_day(self) -> DayOpened | None:
        reader = self._log.reader("controls", 0)
        opened: DayOpened | None = None
        try:
            while not reader.at_end():
                for found in reader.read(READ_RECORDS):
                    try:
                        event = codec.decode("controls", found.value)
                    except codec.UnreadableError:
                        continue  # The shards record it.
                    if isinstance(event, DayOpened):
                        opened = event
                    elif isinstance(event, DayClosed):
                        opened = None
        finally:
            reader.close()
        return opened

    def _closing(self, day: int) -> DayClosed:
        return DayClosed(day=day, set_ns=self._clock_ns())

    # ----------------------------------------------------------------------------- log

    def _shared(self, events: Sequence[Input]) -> list[NewRecord]:
        keyed = [(_key(event), event) for event in events]
        return shared_records(keyed, sender=SENDER, at_ns=self._clock_ns())

    def _append(self, topic: str, records: Sequence[NewRecord]) -> None:
        append_until_taken(self._log, topic, records, lambda: self._is_stopping)


def _key(event: Input) -> str:
    """The key of a record of a shared topic."""
    for name in ("instrument_id", "venue", "calendar_id", "day"):
        found = getattr(event, name, None)
        if found is not None:
            return str(found)
    return SENDER
