"""Carry the facts in force over a close: controls and reference data, written again as events.

A close writes every kill switch, limit, allotment, mandate, restriction and policy in force, the
numbers by which a control that is sent again is known, and every venue, fee schedule and calendar.
Of the instruments with their ticks and curves it writes the shard's own, so over all shards each
instrument is carried once. Reference data of a later date, which waits for its day, is among them.
The last event, PositionsCarried, holds the position in every input topic, so that recovery can
start here. The next day starts from these events alone, live and after a recovery, so both have the
same facts.

After a close of an early release, which wrote none of these events, the next day starts from the
facts that its shard had folded.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from itertools import chain
from typing import Any

from engine.core.controls import limits, writers
from engine.core.events import (
    AllotmentCarried,
    CalendarCarried,
    CalendarDefined,
    ControlNumber,
    ControlNumbersCarried,
    ControlScope,
    CorporateActionCarried,
    CorporateActionDefined,
    FeeScheduleCarried,
    FeeScheduleDefined,
    InstrumentCarried,
    InstrumentDefined,
    KillSwitchCarried,
    LimitAllotted,
    LogContinued,
    MandateCarried,
    MandateSet,
    PolicyCarried,
    PolicySet,
    PositionsCarried,
    RestrictionCarried,
    RiskLimitCarried,
    RiskLimitSet,
    StageEvent,
    TickTableCarried,
    TickTableDefined,
    VenueCarried,
    VenueDefined,
    VolumeCurveCarried,
    VolumeCurveDefined,
    WriterKeyCarried,
    WriterKeySet,
)
from engine.core.market import reference as market_reference
from engine.core.partition import partition_of
from engine.core.state.state import Controls, Reference, State

# A carried event has all fields of its fact, so the fact can be rebuilt from it.
FACT_OF: Mapping[type, type[Any]] = {
    InstrumentCarried: InstrumentDefined,
    TickTableCarried: TickTableDefined,
    VenueCarried: VenueDefined,
    FeeScheduleCarried: FeeScheduleDefined,
    CalendarCarried: CalendarDefined,
    VolumeCurveCarried: VolumeCurveDefined,
    CorporateActionCarried: CorporateActionDefined,
    RiskLimitCarried: RiskLimitSet,
    AllotmentCarried: LimitAllotted,
    MandateCarried: MandateSet,
    PolicyCarried: PolicySet,
    WriterKeyCarried: WriterKeySet,
}
NAMES: Mapping[type, tuple[str, ...]] = {
    kind: tuple(field.name for field in fields(fact)) for kind, fact in FACT_OF.items()
}


def as_events(kind: type[Any], facts: Iterable[object]) -> Iterator[StageEvent]:
    """The facts as carried events of a kind."""
    names = NAMES[kind]
    for fact in facts:
        yield kind(**{name: getattr(fact, name) for name in names})


def fact_of(event: Any) -> Any:  # noqa: ANN401  Any event of FACT_OF, and its fact.
    """The fact that an event carries, equal to the one read from the log."""
    kind = type(event)
    return FACT_OF[kind](**{name: getattr(event, name) for name in NAMES[kind]})


# ------------------------------------------------------------------------------ decide


def is_own(state: State, instrument_id: str) -> bool:
    """Whether the instrument's orders come to this shard; all do if there is only one."""
    partitions = state.settings.partitions
    return partitions == 1 or partition_of(instrument_id.encode(), partitions) == state.shard


def facts_in_force(state: State) -> Iterator[StageEvent]:
    """Every control in force, and the reference data that this shard needs."""
    reference, controls = state.reference, state.controls

    def dated(kind: type, in_force: Mapping[Any, Any]) -> Iterator[Any]:
        return chain(in_force.values(), market_reference.waiting(reference, kind))

    def own(facts: Iterable[Any]) -> Iterator[object]:
        return (fact for fact in facts if is_own(state, fact.instrument_id))

    return chain(
        as_events(VenueCarried, dated(VenueDefined, reference.venues)),
        as_events(FeeScheduleCarried, dated(FeeScheduleDefined, reference.fees)),
        as_events(CalendarCarried, dated(CalendarDefined, calendars_to_come(state))),
        as_events(InstrumentCarried, own(dated(InstrumentDefined, reference.instruments))),
        as_events(TickTableCarried, own(dated(TickTableDefined, reference.ticks))),
        as_events(VolumeCurveCarried, own(dated(VolumeCurveDefined, reference.curves))),
        as_events(CorporateActionCarried, own(actions_of(reference))),
        (
            KillSwitchCarried(scope=ControlScope(scope), scope_id=scope_id, text=text)
            for (scope, scope_id), text in controls.killed.items()
        ),
        as_events(RiskLimitCarried, controls.limits.values()),
        as_events(AllotmentCarried, controls.allotments.values()),
        as_events(MandateCarried, controls.mandates.values()),
        (
            RestrictionCarried(instrument_id=instrument_id, set_by=set_by)
            for instrument_id, set_by in controls.restricted.items()
        ),
        as_events(PolicyCarried, () if controls.policy is None else (controls.policy,)),
        as_events(WriterKeyCarried, chain.from_iterable(controls.writer_keys.values())),
        numbers_in_force(controls),
    )


def calendars_to_come(state: State) -> dict[tuple[str, int], CalendarDefined]:
    """The calendars' days but for those before the last one; no day looks back at them."""
    return {
        name: fact
        for name, fact in state.reference.calendars.items()
        if fact.day >= state.controls.closed_day
    }


def actions_of(reference: Reference) -> Iterator[CorporateActionDefined]:
    """The corporate actions of later days, and the past ones, which may be loaded again."""
    return chain(reference.settled.values(), reference.actions.values())


def numbers_in_force(controls: Controls) -> Iterator[StageEvent]:
    """The marks of a resend; none where no control had a number and no day has closed."""
    if controls.numbers or controls.closed_day:
        yield ControlNumbersCarried(
            numbers=tuple(
                ControlNumber(source=source, number=number)
                for source, number in controls.numbers.items()
            ),
            closed_day=controls.closed_day,
        )


# ------------------------------------------------------------------------------ evolve


def on_reference_carried(state: State, event: Any) -> None:  # noqa: ANN401  Any such event.
    """Keep the record for the next day, in force or waiting as at the close."""
    day = market_reference.day_of(state)
    market_reference.add(state.carried_facts.reference, fact_of(event), day)


def on_corporate_action_carried(state: State, event: CorporateActionCarried) -> None:
    state.carried_facts.reference.actions[event.action_id] = fact_of(event)


def on_kill_switch_carried(state: State, event: KillSwitchCarried) -> None:
    state.carried_facts.controls.killed[(event.scope, event.scope_id)] = event.text


def on_risk_limit_carried(state: State, event: RiskLimitCarried) -> None:
    limit = fact_of(event)
    state.carried_facts.controls.limits[limits.key_of(limit)] = limit


def on_allotment_carried(state: State, event: AllotmentCarried) -> None:
    allotment = fact_of(event)
    state.carried_facts.controls.allotments[limits.key_of(allotment)] = allotment


def on_mandate_carried(state: State, event: MandateCarried) -> None:
    state.carried_facts.controls.mandates[event.client_id] = fact_of(event)


def on_restriction_carried(state: State, event: RestrictionCarried) -> None:
    state.carried_facts.controls.restricted[event.instrument_id] = event.set_by


def on_policy_carried(state: State, event: PolicyCarried) -> None:
    state.carried_facts.controls.policy = fact_of(event)


def on_writer_key_carried(state: State, event: WriterKeyCarried) -> None:
    writers.keep(state.carried_facts.controls, fact_of(event))


def on_control_numbers_carried(state: State, event: ControlNumbersCarried) -> None:
    controls = state.carried_facts.controls
    controls.numbers = {entry.source: entry.number for entry in event.numbers}
    controls.closed_day = event.closed_day


def on_positions_carried(state: State, _: PositionsCarried) -> None:
    state.carried_facts.is_whole = True


def on_log_continued(_: State, __: LogContinued) -> None:
    """It names the former log; the other carried events hold the state."""


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    **dict.fromkeys(
        (
            *(InstrumentCarried, TickTableCarried, VenueCarried, FeeScheduleCarried),
            *(CalendarCarried, VolumeCurveCarried),
        ),
        on_reference_carried,
    ),
    CorporateActionCarried: on_corporate_action_carried,
    KillSwitchCarried: on_kill_switch_carried,
    RiskLimitCarried: on_risk_limit_carried,
    AllotmentCarried: on_allotment_carried,
    MandateCarried: on_mandate_carried,
    RestrictionCarried: on_restriction_carried,
    PolicyCarried: on_policy_carried,
    WriterKeyCarried: on_writer_key_carried,
    ControlNumbersCarried: on_control_numbers_carried,
    PositionsCarried: on_positions_carried,
    LogContinued: on_log_continued,
}
FACT_EVENTS = tuple(kind for kind in EVOLVE if kind is not LogContinued)
