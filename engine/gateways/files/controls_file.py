"""Controls from a TOML file: kill switch, limits, mandates, policies, restrictions, the day.

    [policy]                            [[mandate]]
    policy_id = "day-1"                 client_id = "C1"
    window = "5s"                       max_participation = "10%"

Each table becomes one event of `controls`, in the order of `TABLES`, so that a file may name a
client's mandate and its limit in any order. A field that a table leaves out has the default given
here; a policy is always written whole.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import model_validator

from engine.core.events import (
    AllocationRule,
    BreakSettled,
    ControlScope,
    CorporateActionPolicy,
    DayClosed,
    DayOpened,
    HaltAction,
    InstrumentHaltSet,
    KillSwitchSet,
    LimitAllotted,
    MandateSet,
    ParentAction,
    ParentInstructed,
    PolicySet,
    RestrictionSet,
    RiskLimitSet,
    Router,
    Strategy,
    SuspensionLifted,
    Urgency,
    WriterKeySet,
)
from engine.gateways.files.tables import Table, implausible, tables_of, validated
from engine.gateways.input_records import shared_records
from engine.gateways.values import (
    Code,
    Codes,
    Day,
    DurationNs,
    Ns,
    Ppm,
    Px,
    Qty,
    Text,
    Truth,
    Whole,
    Word,
)
from engine.log.port import NewRecord

Control = (
    KillSwitchSet
    | RiskLimitSet
    | LimitAllotted
    | MandateSet
    | PolicySet
    | RestrictionSet
    | WriterKeySet
    | InstrumentHaltSet
    | SuspensionLifted
    | BreakSettled
    | ParentInstructed
    | DayOpened
    | DayClosed
)


class ControlTable(Table):
    """A table of a controls file."""

    @abstractmethod
    def to_event(self, set_by: str, set_ns: int) -> Control: ...


class Scoped(ControlTable):
    scope: Word[ControlScope]  # Never assumed: a forgotten one would be the whole firm.
    scope_id: Text = ""

    @model_validator(mode="before")
    @classmethod
    def has_scope(cls, table: Any) -> Any:  # noqa: ANN401  Whatever TOML holds.
        if isinstance(table, dict) and "scope" not in table:
            raise ValueError('scope is missing; for the whole firm write scope = "FIRM"')
        return table

    def key(self) -> str:
        return f"{self.scope}:{self.scope_id}"


class Kill(Scoped):
    engaged: Truth = True
    text: Text = ""

    def to_event(self, set_by: str, set_ns: int) -> KillSwitchSet:
        return KillSwitchSet(
            scope=self.scope,
            scope_id=self.scope_id,
            engaged=self.engaged,
            set_by=set_by,
            text=self.text,
            set_ns=set_ns,
        )


class Limit(Scoped):
    max_order_qty: Qty | None = None
    max_order_notional: Whole | None = None  # Whole currency units.
    collar: Ppm | None = None
    max_day_notional: Whole | None = None  # Whole currency units, over all shards.
    max_position_qty: Qty | None = None
    currency: Text = ""  # Of a limit of the firm.

    def key(self) -> str:
        return f"{self.scope}:{self.scope_id or self.currency}"

    def to_event(self, set_by: str, set_ns: int) -> RiskLimitSet:
        return RiskLimitSet(
            scope=self.scope,
            scope_id=self.scope_id,
            max_order_qty=self.max_order_qty,
            max_order_notional_cur=self.max_order_notional,
            collar_ppm=self.collar,
            max_day_notional_cur=self.max_day_notional,
            currency=self.currency,
            max_position_qty=self.max_position_qty,
            set_by=set_by,
            set_ns=set_ns,
        )


class Allotment(Scoped):
    shard: Whole
    notional: Whole  # Whole currency units a day.
    currency: Text = ""  # Of a part of the firm's limit.

    def key(self) -> str:
        return f"{self.scope}:{self.scope_id or self.currency}"

    def to_event(self, set_by: str, set_ns: int) -> LimitAllotted:  # noqa: ARG002  No such field.
        return LimitAllotted(
            scope=self.scope,
            scope_id=self.scope_id,
            shard=self.shard,
            allotted_notional_cur=self.notional,
            currency=self.currency,
            set_ns=set_ns,
        )


class Lift(Scoped):
    text: Text = ""

    def to_event(self, set_by: str, set_ns: int) -> SuspensionLifted:
        return SuspensionLifted(
            scope=self.scope,
            scope_id=self.scope_id,
            set_by=set_by,
            text=self.text,
            set_ns=set_ns,
        )


class Mandate(ControlTable):
    client_id: Code
    active: Truth = True
    dark_allowed: Truth = True
    excluded_venues: Codes = ()
    crossing_consent: Truth = False  # Consent is given, never assumed.
    max_participation: Ppm = 200_000  # Guess: a fifth of the volume, a common house cap.

    def key(self) -> str:
        return self.client_id

    def to_event(self, set_by: str, set_ns: int) -> MandateSet:
        return MandateSet(
            client_id=self.client_id,
            active=self.active,
            dark_allowed=self.dark_allowed,
            excluded_venues=self.excluded_venues,
            crossing_consent=self.crossing_consent,
            max_participation_ppm=self.max_participation,
            set_by=set_by,
            set_ns=set_ns,
        )


class Policy(ControlTable):
    policy_id: Code
    window: DurationNs = 5_000_000_000
    window_members: Whole = 100
    window_notional: Whole = 5_000_000  # Whole currency units.
    join_until: Ppm = 500_000
    linger: DurationNs = 0
    cross_quote_age: DurationNs = 1_000_000_000
    strategy: Word[Strategy] = Strategy.AUTO
    router: Word[Router] = Router.AUTO
    allocation_rule: Word[AllocationRule] = AllocationRule.QUOTA
    interval: DurationNs = 60_000_000_000
    tracking_band: Ppm = 20_000
    patience: DurationNs = 0
    min_slice_qty: Qty = 100
    max_slice: Ppm = 200_000
    participation: Ppm = 100_000
    horizon_high: DurationNs = 900_000_000_000
    horizon_normal: DurationNs = 3_600_000_000_000
    risk_aversion_e12: Whole = 1_000_000  # 1e-6 per currency unit, as in Almgren-Chriss.
    send_within: DurationNs = 2_000_000_000
    px_band: Ppm = 50_000  # As wide as the example's collar.
    quote_band: Ppm = 50_000  # Limit Up-Limit Down, for liquid stocks.
    quote_band_spreads: Whole = 3  # Guess.
    quote_band_growth: Ppm = 10_000  # A minute; guess.
    quote_alone: DurationNs = 10_000_000_000  # Guess.
    tape_silent: DurationNs = 300_000_000_000  # Guess.
    rate_window: DurationNs = 10_000_000_000
    parent_routes_max: Whole = 100
    venue_routes_max: Whole = 4_000
    client_orders_max: Whole = 100_000
    client_changes_max: Whole = 40
    fruitless_max: Whole = 10
    progress: Ppm = 100_000
    ack_within: DurationNs = 3_000_000_000
    asks_max: Whole = 2
    impossible_px_times: Whole = 2
    signed_topics: Codes = ()  # Of which unsigned records are refused.
    on_halt: Word[HaltAction] = HaltAction.KEEP
    on_corporate_action: Word[CorporateActionPolicy] = CorporateActionPolicy.ADJUST

    def key(self) -> str:
        return self.policy_id

    def to_event(self, set_by: str, set_ns: int) -> PolicySet:
        return PolicySet(
            policy_id=self.policy_id,
            window_ns=self.window,
            window_members=self.window_members,
            window_notional_cur=self.window_notional,
            join_until_ppm=self.join_until,
            linger_ns=self.linger,
            patience_ns=self.patience,
            cross_quote_age_ns=self.cross_quote_age,
            strategy=self.strategy,
            router=self.router,
            allocation_rule=self.allocation_rule,
            interval_ns=self.interval,
            tracking_band_ppm=self.tracking_band,
            min_slice_qty=self.min_slice_qty,
            max_slice_ppm=self.max_slice,
            participation_ppm=self.participation,
            horizon_high_ns=self.horizon_high,
            horizon_normal_ns=self.horizon_normal,
            risk_aversion_e12=self.risk_aversion_e12,
            send_within_ns=self.send_within,
            px_band_ppm=self.px_band,
            quote_band_ppm=self.quote_band,
            quote_band_spreads=self.quote_band_spreads,
            quote_band_growth_ppm=self.quote_band_growth,
            quote_alone_ns=self.quote_alone,
            tape_silent_ns=self.tape_silent,
            rate_window_ns=self.rate_window,
            parent_routes_max=self.parent_routes_max,
            venue_routes_max=self.venue_routes_max,
            client_orders_max=self.client_orders_max,
            client_changes_max=self.client_changes_max,
            fruitless_max=self.fruitless_max,
            progress_ppm=self.progress,
            ack_within_ns=self.ack_within,
            asks_max=self.asks_max,
            impossible_px_times=self.impossible_px_times,
            signed_topics=self.signed_topics,
            on_halt=self.on_halt,
            on_corporate_action=self.on_corporate_action,
            set_by=set_by,
            set_ns=set_ns,
        )


class Restriction(ControlTable):
    instrument_id: Code
    restricted: Truth = True

    def key(self) -> str:
        return self.instrument_id

    def to_event(self, set_by: str, set_ns: int) -> RestrictionSet:
        return RestrictionSet(
            instrument_id=self.instrument_id,
            restricted=self.restricted,
            set_by=set_by,
            set_ns=set_ns,
        )


class WriterKey(ControlTable):
    writer: Code
    topics: Codes
    public_key: Text  # 64 hexadecimal digits, as `metaorder keys new` prints them.
    from_day: Day | Literal[0] = 0
    revoked: Truth = False

    def key(self) -> str:
        return self.writer

    def to_event(self, set_by: str, set_ns: int) -> WriterKeySet:
        return WriterKeySet(
            writer=self.writer,
            topics=self.topics,
            public_key=self.public_key,
            from_day=self.from_day,
            revoked=self.revoked,
            set_by=set_by,
            set_ns=set_ns,
        )


class Halt(ControlTable):
    instrument_id: Code
    text: Text = ""

    def key(self) -> str:
        return self.instrument_id

    def to_event(self, set_by: str, set_ns: int) -> InstrumentHaltSet:
        return InstrumentHaltSet(
            instrument_id=self.instrument_id, text=self.text, set_by=set_by, set_ns=set_ns
        )


class Instruction(ControlTable):
    """An instruction of the desk for one open parent."""

    parent_id: Code
    action: Word[ParentAction]
    urgency: Word[Urgency] | None = None
    venue: Text = ""
    text: Text = ""

    def key(self) -> str:
        return self.parent_id

    def to_event(self, set_by: str, set_ns: int) -> ParentInstructed:
        return ParentInstructed(
            parent_id=self.parent_id,
            action=self.action,
            urgency=self.urgency,
            venue=self.venue,
            set_by=set_by,
            text=self.text,
            set_ns=set_ns,
        )


class Settlement(ControlTable):
    break_id: Code
    text: Text
    error_qty: Qty = 0  # What the error account takes: bought if positive, sold if negative.
    error_price: Px = 0
    instrument_id: Code | None = None

    def key(self) -> str:
        return self.break_id

    def to_event(self, set_by: str, set_ns: int) -> BreakSettled:
        return BreakSettled(
            break_id=self.break_id,
            text=self.text,
            set_by=set_by,
            set_ns=set_ns,
            error_qty=self.error_qty,
            error_px=self.error_price,
            instrument_id=self.instrument_id or "",
        )


class DayOpen(ControlTable):
    day: Day
    open: Ns
    close: Ns
    seed: Whole = 0

    def key(self) -> str:
        return str(self.day)

    def to_event(self, set_by: str, set_ns: int) -> DayOpened:  # noqa: ARG002  No such field.
        return DayOpened(
            day=self.day, open_ns=self.open, close_ns=self.close, seed=self.seed, set_ns=set_ns
        )


class DayClose(ControlTable):
    day: Day

    def key(self) -> str:
        return str(self.day)

    def to_event(self, set_by: str, set_ns: int) -> DayClosed:  # noqa: ARG002  No such field.
        return DayClosed(day=self.day, set_ns=set_ns)


TABLES: Mapping[str, type[ControlTable]] = {
    "kill": Kill,  # Tables that stop trading come first, those that resume it last.
    "day_close": DayClose,
    "restriction": Restriction,
    "halt": Halt,
    "parent": Instruction,
    "limit": Limit,
    "allotment": Allotment,
    "mandate": Mandate,
    "writer_key": WriterKey,  # Before the policy that wants their signatures.
    "policy": Policy,
    "lift": Lift,
    "settle": Settlement,
    "day_open": DayOpen,
}


def read(path: Path) -> list[ControlTable]:
    """The tables of a file, in the order of `TABLES`. Raises TableFileError naming all errors.

    A table that a shard would reject is an error here already: both ask `input_limits`.
    """
    found = tables_of(path, tuple(TABLES))
    return validated(path, found, TABLES, judge=flaw)


def flaw(table: ControlTable) -> str:
    return implausible(table, table.to_event("", 0))


def records(tables: Sequence[ControlTable], *, set_by: str, set_ns: int) -> list[NewRecord]:
    """The records of `controls`, in order."""
    keyed = [(table.key(), table.to_event(set_by, set_ns)) for table in tables]
    return shared_records(keyed, sender=set_by, at_ns=set_ns)
