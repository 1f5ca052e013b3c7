"""What the headers of a record say of its sender, and of the sender's own number for it."""

from engine.log.port import Headers, Record

UNKNOWN_NUMBER = -1
NUMBER_DIGITS_MAX = 18  # Of a sender's own number; more than any event could hold is unknown.
SOURCE_CHARS_MAX = 200


def headers(sender: str, number: int) -> Headers:
    return ("source", sender.encode()), ("number", str(number).encode())


def sender(record: Record) -> tuple[str, int]:
    """Writer and its own number from the headers; ("", -1) where they do not say."""
    named = dict(record.headers)
    found = named.get("source") or named.get("venue") or b""
    source = found.decode(errors="replace")[:SOURCE_CHARS_MAX]
    number = (named.get("number") or b"").decode(errors="replace")
    is_known = number.isascii() and number.isdigit() and len(number) <= NUMBER_DIGITS_MAX
    return source, int(number) if is_known else UNKNOWN_NUMBER
