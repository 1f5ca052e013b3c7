"""Admission: the checks on a record before a shard takes it.

An admitted record can be decoded, has its instrument's key, is on that key's partition, and
describes what can be (`core.controls.input_limits`). Its header names the sender that its body
names. Any other record gives a `RejectedInput`: it changes nothing, and its bytes go to the dlq. A
record that cannot be read and has no sender is a stranger's: every writer that may be relied on
names itself, so it stops none of them. Where the policy wants a topic signed, a record without its
writer's signature is a stranger's too, whatever name it states (`core.controls.writers`). The live
loop and verification judge here. Recovery reads the judgement from the log, so a release that
judges otherwise recovers an older one's day.
"""

from dataclasses import replace
from typing import Any

from engine.core.controls import input_limits, resends, writers
from engine.core.controls.rejected_input import RejectedInput
from engine.core.events import InputReason
from engine.core.partition import partition_of
from engine.core.state.state import State
from engine.log import codec, signatures
from engine.log.headers import NAME_CHARS_MAX, sender_of
from engine.log.port import SHARED_TOPICS, Record

# The field of each record that names its sender, as the header does.
BODY_SENDER = {"orders": "source", "venue-reports": "venue"}
UNREAD = (InputReason.UNREADABLE, InputReason.UNKNOWN_SCHEMA, InputReason.TOO_LARGE)
# And in the records of a signed topic, the writer that the header names.
BODY_WRITER = {**BODY_SENDER, "market-data": "venue"}
KEYS_MAX = 100_000  # Of which the partition is remembered; hostile keys are without end.


class Admission:
    def __init__(self, number: int, partitions: int) -> None:
        self._number = number
        self._partitions = partitions
        self._partition_of_key: dict[bytes, int] = {}

    def admit(self, topic: str, record: Record, state: State | None = None) -> Any:  # noqa: ANN401  Any of the inputs.
        """The event in a record, or a RejectedInput that names the reason.

        Without a state its signature is not judged.
        """
        if state is not None and not writers.is_signed_topic(state, topic):
            state = None
        if state is not None:
            stranger = _unsigned(state, topic, record)
            if stranger is not None:
                return stranger
        try:
            event = codec.decode(topic, record.value)
        except codec.UnreadableError as error:
            return rejected(topic, record, error.reason, str(error))
        if state is not None:
            claimed = _claim(state, topic, record, event)
            if claimed:
                return rejected(topic, record, InputReason.WRONG_SIGNATURE, claimed)
        instrument_id = getattr(event, "instrument_id", None)
        if topic not in SHARED_TOPICS and instrument_id is not None:  # Else it is for every shard.
            misplaced = self._misplaced(topic, record, instrument_id)
            if misplaced is not None:
                return misplaced
        if topic in BODY_SENDER:
            named = _sender_flaw(record, BODY_SENDER[topic], getattr(event, BODY_SENDER[topic]))
            if named:
                return implausible(topic, record, event, named)
        flaw = input_limits.flaw(event)
        return implausible(topic, record, event, flaw) if flaw else event

    def _misplaced(self, topic: str, record: Record, instrument_id: str) -> RejectedInput | None:
        key = record.key
        if key is None or key != instrument_id.encode():
            text = f"the key is {key!r:.80}, expected the instrument_id {instrument_id!r:.80}"
            return rejected(topic, record, InputReason.WRONG_KEY, text)
        partition = self._partition_of_key.get(key)
        if partition is None:
            partition = partition_of(key, self._partitions)
            if len(self._partition_of_key) < KEYS_MAX:
                self._partition_of_key[key] = partition
        if partition == self._number:
            return None
        text = (
            f"partition {self._number}, expected {partition}: murmur2 of the key "
            f"modulo {self._partitions}; see docs/upstream.md"
        )
        return rejected(topic, record, InputReason.WRONG_PARTITION, text)


def is_of_stranger(state: State, topic: str, record: Record, event: Any | None) -> bool:  # noqa: ANN401
    """Whether the shards refuse a record for its signature; its event is None if it has none.

    For processes that read inputs themselves. `state` holds the keys and the policy.
    """
    if not writers.is_signed_topic(state, topic):
        return False
    if _unsigned(state, topic, record) is not None:
        return True
    return event is not None and bool(_claim(state, topic, record, event))


def _unsigned(state: State, topic: str, record: Record) -> RejectedInput | None:
    """The rejection of a record that no key in force of its writer has signed; else None."""
    writer = sender_of(record.headers).name
    if not signatures.signature_of(record.headers):
        text = f"{topic} is signed, by the policy, and this record of {writer!r:.80} is not"
        return rejected(topic, record, InputReason.UNSIGNED, text)
    key = writers.key_in_force(state, topic, writer)
    if key and signatures.is_signed_by(key, topic, record.key, record.headers, record.value):
        return None
    found = "its signature is not that of the key in force" if key else "it has no key in force"
    text = f"{writer!r:.80} states that it wrote this record of {topic}, and {found}"
    return rejected(topic, record, InputReason.WRONG_SIGNATURE, text)


def _claim(state: State, topic: str, record: Record, event: Any) -> str:  # noqa: ANN401
    """The fault of a signed record that may be another's, or sent again; empty if none."""
    writer, number = sender_of(record.headers)
    named = getattr(event, BODY_WRITER.get(topic, "set_by"), writer)
    if named[:NAME_CHARS_MAX] != writer:
        return f"it is {named!r:.80}'s by its own word, and {writer!r:.80} has signed it"
    if topic == "controls" and number == resends.UNKNOWN_NUMBER:
        return "it has no number, and could be sent again at any time; number the controls upwards"
    received_ns = getattr(event, "received_ns", None) if topic == "orders" else None
    if received_ns is not None and writers.is_of_earlier_day(state, event, received_ns):
        return (
            f"received_ns is {received_ns}, before the day was opened: a request of an earlier day "
            "that was sent again"
        )
    return ""


def _sender_flaw(record: Record, field: str, named: str) -> str:
    """The fault of a record whose header names another sender than its body; empty if none.

    A readable record without the header has its sender in the body; a body that names none is
    refused for that.
    """
    found = sender_of(record.headers).name
    if not found or not named or found == named[:NAME_CHARS_MAX]:
        return ""
    return (
        f"{field} is {named!r:.80}, and the header names {found!r:.80}; a writer states its own "
        "name in both"
    )


def rejected(topic: str, record: Record, reason: InputReason, text: str) -> RejectedInput:
    """A record that is not admitted, with its reason and the sender that its headers name."""
    source, number = sender_of(record.headers)
    if not source and topic not in SHARED_TOPICS and reason in UNREAD:
        reason, text = InputReason.UNATTRIBUTED, f"no header names its sender: {text}"
    # The key of a control is no instrument: a fault there suspends all routes.
    key = b"" if topic in SHARED_TOPICS else record.key or b""
    return RejectedInput(
        topic=topic,
        position=record.position,
        source=source,
        number=number,
        instrument_id=key.decode(errors="replace")[:NAME_CHARS_MAX],
        reason=reason,
        text=text,
    )


def implausible(topic: str, record: Record, event: Any, flaw: str) -> RejectedInput:  # noqa: ANN401
    """A record that can be decoded but describes what cannot be; its own venue is its sender.

    A venue that a control names is what it is about.
    """
    found = rejected(topic, record, InputReason.INVALID, flaw)
    venue = "" if topic == "controls" else getattr(event, "venue", "")
    return replace(
        found,
        source=venue[:NAME_CHARS_MAX] or found.source,
        is_harmless=topic == "orders"  # What it asked for is known, and refused.
        or (topic in SHARED_TOPICS and not isinstance(event, input_limits.FORBIDDING)),
    )
