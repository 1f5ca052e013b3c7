"""The place of a resting child in its queue, which no tape shows: three assumptions about it.

A quote states the whole size at a price, not the orders in it. When the size falls by more than was
printed there, the rest was cancelled, ahead of our child or behind it:

- `PESSIMISTIC`: behind it, as long as there can be something behind. The queue shortens by prints,
  and to the size still displayed.
- `BASE`: uniformly over the queue, so a part `ahead / displayed` of it was ahead. Source: the naive
  assumption of Databento's "Queue position of an order" (databento.com/docs, by depth alone), and
  the identity function of hftbacktest's queue model by probability; both take prints out of the
  change first, as it is done here.
- `OPTIMISTIC`: ahead of it, as long as there is something ahead.

Databento notes that real cancels come more often from behind than uniformly, and hftbacktest's
risk-averse queue model is the pessimistic one; so the truth is expected between the first two, and
the third is a bound. A child that rested deeper in the book before its price became the best has
behind it what is displayed then (optimistic), half of it (base; guess) or nothing (pessimistic).

The queue is never negative, and for the same tape never longer under a later assumption of the
three: each rule grows with the queue before, and at one queue the rules are in that order.
"""

from enum import StrEnum


class Queue(StrEnum):
    """Assumption about the place of cancels in a queue, from the worst for us to the best."""

    PESSIMISTIC = "pessimistic"
    BASE = "base"
    OPTIMISTIC = "optimistic"


def found(assumed: Queue, shown_qty: int) -> int:
    """Size ahead of a child that rested already when its price became the best."""
    if assumed is Queue.PESSIMISTIC:
        return shown_qty
    return 0 if assumed is Queue.OPTIMISTIC else shown_qty - shown_qty // 2  # The half, rounded up.


def after_cancels(
    assumed: Queue, ahead_qty: int, *, left_qty: int, gone_qty: int, shown_qty: int
) -> int:
    """Size ahead once `gone_qty` was cancelled of the `left_qty` that prints had left.

    `shown_qty` is displayed now; what is ahead is part of it. Base rounds what was cancelled ahead
    down: the queue is never understated.
    """
    if assumed is Queue.OPTIMISTIC:
        ahead_qty = max(0, ahead_qty - gone_qty)
    elif assumed is Queue.BASE and left_qty:
        ahead_qty -= gone_qty * min(ahead_qty, left_qty) // left_qty
    return min(ahead_qty, shown_qty)
