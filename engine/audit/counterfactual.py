"""The same day with another strategy: what would it have cost?

The recorded market, reference data, controls and requests are replayed; the recorded reports are
left out, because other children would have got other reports. The venues are the simulated ones, so
runs differ in their decisions and share one fill model: that of the day, if it was simulated, else
the base queue. Impact of our own is not modelled again: a market that our fills moved was recorded
so. The error of that model is measured too: the day is first replayed with nothing changed, and
compared with the recorded one.

On a day that was itself simulated, with the same seed, that first run is the day, byte for byte.

Orders carried in from an earlier day are left out and counted, since a script begins empty.

Signatures were checked when the day was recorded. What was refused for its signature is left out,
and the played policies want none: simulated venues, the close and a changed policy have no keys.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from heapq import merge
from typing import Any

from engine.audit.days import Segment, segments
from engine.core.events import (
    ConfigurationAdopted,
    DayClosed,
    DayOpened,
    Input,
    InputReason,
    InputRejected,
    OrderCarried,
    PolicySet,
    VenueStatusObserved,
)
from engine.log import codec
from engine.log.port import INPUT_TOPICS, SHARED_TOPICS, EngineError, Log, Record
from engine.runtime.shard import Rules
from engine.runtime.shard_log import ShardLog
from engine.simulation.driver import EVERY_PARTITION, Simulation
from engine.simulation.script import Script, Stood, TimedInput
from engine.simulation.venues.fill_model import FillModel, of_settings

REPORTS = "venue-reports"
FIXED = ("policy_id", "set_by", "set_ns")  # Fields of a policy that a what-if cannot set.
UNPROVEN = (InputReason.UNSIGNED, InputReason.WRONG_SIGNATURE)


class CounterfactualError(EngineError):
    """A day can't be replayed as requested; the message has the reason."""


@dataclass(frozen=True, slots=True)
class RecordedDay:
    """A day of a log as a script, with its seed and the number of orders left out."""

    script: Script
    seed: int
    carried_orders: int  # From an earlier day; left out.
    fill_model: FillModel | None = None  # Of a day that was simulated.


@dataclass(slots=True)
class _Reading:
    """Facts collected while a day is read."""

    opened: DayOpened | None = None
    before_ns: int = 0
    carried_orders: int = 0
    fill_model: FillModel | None = None


# ------------------------------------------------------------------------------ from a log


def recorded_day(log: Log, day: int | None) -> RecordedDay:
    """A day of the log; without a date the only one. Raises CounterfactualError."""
    reading = _Reading()
    before_open: list[TimedInput] = []
    market: list[list[TimedInput]] = []
    orders: list[list[TimedInput]] = []
    for number in range(log.partitions):
        part = segment_of(log, number, day)
        found: dict[str, list[TimedInput]] = {topic: [] for topic in INPUT_TOPICS}
        for timed, is_before in _inputs(log, number, part, reading):
            assert timed.stood is not None
            if timed.stood.topic in SHARED_TOPICS:
                if number == 0:  # Every shard read the same ones.
                    (before_open if is_before else found["orders"]).append(timed)
            elif timed.stood.topic != REPORTS:
                found[timed.stood.topic].append(timed)
        market.append(_in_order(found["market-data"]))
        orders.append(_in_order(found["orders"]))
    if reading.opened is None:
        raise CounterfactualError("the day was never opened: there is nothing to replay.")
    before_open.sort(key=lambda timed: 0 if timed.stood and timed.stood.topic == "reference" else 1)
    script = Script(
        day=reading.opened.day,
        close_ns=reading.opened.close_ns,
        before_ns=reading.before_ns,
        before_open=before_open,
        market=list(merge(*market, key=_at_ns)),
        orders=list(merge(*orders, key=_at_ns)),
        is_moved=reading.fill_model is not None and reading.fill_model.impact,
    )
    return RecordedDay(script, reading.opened.seed, reading.carried_orders, reading.fill_model)


def segment_of(log: Log, number: int, day: int | None) -> Segment:
    """The batches of a day. Raises CounterfactualError where there is none, or a choice."""
    known = [part for part in segments(log, number) if part.day is not None]
    wanted = [part for part in known if day in (None, part.day)]
    if len(wanted) == 1:
        return wanted[0]
    days = ", ".join(str(part.day) for part in known) or "none"
    if not wanted:
        raise CounterfactualError(f"day {day}: not in the log, which has {days}.")
    raise CounterfactualError(f"the log has several days: {days}. Name one with --day.")


def _inputs(
    log: Log, number: int, part: Segment, reading: _Reading
) -> Iterator[tuple[TimedInput, bool]]:
    """Each input of a shard up to the day's end, and whether it came before the day's open."""
    is_open = False
    with ShardLog(log, number) as shard_log:
        for seal, _ in shard_log.seals():
            if seal.batch >= part.next:
                return
            inputs = shard_log.inputs(seal, INPUT_TOPICS)
            outputs = shard_log.outputs(seal).get("ingest", ())
            refused = _refused(outputs)
            is_ours = seal.batch >= part.first
            for topic in INPUT_TOPICS:
                if topic not in SHARED_TOPICS and not is_ours:
                    continue
                for record in inputs.get(topic, ()):
                    if (topic, record.position) in refused:
                        continue
                    timed = _timed(topic, number, record, seal.now_ns)
                    if isinstance(timed.event, DayOpened | DayClosed) and not is_ours:
                        continue
                    if isinstance(timed.event, DayClosed):
                        continue  # The driver closes the day itself.
                    if isinstance(timed.event, DayOpened):
                        is_open = True
                        is_first = reading.opened is None or seal.now_ns < reading.before_ns
                        reading.before_ns = seal.now_ns if is_first else reading.before_ns
                        reading.opened = timed.event
                        yield timed, True
                        continue
                    yield timed, not is_open
            for record in outputs:
                if codec.is_a(ConfigurationAdopted, record.value):
                    adopted = codec.decode("ingest", record.value)
                    assert isinstance(adopted, ConfigurationAdopted)
                    reading.fill_model = of_settings(adopted.text)
                if not is_ours and codec.is_a(OrderCarried, record.value):
                    reading.carried_orders += 1


def _refused(outputs: Sequence[Record]) -> set[tuple[str, int]]:
    """Topic and position of each input that a batch refused for its signature."""
    found = (
        codec.decode("ingest", record.value)
        for record in outputs
        if codec.is_a(InputRejected, record.value)
    )
    return {(each.topic, each.position) for each in found if each.reason in UNPROVEN}


def _timed(topic: str, number: int, record: Record, now_ns: int) -> TimedInput:
    """An input as recorded, at its event's time; one that can't be read, at its seal's time."""
    try:
        event: Input | None = codec.decode(topic, record.value)
    except codec.UnreadableError:
        event = None
    is_for_all = isinstance(event, VenueStatusObserved)
    partition = EVERY_PARTITION if is_for_all or topic in SHARED_TOPICS else number
    at_ns = now_ns if topic in SHARED_TOPICS else getattr(event, "received_ns", now_ns)
    timed = TimedInput(at_ns, event, "", Stood(topic, partition, *record[2:]))
    if isinstance(event, PolicySet) and event.signed_topics:
        return _with_policy(timed, replace(event, signed_topics=()))
    return timed


def _with_policy(timed: TimedInput, policy: PolicySet) -> TimedInput:
    assert timed.stood is not None
    return timed._replace(event=policy, stood=timed.stood._replace(value=codec.encode(policy)))


def _in_order(found: list[TimedInput]) -> list[TimedInput]:
    """The inputs of a partition in their order, with times that never go back."""
    last_ns = 0
    ordered: list[TimedInput] = []
    for timed in found:
        last_ns = max(last_ns, timed.at_ns)
        ordered.append(timed._replace(at_ns=last_ns))
    return ordered


def _at_ns(timed: TimedInput) -> int:
    return timed.at_ns


# ---------------------------------------------------------------------------- what is changed


def changed(script: Script, changes: Mapping[str, str]) -> Script:
    """The script with other values in each policy. Raises CounterfactualError for a wrong one."""
    if not changes:
        return script

    def with_policy(timed: TimedInput) -> TimedInput:
        if not isinstance(timed.event, PolicySet) or timed.stood is None:
            return timed
        return _with_policy(timed, other_policy(timed.event, changes))

    return replace(
        script,
        before_open=[with_policy(timed) for timed in script.before_open],
        orders=[with_policy(timed) for timed in script.orders],
    )


def other_policy(policy: PolicySet, changes: Mapping[str, str]) -> PolicySet:
    """A policy with some of its fields as they are written on a command line."""
    names = [each.name for each in fields(policy) if each.name not in FIXED]
    values: dict[str, Any] = {}
    for name, text in changes.items():
        if name not in names:
            raise CounterfactualError(f"--set {name}: expected one of {', '.join(names)}.")
        was = getattr(policy, name)
        try:
            values[name] = type(was)(text.upper()) if isinstance(was, StrEnum) else int(text)
        except ValueError:
            words = ", ".join(type(was)) if isinstance(was, StrEnum) else "a whole number"
            raise CounterfactualError(f"--set {name}={text}: expected {words}.") from None
    return replace(policy, **values)


# --------------------------------------------------------------------------------- the run


def play(
    script: Script,
    rules: Rules,
    seed: int,
    log: Log,
    progress: Callable[[int, int], None] | None = None,
    *,
    fill_model: FillModel | None = None,
) -> bytes:
    """Play a script into an empty log. Returns the chain of the run."""
    venues = replace(fill_model or FillModel(), impact=False).venues(seed)
    return Simulation(log, rules, script, seed=seed, venues=venues).run(progress)
