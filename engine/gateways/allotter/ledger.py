"""All limits of a day, as one run of the allotter knows them from the log.

A run keeps nothing of its own. It reads `controls` for the limits, asks each shard what it has, and
goes on from the answers. One run at a time divides the limits, by the order of `controls`: a run's
first record has a number far above all before it, so that from there on every shard ignores what an
older run still writes (RESENT). The older run reads that record too, and stops. What it wrote
before that place is in force, and is in the answers.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from engine.core.controls import allotments, input_limits, limits, resends, risk
from engine.core.controls.limits import Key
from engine.core.day import trading_day
from engine.core.events import (
    ControlApplied,
    ControlIgnored,
    ControlScope,
    DayClosed,
    DayOpened,
    IgnoreReason,
    LimitAllotted,
    OrderAccepted,
    OrderChangeRejected,
    OrderHeld,
    OrderRejected,
    PolicySet,
    RiskLimitSet,
    WriterKeySet,
)
from engine.core.state.state import State
from engine.gateways.allotter.account import Account, Part
from engine.gateways.input_records import first_number, record
from engine.gateways.venues.reading import CONTROLS, read_event
from engine.gateways.venues.run import SupersededError
from engine.log.headers import sender_of
from engine.log.port import NewRecord, Record
from engine.runtime.admission import is_of_stranger

SENDER = "allotter"
RUN_HEADER = "run"
RUN_GAP = 1_000_000  # Between two runs' numbers: more records than a run writes before it reads.
REFUSED = (OrderRejected, OrderChangeRejected, OrderHeld)


class Ledger:
    """The accounts of a run, and its place among the runs."""

    def __init__(self, run: str, partitions: int, now_ns: int) -> None:
        """`run` is a name that no other run has."""
        self.run = run
        self.accounts: dict[Key, Account] = {}
        self._partitions = partitions
        self._number = first_number(now_ns)
        self._state = State(shard=partitions)  # The limits, days and numbers that every shard has.
        self._other = resends.UNKNOWN_NUMBER  # The last number of another run that they applied.
        self._place: int | None = None  # From that position on no older run's record counts.
        self._asked: set[Key] = set()
        self._questions: dict[int, Key] = {}  # By number, not read back yet.

    # ------------------------------------------------------------------------ controls

    @property
    def _last(self) -> int:
        """The last number of an allotter that the shards applied."""
        return self._state.controls.numbers.get(SENDER, resends.UNKNOWN_NUMBER)

    def follow_control(self, found: Record) -> None:
        """Take the next record of `controls`. Raises SupersededError behind a newer run's."""
        event = read_event(CONTROLS, found)
        if event is None or input_limits.flaw(event):
            return
        if is_of_stranger(self._state, CONTROLS, found, event):
            return  # The shards refuse it.
        source, number = sender_of(found.headers)
        is_effective = not resends.ignored(self._state, event, source, number)
        if isinstance(event, LimitAllotted) and source == SENDER:
            self._on_part(found, event, number, is_effective=is_effective)
        if is_effective:
            resends.on_control(self._state, source, number)
            self._fold(event, found.position)

    def _fold(self, event: object, position: int) -> None:
        if isinstance(event, RiskLimitSet):
            risk.on_risk_limit_set(self._state, event)
            self._on_limit(event)
        elif isinstance(event, PolicySet | WriterKeySet):  # They say whose controls count.
            risk.FACTS[type(event)](self._state, event)
        elif isinstance(event, DayOpened):
            trading_day.on_day_opened(self._state, event)
        elif isinstance(event, DayClosed):
            trading_day.on_day_closed(self._state, event)
            self._asked.clear()
            for account in self.accounts.values():
                account.since_position = position

    def _on_limit(self, limit: RiskLimitSet) -> None:
        key = limits.key_of(limit)
        if limit.max_day_notional_cur is None and key not in self.accounts:
            return
        if key not in self.accounts:
            self.accounts[key] = Account([Part() for _ in range(self._partitions)])
        if self.accounts[key].limit_cur is None:
            self._asked.discard(key)
        self.accounts[key].limit_cur = limit.max_day_notional_cur

    def _on_part(
        self, found: Record, part: LimitAllotted, number: int, *, is_effective: bool
    ) -> None:
        is_own = dict(found.headers).get(RUN_HEADER, b"") == self.run.encode()
        if is_own:
            self._read_back(found, part, number, is_effective=is_effective)
        elif is_effective:
            self._superseded_by(number)

    def _superseded_by(self, number: int) -> None:
        """Take the number of another run, which is a newer one if this run has its place."""
        self._other = number
        if self._place is not None:
            raise SupersededError(
                f"another allotter has taken over from run {self.run}, which has stopped. One "
                "allotter divides the limits of a log: stop one of the two."
            )

    def _read_back(
        self, found: Record, part: LimitAllotted, number: int, *, is_effective: bool
    ) -> None:
        key = limits.key_of(part)
        if self._place is None and resends.UNKNOWN_NUMBER < self._other > number - RUN_GAP:
            is_effective = False  # An older run could still write a number above it.
            self._number = max(self._number, self._other + RUN_GAP)
        if self._questions.pop(number, None) is not None and not is_effective:
            self._asked.discard(key)
        elif part.shard < self._partitions and key in self.accounts:
            account = self.accounts[key]
            account.on_read_back(part.shard, number, found.position, is_effective=is_effective)
        if is_effective and self._place is None:
            self._place = found.position

    # -------------------------------------------------------------------------- ingest

    def follow_ingest(self, shard: int, event: object, now_ns: int) -> None:
        """Take the next event of a shard's `ingest`, after all `controls` that it answers."""
        if isinstance(event, ControlApplied):
            self._on_receipt(shard, event)
        elif isinstance(event, ControlIgnored):
            self._on_ignored(event)
        elif isinstance(event, OrderAccepted):
            value = risk.notional_of(event, event.order_qty, event.limit_px)
            for account in self._of(event.client_id, event.currency):
                account.on_accepted(shard, allotments.ceiling_cur(value))
        elif isinstance(event, REFUSED) and event.asked_notional_cur:
            for account in self._of(event.client_id, event.asked_currency):
                account.on_refused(shard, event.asked_notional_cur, now_ns)

    def _of(self, client_id: str, currency: str) -> Iterator[Account]:
        """The accounts that an order of this client spends from."""
        for key in limits.keys_of_client(client_id, currency):
            if key in self.accounts:
                yield self.accounts[key]

    def _on_receipt(self, shard: int, event: ControlApplied) -> None:
        account = self.accounts.get((event.scope, event.scope_id))
        topic, _, text = event.cause.partition(":")
        if account is None or event.allotted_notional_cur < 0 or topic != "controls":
            return
        position = int(text)
        is_of_part = event.control == LimitAllotted.__name__
        is_own = is_of_part and self._place is not None and position >= self._place
        numbers = (event.allotted_notional_cur, event.spent_notional_cur)
        account.on_receipt(shard, position, *numbers, is_own=is_own)

    def _on_ignored(self, event: ControlIgnored) -> None:
        """A log that continues another one has numbers that its `controls` do not show."""
        is_resent = event.source == SENDER and event.reason is IgnoreReason.RESENT
        if is_resent and event.last_number > self._last:
            resends.on_control(self._state, SENDER, event.last_number)
            self._other = event.last_number
            self._number = max(self._number, self._other + RUN_GAP)
            self._place = None
            self._asked.clear()

    # ----------------------------------------------------------------------- to write

    def due(self, now_ns: int) -> list[NewRecord]:
        """The records to append to `controls` now: questions first, then parts."""
        found: list[NewRecord] = []
        for key, account in self.accounts.items():
            if account.limit_cur is None:
                continue
            if key not in self._asked:
                self._asked.add(key)
                found.append(self._record(key, self._partitions, 0, now_ns))
                self._questions[self._number] = key
            elif self._place is not None:
                for shard, allotted_cur in account.moves(now_ns):
                    found.append(self._record(key, shard, allotted_cur, now_ns))
                    account.sent(shard, self._number, allotted_cur)
        return found

    def _record(self, key: Key, shard: int, allotted_cur: int, now_ns: int) -> NewRecord:
        self._number += 1
        scope = ControlScope(key[0])
        is_firms = scope is ControlScope.FIRM
        part = LimitAllotted(
            scope=scope,
            scope_id="" if is_firms else key[1],
            currency=key[1] if is_firms else "",
            shard=shard,
            allotted_notional_cur=allotted_cur,
            set_ns=now_ns,
            limit_notional_cur=self.accounts[key].limit_cur,
        )
        name = f"{key[0]}:{key[1]}"
        made = record(part, name, sender=SENDER, number=self._number, at_ns=now_ns, partitions=1)
        return made._replace(headers=(*made.headers, (RUN_HEADER, self.run.encode())))

    # ------------------------------------------------------------------------ for people

    def rows(self) -> Sequence[dict[str, Any]]:
        """Each limit as this run knows it; `given` is empty while a shard has not answered."""
        return [
            {
                "scope": scope,
                "scope_id": scope_id,
                "limit": account.limit_cur,
                "given": account.bound_cur,
                "spent": sum(part.seen_cur for part in account.parts),
                "shards": sum(part.is_known for part in account.parts),
            }
            for (scope, scope_id), account in self.accounts.items()
            if account.limit_cur is not None
        ]
