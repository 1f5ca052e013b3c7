"""The records of `controls` and `reference` that the shards take; the others change no day.

Each record is judged as admission judges it, by the days, keys and policy that the controls before
it have set: a flawed one, a stranger's and a control that was sent again are passed by. Shards read
the two topics side by side, so here they are merged by their times: reference data that was loaded
before the policy wanted it signed still counts. Within a topic nothing is moved, so a stranger's
record with a false time is still judged after every signed one that lies before it.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import merge
from typing import Any

from engine.core.controls import input_limits, resends, risk
from engine.core.day import trading_day
from engine.core.events import DayClosed, DayOpened, PolicySet, WriterKeySet
from engine.core.state.state import State
from engine.gateways.venues.reading import CONTROLS, REFERENCE, read_event
from engine.log.headers import sender_of
from engine.log.port import Record
from engine.runtime.admission import is_of_stranger

# Folded as the shards fold them: a day, and whose controls count.
FOLDED: Mapping[type, Callable[[State, Any], None]] = {
    DayOpened: trading_day.FACTS[DayOpened],
    DayClosed: trading_day.FACTS[DayClosed],
    **{kind: risk.FACTS[kind] for kind in (PolicySet, WriterKeySet)},
}

_log = logging.getLogger(__name__)


class Admitted:
    """The controls as the shards have applied them."""

    def __init__(self) -> None:
        self._state = State(shard=0)  # The day, the keys and the senders' numbers.

    def of(self, controls: Iterable[Record], reference: Iterable[Record]) -> Iterator[Any]:
        """The events of the next records that count, in the order of both topics."""
        both = (
            ((CONTROLS, record) for record in controls),  # Of equal times the control comes first.
            ((REFERENCE, record) for record in reference),
        )
        for topic, record in merge(*both, key=lambda found: found[1].timestamp_ms):
            event = self._judge(topic, record)
            if event is not None:
                yield event

    def _judge(self, topic: str, record: Record) -> Any:  # noqa: ANN401  One of the catalogue's events.
        """The event of a record; None if it has no effect."""
        event = read_event(topic, record)
        if event is None:
            return None
        source, number = sender_of(record.headers)
        if is_of_stranger(self._state, topic, record, event):
            text = "%s position %d is not signed by its writer %r: passed by"
            _log.error(text, topic, record.position, source)
            return None
        flaw = input_limits.flaw(event)
        if flaw:
            _log.warning("%s position %d is refused: %s", topic, record.position, flaw)
            return None
        if topic == CONTROLS:
            if resends.ignored(self._state, event, source, number):
                return None
            resends.on_control(self._state, source, number)
            if type(event) in FOLDED:
                FOLDED[type(event)](self._state, event)
        return event
