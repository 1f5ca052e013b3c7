"""The part of one limit that each shard may spend, as far as the log proves it.

A shard's receipt says what it may accept in a day and what it has accepted; until it gets another
part it can spend the higher of the two, and no more. A part that was written and is not answered
yet may be in force already or not, so it counts beside the receipt, whichever is higher. Parts are
raised only from what these bounds leave of the limit. Hence the sum of what the shards may spend
never exceeds it, in whatever order they read: what is taken from one is given to another only after
the first has answered.

A lower limit takes back by itself what was not spent. Until the answers to it show that the shards
are within it, nothing is written: a part that was meant to lower one would raise a shard that has
applied the limit already, while a slow one still spends under the former limit.

A shard that has not answered this run's records can have any amount, so nothing is given to others
until it has. A new day sets what was spent back to nothing, in one shard before another; nothing is
given until all of them have answered from the new day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from engine.core.units import NS_PER_S
from engine.gateways.allotter.division import Need, targets

WANT_NS = 5 * NS_PER_S  # A refused order that was not sent again by then is forgotten.
RECENT_NS = 10 * NS_PER_S  # What was accepted before counts half.
UNKNOWN_POSITION = -1


@dataclass(slots=True)
class Unanswered:
    """A part that was written, and that its shard has not answered."""

    number: int  # The sender's.
    allotted_cur: int
    position: int = UNKNOWN_POSITION  # In `controls`, once it was read back.


@dataclass(slots=True)
class Part:
    """One shard's part; whole currency units."""

    answered_position: int = UNKNOWN_POSITION  # Of its newest receipt for a record of this run.
    allotted_cur: int = 0  # By the newest receipt.
    spent_cur: int = 0  # By the newest receipt.
    seen_cur: int = 0  # Spent by the newest receipt and the orders accepted since: for needs only.
    recent_cur: int = 0
    wanted_cur: int = 0
    wanted_ns: int = 0
    unanswered: list[Unanswered] = field(default_factory=list)

    @property
    def is_known(self) -> bool:
        return self.answered_position != UNKNOWN_POSITION

    @property
    def bound_cur(self) -> int:
        """The most that the shard can have spent at the day's end. The part is known."""
        waiting = (one.allotted_cur for one in self.unanswered)
        return max(self.allotted_cur, self.spent_cur, *waiting)

    def need(self, now_ns: int) -> Need:
        is_wanted = now_ns - self.wanted_ns < WANT_NS
        return Need(self.seen_cur, self.recent_cur, self.wanted_cur if is_wanted else 0)

    def is_short(self, need: Need, target_cur: int) -> bool:
        """Whether a refused order waits for more, or less than half of its share is left."""
        left_cur = max(0, self.allotted_cur - need.spent_cur)
        return need.wanted_cur > left_cur or 2 * left_cur < target_cur - need.spent_cur


@dataclass(slots=True)
class Account:
    """One limit, and the parts of all shards."""

    parts: list[Part]
    limit_cur: int | None = None  # In force at the end of what was read of `controls`.
    since_position: int = 0  # Receipts for earlier controls do not count for gifts.
    halved_ns: int = 0

    # What the log says.

    def on_read_back(self, shard: int, number: int, position: int, *, is_effective: bool) -> None:
        """Take the place of an own record; one that no shard applies is as if never written."""
        part = self.parts[shard]
        for one in part.unanswered:
            if one.number == number and one.position == UNKNOWN_POSITION:
                one.position = position
                if not is_effective:
                    part.unanswered.remove(one)
                return

    def on_receipt(
        self, shard: int, position: int, allotted_cur: int, spent_cur: int, *, is_own: bool
    ) -> None:
        """Take what a shard says of the moment after the control at that position.

        A part is known by the answer to a record of this run: it proves that the shard ignores all
        that an older run may still write.
        """
        part = self.parts[shard]
        if not (is_own or part.is_known) or position <= part.answered_position:
            return
        part.answered_position = position
        part.allotted_cur = max(0, allotted_cur)
        part.spent_cur = part.seen_cur = spent_cur
        part.unanswered = [
            one
            for one in part.unanswered
            if one.position == UNKNOWN_POSITION or one.position > position
        ]

    def on_accepted(self, shard: int, notional_cur: int) -> None:
        part = self.parts[shard]
        part.seen_cur += notional_cur
        part.recent_cur += notional_cur
        if notional_cur >= part.wanted_cur:
            part.wanted_cur = 0

    def on_refused(self, shard: int, asked_cur: int, now_ns: int) -> None:
        part = self.parts[shard]
        part.wanted_cur = asked_cur
        part.wanted_ns = now_ns

    # What is to be done.

    def moves(self, now_ns: int) -> list[tuple[int, int]]:
        """The next parts to write, as (shard, whole currency units)."""
        self._halve(now_ns)
        bound_cur = self.bound_cur
        if self.limit_cur is None or not self._is_answered():
            return []
        if bound_cur is None or bound_cur > self.limit_cur:
            return []
        needs = [part.need(now_ns) for part in self.parts]
        wanted = targets(self.limit_cur, needs)
        if not any(
            part.is_short(need, target_cur)
            for part, need, target_cur in zip(self.parts, needs, wanted, strict=True)
        ):
            return []
        gifts = list(self._gifts(wanted, needs))
        is_enough = {shard for shard, _ in gifts} >= {
            shard for shard in self._open() if wanted[shard] > self.parts[shard].bound_cur
        } and all(amount == wanted[shard] for shard, amount in gifts)
        return gifts if is_enough else [*self._taken(wanted), *gifts]

    def sent(self, shard: int, number: int, allotted_cur: int) -> None:
        """A part is about to be written."""
        self.parts[shard].unanswered.append(Unanswered(number, allotted_cur))

    @property
    def bound_cur(self) -> int | None:
        """The most that all shards together can have spent at the day's end; None if unknown."""
        if not all(part.is_known for part in self.parts):
            return None
        return sum(part.bound_cur for part in self.parts)

    def _is_answered(self) -> bool:
        """Whether all that was asked is answered: a lost shard stops gifts, and takes nothing."""
        return all(
            part.is_known and part.answered_position >= self.since_position for part in self.parts
        )

    def _open(self) -> Iterator[int]:
        """The shards without an unanswered part."""
        return (number for number, part in enumerate(self.parts) if not part.unanswered)

    def _gifts(self, wanted: Sequence[int], needs: Sequence[Need]) -> Iterator[tuple[int, int]]:
        """Raised parts, from what is free; a refused order's shard comes first."""
        assert self.limit_cur is not None, "only a limit is divided"
        free_cur = self.limit_cur - (self.bound_cur or 0)
        for shard in sorted(self._open(), key=lambda number: -needs[number].wanted_cur):
            part = self.parts[shard]
            amount_cur = min(wanted[shard], part.bound_cur + max(0, free_cur))
            if amount_cur > part.allotted_cur:
                free_cur -= max(0, amount_cur - part.bound_cur)
                yield shard, amount_cur

    def _taken(self, wanted: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Lowered parts; what they free is given when their shards have answered."""
        for shard in self._open():
            if wanted[shard] < self.parts[shard].allotted_cur:
                yield shard, wanted[shard]

    def _halve(self, now_ns: int) -> None:
        if now_ns - self.halved_ns >= RECENT_NS:
            self.halved_ns = now_ns
            for part in self.parts:
                part.recent_cur //= 2
