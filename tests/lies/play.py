"""A player of short stories: what clients, venues and people say, line by line, to a real shard.

    order A buy 500 limit=99.95
    fill 200 id=E1
    & cancel A
    canceled

A line is one round; a line that begins with `&` belongs to the round of the line before it. The
venue of the stories counts as a true venue does: a report has the cumulative and the open quantity
of its child, unless the line gives others (`cum=`, `leaves=`). A report is on the newest child, or
on the n-th one by `child=n`. The answer names an order and its quantities, or counts events since
the story began or since its line `mark`:

    A cum=200 leaves=0 status=CANCELED
    error=0 exposure=0 breaks= ChildRouted=1
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from world import (
    CLOSE_NS,
    DAY,
    HOUR,
    OPEN_NS,
    SECOND,
    World,
    amend,
    at_once,
    break_settled,
    bust,
    cancel,
    cancel_rejected,
    children,
    correction,
    day_closed,
    day_opened,
    fill_report,
    fills,
    halt,
    kill,
    lift,
    mandate,
    not_sent,
    order,
    parents,
    policy,
    px,
    quote,
    report,
    restriction,
    send_started,
    session,
    trade,
    trading,
)

from engine.core import events as e
from engine.core.state.model import Child

UNITS_NS = {"ms": SECOND // 1_000, "s": SECOND, "m": 60 * SECOND, "h": HOUR}


class Lie(NamedTuple):
    """A story, and the right answer to it."""

    sentence: str  # What must be true; the test's name.
    told: str
    answer: str

    def __str__(self) -> str:
        return self.sentence


class Words(NamedTuple):
    """A line: its command, the words after it, and its options."""

    command: str
    words: Sequence[str]
    options: dict[str, str]

    def number(self, name: str, otherwise: int) -> int:
        return int(self.options.get(name, otherwise))

    def price(self, name: str, otherwise: int | None = None) -> int | None:
        return px(float(self.options[name])) if name in self.options else otherwise


def words_of(line: str) -> Words:
    command, *rest = line.split()
    options = dict(word.split("=", 1) for word in rest if "=" in word)
    return Words(command, [word for word in rest if "=" not in word], options)


class Story:
    """A world, and the venues' own count of each child."""

    def __init__(self, *more: Any) -> None:  # noqa: ANN401  Inputs of the morning.
        self.world: World = trading(policy(router=e.Router.SEQUENTIAL), *more)
        self.marked = len(self.world.history())
        self.reports = 0
        self.cum_qty: Counter[str] = Counter()
        self.seen: dict[str, Child] = {}
        self.day = DAY

    def play(self, told: str) -> None:
        waiting: list[Any] = []
        after_ns = 0
        for line in filter(None, map(str.strip, told.splitlines())):
            is_more = line.startswith("& ")
            if not is_more and (waiting or after_ns):
                self.world.when(*waiting, after_ns=after_ns)
                waiting, after_ns = [], 0
            words = words_of(line.removeprefix("& "))
            if words.command == "wait":
                after_ns += duration_ns(words.words[0])
            elif words.command == "mark":
                self.marked = len(self.world.history())
            else:
                said, later_ns = SAYS[words.command](self, words)
                waiting += said
                after_ns += later_ns
        self.world.when(*waiting, after_ns=after_ns)

    def child(self, words: Words) -> Child:
        """The child that a line speaks of: by its number, else the newest."""
        self.seen |= children(self.world.state)  # Also those that a close has forgotten.
        known = list(self.seen.values())
        known.sort(key=lambda child: int(child.child_id.split("-")[1]))
        return known[words.number("child", len(known)) - 1]

    def counted(self, child: Child, words: Words, last_qty: int = 0, *, ends: bool = False) -> Any:  # noqa: ANN401
        """The fields of a report that its venue counts."""
        self.reports += 1
        self.cum_qty[child.child_id] += last_qty
        cum_qty = words.number("cum", self.cum_qty[child.child_id])
        leaves_qty = 0 if ends else max(0, child.terms.child_qty - cum_qty)
        return {
            "exec_id": words.options.get("id", f"R{self.reports}"),
            "cum_qty": cum_qty,
            "leaves_qty": words.number("leaves", leaves_qty),
            "session_day": words.number("day", self.day),
        }


def duration_ns(text: str) -> int:
    unit = "ms" if text.endswith("ms") else text[-1]
    return int(text.removesuffix(unit)) * UNITS_NS[unit]


Said = tuple[list[Any], int]  # Inputs, and so much later than the line before, ns.


def says_order(_: Story, words: Words) -> Said:
    """`order ID buy|sell QTY [limit=] [client=] [gtc|ioc|fok] [slow] [resend] [FIELD=]`.

    All at once, unless it is slow.
    """
    cl_ord_id, side, qty = words.words[:3]
    said: dict[str, Any] = {
        "side": e.Side[side.upper()],
        "limit_px": words.price("limit"),
        "client_id": words.options.get("client", "c1"),
    }
    if "gtc" in words.words:
        said["time_in_force"] = e.TimeInForce.GTC
    said |= further_terms(words)
    for immediacy in (e.Immediacy.IOC, e.Immediacy.FOK):
        if immediacy.lower() in words.words:
            said |= {"immediacy": immediacy, "must_complete": False, "end_ns": None}
    built = order if "slow" in words.words else at_once
    return [built(cl_ord_id, int(qty), **said)], 0


def further_terms(words: Words) -> dict[str, Any]:
    """The terms of an order or an amend that are options by name."""
    options = words.options
    said: dict[str, Any] = {"poss_resend": "resend" in words.words}
    said |= {x: options[x] for x in ("account", "locate_id") if x in options}
    if "instrument" in options:
        said["instrument_id"] = options["instrument"]
    said |= {x: int(options[x]) for x in ("display_qty", "settl_date") if x in options}
    if "end" in options:
        said["end_ns"] = OPEN_NS + HOUR + duration_ns(options["end"])
    if "marking" in options:
        said["sale_marking"] = e.SaleMarking[options["marking"].upper()]
    if "return_on_halt" in words.words:
        said["return_on_halt"] = True
    return said


def says_amend(_: Story, words: Words) -> Said:
    """`amend ID [qty=] [limit=] [as=ID] [market|limit] [day|gtc|ioc] [resend] [FIELD=]`."""
    qty = words.options.get("qty")
    said: dict[str, Any] = {
        "order_qty": None if qty is None else int(qty),
        "limit_px": words.price("limit"),
    }
    if "as" in words.options:
        said["cl_ord_id"] = words.options["as"]
    kinds = (e.OrderType, e.TimeInForce, e.Immediacy)
    for kind, name in zip(kinds, ("order_type", "time_in_force", "immediacy"), strict=True):
        for word in words.words[1:]:
            if word.upper() in kind.__members__:
                said[name] = kind[word.upper()]
    if "side" in words.options:
        said["side"] = e.Side[words.options["side"].upper()]
    return [amend(words.words[0], **said, **further_terms(words))], 0


def says_cancel(_: Story, words: Words) -> Said:
    said: dict[str, Any] = {"poss_resend": "resend" in words.words}
    if "as" in words.options:
        said["cl_ord_id"] = words.options["as"]
    return [cancel(words.words[0], **said)], 0


def says_fill(story: Story, words: Words) -> Said:
    """`fill QTY [px=] [id=] [cum=] [leaves=] [child=] [day=] [avg=] [side=] [instrument_id=]`."""
    child, qty = story.child(words), int(words.words[0])
    said = story.counted(child, words, qty)
    said["last_px"] = words.price("px", child.terms.limit_px)
    if "avg" in words.options:
        said["avg_px"] = words.price("avg")
    if "side" in words.options:
        said["side"] = e.ReportedSide[words.options["side"]]
    if "instrument_id" in words.options:
        said["instrument_id"] = words.options["instrument_id"]
    return [fill_report(child, qty, **said)], 0


def says_settle(story: Story, words: Words) -> Said:
    """`settle REASON [error= px=]`: a person settles the oldest open break of that reason."""
    found = story.world.state.breaks.items()
    break_id = next(name for name, x in found if x.reason == words.words[0])
    error_qty = words.number("error", 0)
    said = {"error_qty": error_qty, "error_px": words.price("px"), "instrument_id": "AAPL"}
    return [break_settled(break_id, **said) if error_qty else break_settled(break_id)], 0


def says_stranger(story: Story, words: Words) -> Said:
    """`stranger not_sent|cancel_rejected`: a gateway's report on no child of ours."""
    kinds = {"not_sent": not_sent, "cancel_rejected": cancel_rejected}
    return [kinds[words.words[0]](story.child(words), child_id="stranger")], 0


def says_end(story: Story, words: Words) -> Said:
    """`acked`, `canceled`, `expired`, `rejected`, `done_for_day`, `unknown`."""
    child = story.child(words)
    kind = e.ExecType.NEW if words.command == "acked" else e.ExecType[words.command.upper()]
    said = story.counted(child, words, ends=kind not in (e.ExecType.NEW, e.ExecType.UNKNOWN))
    return [report(child, kind, **said)], 0


def says_asked(story: Story, words: Words) -> Said:
    """`status`, `unknown_order`: the venue's answer when it is asked for a child."""
    child = story.child(words)
    kind = e.ExecType[words.command.upper()]
    return [report(child, kind, **story.counted(child, words))], 0


def says_sent(story: Story, words: Words) -> Said:
    return [send_started(story.child(words), started_ns=story.world.now_ns)], 0


def says_session(story: Story, words: Words) -> Said:
    """`session VENUE up|down`."""
    venue, state = words.words
    return [session(venue, up=state == "up", received_ns=story.world.now_ns)], 0


def says_bust(story: Story, words: Words) -> Said:
    """`bust ID [qty=]`: `qty` is the fill's, for the venue's count; else what is booked of it."""
    child = story.child(words)
    booked = (x for x in fills(story.world.state).values() if x.executions[0][2] == words.words[0])
    qty = next((fill.last_qty for fill in booked), 0)
    said = story.counted(child, words, -words.number("qty", qty))
    return [bust(child, words.words[0], **said)], 0


def says_correct(story: Story, words: Words) -> Said:
    """`correct ID QTY [px=] [by=]`: `by` is the change, for the venue's count."""
    child, (ref, qty) = story.child(words), words.words
    said = story.counted(child, words, words.number("by", 0))
    said["last_px"] = words.price("px", child.terms.limit_px)
    return [correction(child, int(qty), ref, **said)], 0


def says_quote(story: Story, words: Words) -> Said:
    """`quote VENUE BID ASK [qty=]`."""
    venue, bid, ask = words.words
    qty = words.number("qty", 1_000)
    said = {"bid_qty": qty, "ask_qty": qty, "received_ns": story.world.now_ns}
    return [quote(venue, float(bid), float(ask), **said)], 0


def says_close(story: Story, _: Words) -> Said:
    return [day_closed(story.day)], max(0, CLOSE_NS - story.world.now_ns)


def says_open(story: Story, _: Words) -> Said:
    """The next day opens, a calendar day after the last one opened, with a quote."""
    story.day += 1
    open_ns = OPEN_NS + (story.day - DAY) * 24 * HOUR
    later_ns = max(0, open_ns - story.world.now_ns)
    return [day_opened(story.day, open_ns), quote(received_ns=open_ns)], later_ns


def scope_of(words: Words) -> tuple[e.ControlScope, str]:
    scope, scope_id = (*words.words, "")[:2]
    return e.ControlScope[scope.upper()], scope_id


SAYS: dict[str, Callable[[Story, Words], Said]] = {
    "order": says_order,
    "amend": says_amend,
    "cancel": says_cancel,
    "fill": says_fill,
    **dict.fromkeys(
        ("acked", "canceled", "expired", "rejected", "done_for_day", "unknown"), says_end
    ),
    **dict.fromkeys(("status", "unknown_order"), says_asked),
    "sent": says_sent,
    "session": says_session,
    "settle": says_settle,
    "stranger": says_stranger,
    "bust": says_bust,
    "correct": says_correct,
    "not_sent": lambda story, words: ([not_sent(story.child(words))], 0),
    "cancel_rejected": lambda story, words: ([cancel_rejected(story.child(words))], 0),
    "quote": says_quote,
    "print": lambda _, words: ([trade(int(words.words[0]), float(words.words[1]))], 0),
    "close": says_close,
    "open": says_open,
    "kill": lambda _, words: ([kill(*scope_of(words))], 0),
    "resume": lambda _, words: ([kill(*scope_of(words), engaged=False)], 0),
    "halt": lambda _, __: ([halt()], 0),
    "lift": lambda _, words: ([lift(*scope_of(words))], 0),
    "restrict": lambda _, __: ([restriction()], 0),
    "unrestrict": lambda _, __: ([restriction(restricted=False)], 0),
    "withdraw_mandate": lambda _, words: ([mandate(words.words[0], active=False)], 0),
}

# ------------------------------------------------------------------------------ answers


def answer_of(story: Story, line: str) -> str:
    """The true answer, in the words of the expected one."""
    named, *_ = line.split(maxsplit=1)
    of_an_order = "=" not in named
    options = words_of(line if of_an_order else f"world {line}").options
    found = [named] if of_an_order else []
    for name in options:
        value = of_order(story, named, name) if of_an_order else of_world(story, name)
        found.append(f"{name}={value}")
    return " ".join(found)


def of_order(story: Story, cl_ord_id: str, name: str) -> Any:  # noqa: ANN401
    if name == "status":
        return status(story, cl_ord_id)
    asked = story.world.order(cl_ord_id)
    return {
        "cum": asked.crossed_qty + asked.allocated_qty,
        "leaves": asked.open_qty,
        "qty": asked.order_qty,
        "avg": asked.avg_px / px(1),
        "withdrawn": asked.withdrawn_qty,
    }[name]


def status(story: Story, cl_ord_id: str) -> str:
    """The order's OrdStatus by FIX's words, pending changes left out."""
    history = story.world.history()
    if any(isinstance(x, e.OrderRejected) and x.cl_ord_id == cl_ord_id for x in history):
        return "REJECTED"
    asked = story.world.order(cl_ord_id)
    cum_qty = asked.crossed_qty + asked.allocated_qty
    if asked.open_qty:
        return "PARTIALLY_FILLED" if cum_qty else "NEW"
    if cum_qty == asked.order_qty:
        return "FILLED"
    ends = (e.OrderCancelled, e.OrderExpired)
    last = [x for x in history if isinstance(x, ends) and x.order_id == asked.order_id][-1]
    return "CANCELED" if isinstance(last, e.OrderCancelled) else "EXPIRED"


ENDS = (e.OrderRejected, e.OrderChangeRejected, e.OrderCancelled, e.OrderExpired)


def of_world(story: Story, name: str) -> Any:  # noqa: ANN401
    told = story.world.history()[story.marked :]
    if name == "breaks":
        return ",".join(x.reason for x in told if isinstance(x, e.BreakFlagged))
    if name == "reasons":
        return ",".join(x.reason for x in told if isinstance(x, ENDS))
    known = parents(story.world.state)
    if name == "error":
        return sum(parent.error_qty for parent in known)
    if name == "exposure":
        return sum(parent.exposure_qty for parent in known)
    if name.startswith("to_"):  # Children of a venue.
        return sum(isinstance(x, e.ChildRouted) and x.venue == name[3:] for x in told)
    assert hasattr(e, name), f"the answer has no {name}"
    return sum(type(x).__name__ == name for x in told)


def check(lie: Lie, *more: Any) -> World:  # noqa: ANN401  Inputs of the morning.
    """Play the story and compare the answers; returns the world for further questions."""
    story = Story(*more)
    story.play(lie.told)
    for line in filter(None, map(str.strip, lie.answer.splitlines())):
        found = answer_of(story, line)
        assert found == " ".join(line.split()), f"{lie}\n{story.world.story()}"
    folded = story.world.folded()
    assert folded.state == story.world.state, "a recovery comes to another state"
    return story.world
