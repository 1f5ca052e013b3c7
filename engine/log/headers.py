"""The sender of an input record and the rejection of a dead letter, as the headers name them.

`source` holds the sender's name; in what a venue reports, `venue` holds it instead. `number` is the
sender's own number for the record. So a record that cannot be decoded still has a sender, and the
sender can find it. A dead letter has its input's sender, and `topic`, `position` and `reason`
besides. Any process may write these headers: what cannot be read counts as unknown.
"""

from typing import NamedTuple

from engine.log.port import Headers

SOURCE = "source"
VENUE = "venue"
NUMBER = "number"
TOPIC = "topic"
POSITION = "position"
REASON = "reason"
UNKNOWN_NUMBER = -1
NUMBER_DIGITS_MAX = 18  # More than any event or BIGINT could hold is unknown.
NAME_CHARS_MAX = 200


class Sender(NamedTuple):
    """A record's sender, and the sender's own number for the record."""

    name: str  # Empty if unknown.
    number: int  # UNKNOWN_NUMBER if unknown.


class Rejection(NamedTuple):
    """The topic and position of a rejected input, and the reason of its rejection."""

    topic: str  # Empty if unknown, as the reason.
    position: int  # UNKNOWN_NUMBER if unknown.
    reason: str

    @property
    def is_known(self) -> bool:
        return bool(self.topic and self.reason) and self.position != UNKNOWN_NUMBER


def sender_headers(name: str, number: int, *, header: str = SOURCE) -> Headers:
    """The headers of a record of this sender; `header` is SOURCE or VENUE."""
    return (header, name.encode()), (NUMBER, str(number).encode())


def known_headers(sender: Sender) -> Headers:
    """The headers of a sender, without those whose value is unknown."""
    name, number = sender_headers(*sender)
    is_numbered = sender.number != UNKNOWN_NUMBER
    return (*((name,) if sender.name else ()), *((number,) if is_numbered else ()))


def sender_of(headers: Headers) -> Sender:
    """The sender that a record's headers name; of a header that is repeated the last one counts."""
    values = dict(headers)
    name = (values.get(SOURCE) or values.get(VENUE) or b"").decode(errors="replace")
    return Sender(name[:NAME_CHARS_MAX], _number(values.get(NUMBER, b"")))


def rejection_headers(rejection: Rejection) -> Headers:
    """The headers of a dead letter, beside its sender's."""
    return (
        (TOPIC, rejection.topic.encode()),
        (POSITION, str(rejection.position).encode()),
        (REASON, rejection.reason.encode()),
    )


def rejection_of(headers: Headers) -> Rejection:
    """The rejection that a dead letter's headers name."""
    values = dict(headers)
    topic = values.get(TOPIC, b"").decode(errors="replace")
    reason = values.get(REASON, b"").decode(errors="replace")
    return Rejection(topic, _number(values.get(POSITION, b"")), reason)


def _number(digits: bytes) -> int:
    is_known = digits.isdigit() and len(digits) <= NUMBER_DIGITS_MAX  # Of bytes: ASCII alone.
    return int(digits) if is_known else UNKNOWN_NUMBER
