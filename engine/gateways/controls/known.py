"""The ids that a log knows: venues and instruments by reference data, clients by mandates.

A control for an id with a slip of the pen in it binds nothing: the limit, the mandate or the kill
switch is in force for an id that trades nowhere, and the one that was meant goes on.
"""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, NamedTuple

from engine.core.controls import resends, writers
from engine.core.controls.risk import FOR
from engine.core.day import trading_day
from engine.core.events import (
    ControlScope,
    DayClosed,
    DayOpened,
    InstrumentDefined,
    InstrumentHaltSet,
    KillSwitchSet,
    LimitAllotted,
    MandateSet,
    ParentInstructed,
    PolicySet,
    RestrictionSet,
    RiskLimitSet,
    SuspensionLifted,
    VenueDefined,
    WriterKeySet,
)
from engine.core.state.state import State
from engine.gateways.files.controls_file import Control
from engine.gateways.venues.reading import read_all, read_event
from engine.log.headers import Sender, sender_of
from engine.log.port import Log, Record

KIND_OF = {
    ControlScope.CLIENT: "client",
    ControlScope.INSTRUMENT: "instrument",
    ControlScope.VENUE: "venue",
}
SIGNED = "signed topic"  # Without a key in force for it, no record of it would be taken.
SOURCE_OF = {
    "client": "mandate",
    "instrument": "reference data",
    "venue": "reference data",
    SIGNED: "writer key in force",
}


class Known(NamedTuple):
    """The ids of a log, and what else its `controls` say."""

    ids: dict[str, set[str]]  # By kind, of SOURCE_OF.
    positions: dict[Sender, int]  # Of each control, by its sender and number.
    opened_position: int  # Of the last DayOpened; -1 without one.
    day: int  # That is open, or the last that closed; 0 before the first.


def known(log: Log) -> Known:
    """Read `controls` and `reference` to their ends. Raises LogUnavailableError."""
    ids: dict[str, set[str]] = {kind: set() for kind in SOURCE_OF}
    positions: dict[Sender, int] = {}
    opened_position = -1
    keys: dict[tuple[str, str], WriterKeySet] = {}  # By writer and key.
    days = State(shard=0)
    for _, event in every(log, "reference"):
        if isinstance(event, VenueDefined):
            ids["venue"].add(event.venue)
        elif isinstance(event, InstrumentDefined):
            ids["instrument"].add(event.instrument_id)
    for record, event in every(log, "controls"):
        positions[sender_of(record.headers)] = record.position
        if isinstance(event, MandateSet):
            ids["client"].add(event.client_id)
        elif isinstance(event, WriterKeySet):
            keys[event.writer, event.public_key] = event
        elif isinstance(event, DayOpened | DayClosed):
            if isinstance(event, DayOpened):
                opened_position = record.position
            if resends.day_reason(days, event) is None:
                trading_day.FACTS[type(event)](days, event)
    day = writers.day_of(days)
    ids[SIGNED] = signable(keys.values(), day)
    return Known(ids, positions, opened_position, day)


def signable(keys: Iterable[object], day: int) -> set[str]:
    """The topics for which one of these keys is in force; a key of a coming day signs nothing."""
    in_force = (x for x in keys if isinstance(x, WriterKeySet) and not x.revoked)
    return {topic for key in in_force if key.from_day <= day for topic in key.topics}


def every(log: Log, topic: str) -> Iterator[tuple[Record, Any]]:
    """Every record of a shared topic and its event; what cannot be read is left out."""
    reader = log.reader(topic, 0)
    try:
        for record in read_all(reader):
            event = read_event(topic, record)
            if event is not None:
                yield record, event
    finally:
        reader.close()


def unknown_ids(controls: Iterable[Control], found: Known) -> list[str]:
    """A sentence for each id that neither the log nor another of these controls knows."""
    controls, ids = list(controls), found.ids
    clients = {x.client_id for x in controls if isinstance(x, MandateSet)}
    signed = signable(controls, found.day)
    told = {**ids, "client": ids["client"] | clients, SIGNED: ids[SIGNED] | signed}
    wrong = dict.fromkeys(
        (kind, name)
        for control in controls
        for kind, name in named_in(control)
        if name not in told[kind]
    )
    return [_sentence(kind, name, told[kind]) for kind, name in wrong]


def named_in(control: Control) -> Iterator[tuple[str, str]]:
    """The (kind, id) pairs that a control names, but for the client of a mandate, who is new."""
    if isinstance(control, KillSwitchSet | RiskLimitSet | LimitAllotted | SuspensionLifted):
        kind = KIND_OF.get(control.scope)
        name, *_ = control.scope_id.split(FOR, 1) if kind == "venue" else [control.scope_id]
        if kind is not None and name:  # A venue's stop may be for one instrument.
            yield kind, name
    elif isinstance(control, RestrictionSet | InstrumentHaltSet):
        yield "instrument", control.instrument_id
    elif isinstance(control, ParentInstructed) and control.venue:
        yield "venue", control.venue
    elif isinstance(control, MandateSet):
        yield from (("venue", venue) for venue in control.excluded_venues)
    elif isinstance(control, PolicySet):
        yield from ((SIGNED, topic) for topic in control.signed_topics)


def _sentence(kind: str, name: str, ids: set[str]) -> str:
    near = get_close_matches(name, sorted(ids), 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{kind} {name}: no {SOURCE_OF[kind]} of this log knows it{hint}"
