"""A small trading day under the wall clock: the messages of a desk, its market and its venues.

Everything here is an input; `Publisher` numbers it as its sender would and appends it. Orders are
urgent and the policy is quick, so that each is decided, worked and ended within seconds.
"""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from engine.core import events as e
from engine.core.events import TOPIC_OF, Input
from engine.gateways import input_records
from engine.log.headers import sender_headers
from engine.log.port import Headers, Log, LogUnavailableError, NewRecord
from engine.runtime.admission import BODY_SENDER

S = 1_000_000_000
CENT_PX = 10_000_000
MID_PX = 100 * S  # A hundred currency units.
DAY = 20180102
VENUES = ("A", "B")
CLIENTS = ("C1", "C2", "C3")
OMS = "OMS"
RESEND_S = 0.1


def policy(**said: Any) -> e.PolicySet:  # noqa: ANN401  Any of its fields.
    base = {
        "policy_id": "quick",
        "window_ns": S // 50,
        "window_members": 20,
        "window_notional_cur": 10**9,
        "join_until_ppm": 500_000,
        "cross_quote_age_ns": 30 * S,
        "strategy": e.Strategy.AUTO,
        "router": e.Router.AUTO,
        "allocation_rule": e.AllocationRule.QUOTA,
        "interval_ns": S // 5,
        "tracking_band_ppm": 20_000,
        "min_slice_qty": 1,
        "max_slice_ppm": 1_000_000,
        "participation_ppm": 100_000,
        "horizon_high_ns": 2 * S,
        "horizon_normal_ns": 4 * S,
        "risk_aversion_e12": 1_000_000,
        "send_within_ns": 5 * S,
        "set_by": "desk",
        "set_ns": 1,
    }
    return e.PolicySet(**{**base, **said})


def mandate(client_id: str) -> e.MandateSet:
    return e.MandateSet(
        client_id=client_id,
        active=True,
        dark_allowed=True,
        excluded_venues=(),
        crossing_consent=client_id != CLIENTS[-1],
        max_participation_ppm=900_000,
        set_by="desk",
        set_ns=1,
    )


def limit() -> e.RiskLimitSet:
    """Far above every order."""
    return e.RiskLimitSet(
        scope=e.ControlScope.FIRM,
        scope_id="",
        currency="USD",
        max_order_qty=10**9,
        set_by="desk",
        set_ns=1,
    )


def day_opened(now_ns: int) -> e.DayOpened:
    """A session that began an hour ago and ends in six."""
    hour_ns = 3_600 * S
    return e.DayOpened(
        day=DAY, open_ns=now_ns - hour_ns, close_ns=now_ns + 6 * hour_ns, seed=7, set_ns=now_ns
    )


def reference(instruments: Sequence[str]) -> list[Input]:
    found: list[Input] = [
        e.VenueDefined(
            venue=venue,
            name=venue,
            kind=e.VenueKind.LIT,
            protected=True,
            posts=True,
            midpoint=False,
            min_qty=1,
            odd_lots=True,
            effective_day=DAY,
        )
        for venue in VENUES
    ]
    for instrument_id in instruments:
        found.append(
            e.InstrumentDefined(
                instrument_id=instrument_id,
                symbol=instrument_id,
                currency="USD",
                lot_qty=1,
                adv_qty=1_000_000,
                daily_volatility_ppm=15_000,
                previous_close_px=MID_PX,
                effective_day=DAY,
            )
        )
        found.append(
            e.TickTableDefined(
                instrument_id=instrument_id,
                bands=(e.TickBand(from_px=0, tick_px=CENT_PX),),
                effective_day=DAY,
            )
        )
    return found


def controls(now_ns: int) -> list[Input]:
    return [policy(), limit(), *map(mandate, CLIENTS), day_opened(now_ns)]


def quote(instrument_id: str, venue: str, now_ns: int, ticks: int = 0) -> e.QuoteObserved:
    """Two cents wide around the middle, moved by `ticks`."""
    mid_px = MID_PX + ticks * CENT_PX
    return e.QuoteObserved(
        venue=venue,
        instrument_id=instrument_id,
        bid_px=mid_px - CENT_PX,
        bid_qty=5_000,
        ask_px=mid_px + CENT_PX,
        ask_qty=5_000,
        event_ns=now_ns,
        received_ns=now_ns,
    )


def order(cl_ord_id: str, instrument_id: str, **said: Any) -> e.OrderSubmitted:  # noqa: ANN401
    base = {
        "source": OMS,
        "client_id": CLIENTS[0],
        "side": e.Side.BUY,
        "order_qty": 100,
        "order_type": e.OrderType.MARKET if said.get("limit_px") is None else e.OrderType.LIMIT,
        "limit_px": None,
        "time_in_force": e.TimeInForce.DAY,
        "urgency": e.Urgency.HIGH,
        "benchmark": e.Benchmark.ARRIVAL,
        "start_ns": None,
        "end_ns": None,
        "max_participation_ppm": None,
        "no_dark": False,
        "excluded_venues": (),
        "crossing_consent": None,
        "must_complete": True,
        "capacity": e.Capacity.AGENCY,
        "settlement": "REGULAR",
        "currency": None,
        "decision_px": None,
        "received_ns": time.time_ns(),
    }
    return e.OrderSubmitted(cl_ord_id=cl_ord_id, instrument_id=instrument_id, **{**base, **said})


def cancel(orig_cl_ord_id: str, instrument_id: str) -> e.OrderCancelRequested:
    return e.OrderCancelRequested(
        source=OMS,
        cl_ord_id=f"{orig_cl_ord_id}-X",
        orig_cl_ord_id=orig_cl_ord_id,
        instrument_id=instrument_id,
        received_ns=time.time_ns(),
    )


class Publisher:
    """One sender of inputs; counts what it sent. What names its writer is sent in that name.

    Where the log does not answer, it sends the same records again for its `patience`.
    """

    def __init__(self, log: Log, sender: str, patience_s: float = 0.0) -> None:
        self.sent: Counter[tuple[str, int]] = Counter()  # By topic and partition.
        self.resends = 0
        self._patience_s = patience_s
        self._log = log
        self._sender = sender
        self._number = input_records.first_number(time.time_ns())  # Above an earlier run's.

    def send(self, *events: Input) -> None:
        """Append in the order of the topics' first appearance."""
        by_topic: dict[str, list[NewRecord]] = {}
        for event in events:
            self._number += 1
            key = str(getattr(event, "instrument_id", "desk"))
            writer = BODY_SENDER.get(TOPIC_OF[type(event)])
            record = input_records.record(
                event,
                key,
                sender=getattr(event, writer) if writer else self._sender,
                number=self._number,
                at_ns=time.time_ns(),
                partitions=self._log.partitions,
            )
            by_topic.setdefault(TOPIC_OF[type(event)], []).append(record)
        for topic, batch in by_topic.items():
            self._append(topic, batch)

    def send_bytes(
        self,
        topic: str,
        value: bytes,
        partition: int = 0,
        key: bytes | None = None,
        headers: Headers | None = None,
        count: int = 1,
    ) -> None:
        """Append a value as it is, `count` times; without headers as this sender's next."""
        now_ms = time.time_ns() // 1_000_000
        batch = []
        for _ in range(count):
            self._number += 1
            said = sender_headers(self._sender, self._number) if headers is None else headers
            batch.append(NewRecord(partition, now_ms, key, said, value))
        self._append(topic, batch)

    def _append(self, topic: str, batch: list[NewRecord]) -> None:
        deadline_s = time.monotonic() + self._patience_s
        while True:
            try:
                self._log.append(topic, batch)
                break
            except LogUnavailableError:
                if time.monotonic() > deadline_s:
                    raise
                self.resends += 1
                time.sleep(RESEND_S)
        self.sent.update((topic, record.partition) for record in batch)


def open_day(publisher: Publisher, instruments: Sequence[str]) -> None:
    """Reference, controls, then a first quote of each instrument at each venue."""
    now_ns = time.time_ns()
    publisher.send(*reference(instruments))
    publisher.send(*controls(now_ns))
    publisher.send(*(quote(name, venue, now_ns) for name in instruments for venue in VENUES))
