"""Play FIX's order-state scenarios to a real shard, and compare what its client would be told.

The client's steps become requests, the causes become reports of a scripted venue. A play compares
every field that a step asserts, in order, and no report may be left over. What the format of a
scenario means is in fix_order_state/README.md.
"""

import copy
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from world import (
    CLOSE_NS,
    DAY,
    HOUR,
    LIT,
    NOW_NS,
    OPEN_NS,
    OTHER_LIT,
    SECOND,
    SOURCE,
    World,
    amend,
    bust,
    cancel,
    cancel_rejected,
    correction,
    day_closed,
    day_opened,
    fill_report,
    halt,
    order,
    policy,
    quote,
    report,
    trading,
)

from engine.core import events as e
from engine.core.state.model import Child, Fill, Parent
from engine.gateways.orders.execution_reports import ExecutionReports, Report
from engine.gateways.orders.fix_codes import ExecType

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "fix_order_state"
OTHER_SOURCE, OTHER_QTY = "oms2", 500  # The second order of the parent.
MIRROR = Decimal(100)  # A price p of a buy is 100 - p of a sale.
NEAR, FAR, MOVED = Decimal("50.00"), Decimal("50.20"), Decimal("50.10")
GOOD_TILL_CANCEL, ONCE = "1", {"3": e.Immediacy.IOC, "4": e.Immediacy.FOK}  # TimeInForce.
VALIDATION = ("validation", "desk or risk")  # Reasons of a refusal that the request provokes.
PENDING = (ExecType.PENDING_CANCEL, ExecType.PENDING_REPLACE)
FIELDS = {
    "message": "msg_type",
    "execType": "exec_type",
    "ordStatus": "ord_status",
    "orderQty": "order_qty",
    "cumQty": "cum_qty",
    "leavesQty": "leaves_qty",
    "lastQty": "last_qty",
    "origClOrdId": "orig_cl_ord_id",
    "ordRejReason": "ord_rej_reason",
    "cxlRejReason": "cxl_rej_reason",
    "cxlRejResponseTo": "cxl_rej_response_to",
    "execRestatementReason": "exec_restatement_reason",
    "dayOrderQty": "day_order_qty",
    "dayCumQty": "day_cum_qty",
    "orderId": "order_id",
}
Step = Mapping[str, Any]


class Play(NamedTuple):
    """A path through one scenario: its main one, or one of its other endings."""

    id: str
    file: Mapping[str, Any]
    steps: Sequence[Step]


class Way(NamedTuple):
    """A way to play a scenario."""

    is_mirrored: bool = False  # Side and prices.
    has_other: bool = False  # Another client's order is in the parent.


def scenarios() -> list[dict[str, Any]]:
    found = [json.loads(x.read_text(encoding="utf-8")) for x in sorted(FOLDER.glob("*.json"))]
    return sorted(found, key=lambda file: str(file["id"]))


def plays(file: Mapping[str, Any]) -> Iterator[Play]:
    steps = file["steps"]
    yield Play(file["id"], file, steps)
    for ending in file.get("alternatives") or ():
        yield Play(ending["id"], file, [*steps[: ending["after"]], *ending["steps"]])


def in_order(steps: Sequence[Step]) -> list[Step]:
    """The steps as the engine meets them: what crosses a message comes before it."""
    crossing: dict[int, list[Step]] = {}
    for step in steps:
        if step.get("crosses"):
            crossing.setdefault(step["crosses"], []).append(step)
    found: list[Step] = []
    for step in steps:
        if not step.get("crosses"):
            found += [*crossing.get(step["n"], ()), step]
    return found


@dataclass
class Player:
    """A shard, its one client and its venues in the middle of a play."""

    play: Play
    way: Way
    reports: ExecutionReports = field(default_factory=lambda: ExecutionReports(shard=0))
    told: list[Report] = field(default_factory=list)  # To the client, not compared yet.
    exec_ids: dict[str, str] = field(default_factory=dict)  # By the scenario's names.
    world: World = field(init=False)
    read: int = 0  # Events of the world that the reports are folded from.
    cum_qty: Counter[str] = field(default_factory=Counter)  # The venue's count, by child.
    asked_qty: int = 0

    def __post_init__(self) -> None:
        self.asked_qty = self.play.file["order"]["orderQty"]
        is_split = len(self.play.file["children"]) > 1
        router = e.Router.PARALLEL if is_split else e.Router.SEQUENTIAL
        # An interval longer than the day: all that is open goes out at once.
        at_once = policy(router=router, interval_ns=24 * HOUR)
        self.world = trading(at_once, *self.quotes())
        self.read = len(self.world.history())

    # Prices and the market.

    def px(self, price: Decimal | str) -> int:
        """A price of the scenario, on the side that is played."""
        found = Decimal(price)
        return int((MIRROR - found if self.way.is_mirrored else found) * 10**9)

    def quotes(self, now_ns: int = NOW_NS) -> list[e.QuoteObserved]:
        """A market in which the order rests, or takes its children's quantities at once."""
        more_qty = OTHER_QTY if self.way.has_other else 0  # It shares what is displayed.
        qtys = [child["qty"] + more_qty for child in self.play.file["children"]]
        is_once = self.play.file["order"]["timeInForce"] in ONCE
        bid, ask = (NEAR - Decimal("0.20"), NEAR) if is_once else (NEAR, FAR)
        if self.way.is_mirrored:
            bid, ask = MIRROR - ask, MIRROR - bid
        return [
            quote(venue, float(bid), float(ask), bid_qty=qty, ask_qty=qty, received_ns=now_ns)
            for venue, qty in zip((LIT, OTHER_LIT), [*qtys, 1_000], strict=False)
        ]

    # The play.

    def run(self) -> None:
        for step in in_order(self.play.steps):
            if step["actor"] == "client":
                self.asks(step)
            else:
                self.answers(step)
        assert not self.told, f"told without a step: {self.told}"

    def when(self, *inputs: Any, after_ns: int = 0) -> None:  # noqa: ANN401  Of the shard.
        self.world.when(*inputs, after_ns=after_ns)
        history = self.world.history()
        for event in history[self.read :]:
            self.told += [x for x in self.reports.take(event) if x.source == SOURCE]
        self.read = len(history)

    def asks(self, step: Step) -> None:
        wrong = self.is_to_be_refused(step)
        said = {"cl_ord_id": step["clOrdId"]}
        if step["message"] == "D":
            self.orders(step, wrong=wrong)
        elif step["message"] == "F":
            said |= {"instrument_id": "WRONG"} if wrong else {}
            self.when(cancel(step["origClOrdId"], **said))
        else:
            self.amends(step, wrong=wrong)

    def is_to_be_refused(self, step: Step) -> bool:
        """Whether the play has the broker refuse this request for what is in it."""
        answers = [x for x in self.play.steps if x["actor"] == "broker" and x["n"] > step["n"]]
        mine = [x for x in answers if x["clOrdId"] == step["clOrdId"]]
        cause = mine[0]["cause"][0] if mine else {}
        return bool(
            cause.get("action") == "engine_reject" and cause["reason"].startswith(VALIDATION)
        )

    def orders(self, step: Step, *, wrong: bool) -> None:
        """A new order; the second one of the parent comes in the same batch."""
        said: dict[str, Any] = {
            "side": e.Side.SELL if self.way.is_mirrored else e.Side.BUY,
            "limit_px": self.px(self.play.file["order"]["price"]),
            "must_complete": True,
        }
        if self.play.file["order"]["timeInForce"] == GOOD_TILL_CANCEL:
            said["time_in_force"] = e.TimeInForce.GTC
        if self.play.file["order"]["timeInForce"] in ONCE:
            said["immediacy"] = ONCE[self.play.file["order"]["timeInForce"]]
        own: dict[str, Any] = {"client_id": "stranger"} if wrong else {}
        own["return_on_halt"] = "K" in self.play.file["order"].get("execInst", "")
        request = order(step["clOrdId"], step["orderQty"], **said, **own)
        self.reports.requested(request)
        others = []
        if self.way.has_other and not step.get("duplicate"):
            others = [order("S", OTHER_QTY, source=OTHER_SOURCE, client_id="c2", **said)]
        self.when(request, *others)

    def amends(self, step: Step, *, wrong: bool) -> None:
        """A raise has a new limit too, so that the venue has to replace the child."""
        said: dict[str, Any] = {"cl_ord_id": step["clOrdId"], "order_qty": step["orderQty"]}
        if wrong:
            said["limit_px"] = self.px(NEAR) + 1  # Off the tick.
        elif step["orderQty"] > self.asked_qty:
            said["limit_px"] = self.px(MOVED)
        if not wrong:
            self.asked_qty = step["orderQty"]
        self.when(amend(step["origClOrdId"], **said))

    def answers(self, step: Step) -> None:
        is_engines = all(cause["action"].startswith("engine_") for cause in step["cause"])
        if step.get("pendingAllowedBefore") and self.told and self.told[0].exec_type in PENDING:
            self.told.pop(0)
        may_be_early = is_engines or step["message"] == "9" or step["execType"] == "0"
        assert may_be_early or not self.told, f"told before its cause: {self.told}, step {step}"
        for cause in step["cause"]:
            self.happens(cause, step)
        if step.get("optional") and (not self.told or self.differences(step, self.told[0])):
            return
        assert self.told, f"step {step['n']} {step['label']} is not told\n{self.world.story()}"
        found = self.told.pop(0)
        differs = self.differences(step, found)
        assert not differs, f"step {step['n']} {step['label']}: {differs} in {found}"
        if step.get("execId"):
            self.exec_ids[step["execId"]] = found.exec_id

    def differences(self, step: Step, found: Report) -> dict[str, tuple[Any, Any]]:
        """What the step asserts, and what the report has instead."""
        said = {name: step.get(key) for key, name in FIELDS.items()}
        got = {name: getattr(found, name) for name in said}
        got |= {name: str(x) for name, x in got.items() if isinstance(said[name], str)}
        if step["message"] == "8" and said["orig_cl_ord_id"] is None:
            said["orig_cl_ord_id"] = ""
        said["cl_ord_id"], got["cl_ord_id"] = step["clOrdId"], found.cl_ord_id
        if found.cl_ord_id in step.get("clOrdIdAlso", ()):
            said["cl_ord_id"] = found.cl_ord_id
        for key, name in (("lastPx", "last_px"), ("avgPx", "avg_px")):
            price = step.get(key)
            if price is not None:
                said[name] = 0 if Decimal(price) == 0 else self.px(price)
                got[name] = getattr(found, name)
        if step.get("execRefId"):
            said["exec_ref_id"] = self.exec_ids[step["execRefId"]]
            got["exec_ref_id"] = found.exec_ref_id
        return {
            name: (want, got[name])
            for name, want in said.items()
            if want is not None and str(got[name]) != str(want)
        }

    # Causes.

    def happens(self, cause: Step, step: Step) -> None:
        action = cause["action"]
        if action == "engine_new_day":
            self.opens_day()
            return
        if action.startswith("engine_"):
            return  # It has answered by itself.
        if action == "venue_halt":
            self.when(halt())
            return
        if action in ("venue_fill", "venue_correct"):
            self.executes(cause, step)
            return
        child = self.child(cause["child"])
        if action == "venue_ack":
            self.when(self.counted(report(child)))
        elif action == "venue_cancelled":
            self.when(self.counted(report(child, e.ExecType.CANCELED)))
        elif action == "venue_done_for_day":
            self.when(day_closed(), after_ns=CLOSE_NS - self.world.now_ns)
        elif action == "venue_bust":
            self.when(self.busted(cause["execRef"], step))
        elif action == "venue_replaced":  # It stands for venue_cancelled and venue_ack.
            self.when(self.counted(report(child, e.ExecType.CANCELED)))
            self.when(after_ns=SECOND)  # A parent that the amend opened is planned then.
            self.when(self.counted(report(self.child(cause["child"]))))
        elif action in ("venue_cancel_reject", "venue_replace_reject"):
            self.when(cancel_rejected(child, text=cause.get("reason", "")))
        else:
            raise NotImplementedError(action)

    def opens_day(self) -> None:
        """The next day, an hour after its open; the order is sent to its venue again."""
        open_ns = OPEN_NS + 24 * HOUR
        now_ns = open_ns + HOUR
        opened = (day_opened(DAY + 1, open_ns), *self.quotes(now_ns))
        self.when(*opened, after_ns=now_ns - self.world.now_ns)
        self.when(after_ns=SECOND)

    def parent(self) -> Parent:
        return self.world.parent(self.play.file["order"]["clOrdId"])

    def child(self, name: str) -> Child:
        """A child by its place in the scenario: among all that the order's parent ever had."""
        parent = self.parent()
        names = [child["id"] for child in self.play.file["children"]]
        known = sorted(
            [*parent.ended_children, *parent.children.values()],
            key=lambda child: int(child.child_id.split("-")[1]),
        )
        if len(names) > 1:
            return known[names.index(name)]
        live = [child for child in known if child.is_live]
        return live[0] if live else known[-1]

    def busted(self, exec_ref: str, step: Step) -> e.ExecutionReported:
        fill = self.fill(exec_ref)
        busted = bust(fill.child, exec_ref, exec_id=step["execId"])
        return self.counted(busted, -fill.last_qty)

    def fill(self, exec_ref: str) -> Fill:
        """The fill that a bust or correction names, by itself or by its last correction."""
        named = [x for key, x in self.world.state.executions.items() if key[2] == exec_ref]
        return self.world.state.fills[named[0]]

    def counted(self, said: e.ExecutionReported, more_qty: int = 0) -> e.ExecutionReported:
        """The report with the venue's own count of the child."""
        self.cum_qty[said.child_id] += more_qty
        cum_qty = self.cum_qty[said.child_id]
        child = self.world.state.children[said.child_id]
        is_over = said.exec_type is e.ExecType.CANCELED
        leaves_qty = 0 if is_over else max(0, child.terms.child_qty - cum_qty)
        return replace(said, cum_qty=cum_qty, leaves_qty=leaves_qty)

    def executes(self, cause: Step, step: Step) -> None:
        """A fill or correction from which the client's order gets the step's quantity."""
        if not self.way.has_other:
            self.when(self.execution(cause, step, cause["qty"]))
            return
        low_qty, high_qty = cause["qty"], cause["qty"] + OTHER_QTY
        while low_qty < high_qty:  # The share grows with the fill.
            qty = (low_qty + high_qty) // 2
            trial = copy.deepcopy(self)
            trial.when(trial.execution(cause, step, qty))
            got_qty = trial.told[-1].last_qty if trial.told else 0
            low_qty, high_qty = (qty + 1, high_qty) if got_qty < cause["qty"] else (low_qty, qty)
        self.when(self.execution(cause, step, low_qty))

    def execution(self, cause: Step, step: Step, qty: int) -> e.ExecutionReported:
        said = {"last_px": self.px(cause["px"])}
        if cause["action"] == "venue_fill":
            filled = fill_report(self.child(cause["child"]), qty, cause["execRef"], **said)
            return self.counted(filled, qty)
        ref = cause["execRef"]
        fill = self.fill(ref)
        corrected = correction(fill.child, qty, ref, exec_id=step["execId"], **said)
        return self.counted(corrected, qty - fill.last_qty)
