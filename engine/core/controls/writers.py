"""Writers of inputs and the keys by which their records are told from a stranger's.

A header says who wrote a record, and any process that may write the topic can write any header. So
a writer may have a key: it signs its records, and its public key stands in a dated control. Of the
topics that the policy names, only records are taken that a key in force of their writer has
signed. Admission checks the signature, before any stage sees the record; this module says which key
is in force.

A key is in force from the opening of its day, or at once without one: then its day is the one on
which it was adopted. It replaces the writer's earlier keys for its topics, so a key is changed
without a gap: the next one is adopted for a coming day. A revoked key is gone at once, and its
topics stay as closed as before.

A signature holds for ever, so a signed order could be sent again on another day, when its id is new
again. A new order or an amend of a signed topic is therefore of the open day: it was received after
the day was opened, but for what two clocks may differ. Cancels always pass: one that waited through
the night still ends its order, and one that is sent again can only end one. Between two days no age
is judged.
"""

from dataclasses import replace

from engine.core.events import OrderCancelRequested, WriterKeySet
from engine.core.state.state import Controls, State

KEYS_MAX = 8  # Of one writer; beyond, the one that was adopted first goes.
CLOCKS_DIFFER_NS = 5_000_000_000  # Between an upstream's clock and the calendar's; a guess.


def is_signed_topic(state: State, topic: str) -> bool:
    policy = state.controls.policy
    return policy is not None and topic in policy.signed_topics


def key_in_force(state: State, topic: str, writer: str) -> str:
    """The public key that the writer's records of a topic are signed by; empty if it has none."""
    day = day_of(state)
    found: WriterKeySet | None = None
    for key in state.controls.writer_keys.get(writer, ()):
        is_newer = found is None or key.from_day >= found.from_day
        if topic in key.topics and key.from_day <= day and is_newer:
            found = key
    return "" if found is None else found.public_key


def day_of(state: State) -> int:
    """The day that is open, or the last that closed; 0 before the first."""
    return state.controls.closed_day if state.day is None else state.day.day


def is_of_earlier_day(state: State, request: object, received_ns: int) -> bool:
    """Whether a request that is no cancel was received before the day that is open was opened."""
    day = state.day
    if day is None or isinstance(request, OrderCancelRequested):
        return False
    return received_ns < day.set_ns - CLOCKS_DIFFER_NS


# ------------------------------------------------------------------------------ evolve


def on_writer_key_set(state: State, control: WriterKeySet) -> None:
    keep(state.controls, replace(control, from_day=control.from_day or day_of(state)))


def keep(controls: Controls, control: WriterKeySet) -> None:
    """Give the writer the key, or take it away; one that is set again takes its new terms."""
    held = controls.writer_keys.pop(control.writer, ())
    keys = tuple(key for key in held if key.public_key != control.public_key)
    if not control.revoked:
        keys = (*keys, control)[-KEYS_MAX:]
    if keys:
        controls.writer_keys[control.writer] = keys
