"""An event is made from another by the names of its fields."""

from dataclasses import dataclass, fields

import pytest

from engine.core.events import OrderAccepted, OrderCarried, OrderSubmitted
from engine.core.field_copy import copier, field_names
from engine.core.orders.good_till_cancel import TERMS


@dataclass(frozen=True, kw_only=True)
class Asked:
    seq: int = 7
    qty: int
    remark: str


@dataclass(frozen=True, kw_only=True)
class Answered:
    seq: int = -1
    remark: str
    qty: int
    px: int


def test_what_is_judged_is_given_and_all_else_is_copied_but_the_envelope() -> None:
    answer = copier(Asked, Answered, "qty", "px")
    made = answer(Asked(qty=5, remark="r"), qty=3, px=9)
    assert made == Answered(seq=-1, remark="r", qty=3, px=9)


def test_a_field_that_comes_from_nowhere_is_named_at_once() -> None:
    with pytest.raises(TypeError, match="Answered has px, which Asked has not; add the field"):
        copier(Asked, Answered, "qty")


def test_a_judged_field_must_be_given() -> None:
    with pytest.raises(TypeError, match="px"):
        copier(Asked, Answered, "px")(Asked(qty=5, remark="r"))


def test_an_order_comes_back_from_its_carried_record_as_it_was_accepted() -> None:
    said = {field.name: f"<{field.name}>" for field in fields(OrderCarried)}
    terms = TERMS(OrderCarried(**said), start_ns=0, end_ns=0, value_px=0)  # type: ignore[arg-type]
    for name in set(field_names(OrderAccepted)) - {"start_ns", "end_ns", "value_px"}:
        assert getattr(terms, name) == f"<{name}>"
    assert terms.seq == -1


def test_every_field_of_a_request_is_in_the_accepted_and_the_carried_order() -> None:
    asked = set(field_names(OrderSubmitted)) - {"poss_resend"}  # Of the message, not the order.
    assert asked <= set(field_names(OrderAccepted))
    assert asked - {"start_ns", "end_ns"} <= set(field_names(OrderCarried))
