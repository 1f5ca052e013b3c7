"""Venues that do not answer: asked again by id, then a break and no more children."""

from typing import Any

import pytest
from lies.play import Lie, Story, check
from world import MINUTE, SECOND, World, policy, send_started

from engine.core import events as e
from engine.core.state import awaited
from engine.core.state.model import NOT_AWAITED_NS

PATIENT = policy(router=e.Router.SEQUENTIAL, ack_within_ns=3 * SECOND, asks_max=2)

SILENT_THEN_REFUSED = """
        wait 4s
        cancel_rejected
        status
        wait 60s
"""
SILENT_GTC = """
        order A buy 500 limit=99.95 gtc
        sent
        wait 3s
        wait 6s
        wait 12s
"""
LIES = [
    Lie(
        "a venue that is silent and then refuses, each time, is a break as well",
        f"""
        order A buy 500 limit=99.95
        acked
        mark
        kill firm
        {SILENT_THEN_REFUSED * 5}
        """,
        "CancelFailed=2 ChildStatusRequested=2 breaks=NO_ANSWER SuspensionSet=1 exposure=500",
    ),
    Lie(
        "a child without an answer is asked for by its id, in growing times",
        """
        order A buy 500 limit=99.95
        sent
        mark
        wait 2s
        wait 1s
        wait 5s
        wait 1s
        """,
        "ChildStatusRequested=2 breaks= exposure=500 SuspensionSet=0 ChildRouted=0",
    ),
    Lie(
        "a child that its gateway never took up is asked for too",
        """
        order A buy 500 limit=99.95
        wait 7s
        mark
        wait 1s
        """,
        "ChildStatusRequested=1 exposure=500",
    ),
    Lie(
        "a venue that stays silent is a break, and gets no more",
        """
        order A buy 500 limit=99.95
        sent
        wait 3s
        wait 6s
        wait 12s
        order B buy 300 limit=99.94
        """,
        """
        A cum=0 leaves=500 status=NEW
        exposure=800 breaks=NO_ANSWER ChildStatusRequested=2 ChildFateUnknown=1
        SuspensionSet=1 to_N=1 to_Q=1
        """,
    ),
    Lie(
        "an acknowledgement at last ends the asking",
        """
        order A buy 500 limit=99.95
        sent
        wait 3s
        acked
        mark
        wait 20s
        """,
        "ChildStatusRequested=0 breaks= exposure=500",
    ),
    Lie(
        "a question that is answered with the state ends the asking",
        """
        order A buy 500 limit=99.95
        sent
        wait 3s
        status
        mark
        wait 20s
        """,
        "ChildStatusRequested=0 breaks= exposure=500 ChildAcknowledged=0",
    ),
    Lie(
        "an answer at last, after the break, ends it and the stop",
        """
        order A buy 500 limit=99.95
        sent
        wait 3s
        wait 6s
        wait 12s
        acked
        order B buy 300 limit=99.94
        """,
        "breaks=NO_ANSWER BreakClosed=1 SuspensionEnded=1 ChildRouted=2 exposure=800",
    ),
    Lie(
        "an end at last, after the break, gives the quantity back",
        """
        order A buy 500 limit=99.95
        sent
        wait 3s
        wait 6s
        wait 12s
        cancel A
        canceled
        """,
        """
        A cum=0 leaves=0 status=CANCELED
        exposure=0 breaks=NO_ANSWER BreakClosed=1 SuspensionEnded=1
        """,
    ),
    Lie(
        "a lost acknowledgement and then a fill is an answer",
        """
        order A buy 500 limit=99.95
        sent
        wait 3s
        fill 200
        mark
        wait 20s
        """,
        "A cum=200 leaves=300 status=PARTIALLY_FILLED\nChildStatusRequested=0 breaks=",
    ),
    Lie(
        "a fill after the break is booked, and ends it",
        """
        order A buy 500 limit=99.95
        sent
        wait 3s
        wait 6s
        wait 12s
        fill 500
        """,
        "A cum=500 leaves=0 status=FILLED\nBreakClosed=1 SuspensionEnded=1 exposure=0",
    ),
    Lie(
        "an order that the venue does not know returns, as nothing can be of it",
        """
        order A buy 500 limit=99.95
        sent
        wait 3s
        mark
        unknown_order
        cancel A
        """,
        """
        A cum=0 leaves=0 status=CANCELED
        ChildClosed=1 exposure=0 breaks= ChildRouted=0
        """,
    ),
    Lie(
        "an order that the venue has acknowledged and then does not know stays exposure",
        """
        order A buy 500 limit=99.95
        acked
        unknown_order
        unknown_order id=again
        wait 20s
        """,
        "exposure=500 breaks=INVALID_REPORT ChildClosed=0 ChildRouted=1",
    ),
    Lie(
        "an order that had ended and that the venue does not know is no news",
        """
        order A buy 500 limit=99.95
        cancel A
        canceled
        mark
        unknown_order child=1
        """,
        "breaks= ChildClosed=0",
    ),
    Lie(
        "a venue that denies a child that it has filled is silent on it",
        """
        order A buy 500 limit=99.95
        fill 100
        unknown
        wait 3s
        unknown_order
        wait 6s
        wait 12s
        """,
        "exposure=400 breaks=INVALID_REPORT,NO_ANSWER ChildClosed=0 SuspensionSet=1",
    ),
    Lie(
        "a state that counts a fill which was not reported is a gap",
        """
        order A buy 500 limit=99.95
        sent
        wait 3s
        mark
        status cum=200
        status cum=200 id=again
        cancel A
        canceled cum=200
        """,
        "breaks=CUM_QTY_GAP exposure=200 ChildAcknowledged=1 ChildDoubted=1 ChildRouted=0",
    ),
    Lie(
        "the fill that a state has counted closes its gap",
        """
        order A buy 500 limit=99.95
        fill 100 id=E1 cum=100
        unknown
        status cum=300
        fill 200 id=E2 cum=300
        """,
        "A cum=300 leaves=200 status=PARTIALLY_FILLED\nbreaks=CUM_QTY_GAP BreakClosed=1",
    ),
    Lie(
        "a state that counts less than was reported is a break",
        """
        order A buy 500 limit=99.95
        fill 200 cum=200
        status cum=100
        """,
        "breaks=CUM_QTY_BELOW exposure=300",
    ),
    Lie(
        "a state of a child that has ended is compared too",
        """
        order A buy 500 limit=99.95
        fill 100 cum=100
        cancel A
        canceled cum=100
        status child=1 cum=100
        mark
        status child=1 cum=300
        """,
        "breaks=CUM_QTY_GAP ChildAcknowledged=0",
    ),
    Lie(
        "a cancel without an answer is repeated, and the client's request waits",
        """
        order A buy 500 limit=99.95
        acked
        mark
        cancel A
        wait 3s
        wait 6s
        """,
        "ChildCancelRequested=3 ChildStatusRequested=0 OrderCancelled=0 breaks= exposure=500",
    ),
    Lie(
        "a cancel that stays without an answer is a break, and nothing is sent again",
        """
        order A buy 500 limit=99.95
        acked
        mark
        cancel A
        wait 3s
        wait 6s
        wait 12s
        order B buy 300 limit=99.94
        """,
        """
        A cum=0 leaves=500 status=NEW
        ChildCancelRequested=3 breaks=NO_ANSWER SuspensionSet=1 to_N=0 to_Q=1 exposure=800
        """,
    ),
    Lie(
        "a cancel that is answered at last is done",
        """
        order A buy 500 limit=99.95
        acked
        cancel A
        wait 3s
        canceled
        """,
        "A cum=0 leaves=0 status=CANCELED\nChildCancelRequested=2 breaks= exposure=0",
    ),
    Lie(
        "a part of a fill does not answer a cancel",
        """
        order A buy 500 limit=99.95
        cancel A
        fill 200
        mark
        wait 3s
        acked
        wait 6s
        """,
        "ChildCancelRequested=2 breaks=",
    ),
    Lie(
        "a refusal of a repeated cancel is no answer: the first may have been carried out",
        """
        order A buy 500 limit=99.95
        acked
        mark
        cancel A
        wait 3s
        cancel_rejected
        canceled
        """,
        """
        A cum=0 leaves=0 status=CANCELED
        ChildStatusRequested=1 CancelFailed=1 OrderChangeRejected=0 OrderCancelled=1
        """,
    ),
    Lie(
        "a child that works on after a repeated cancel is asked to end once more",
        """
        order A buy 500 limit=99.95
        acked
        mark
        cancel A
        wait 3s
        cancel_rejected
        status
        wait 50s
        cancel_rejected
        """,
        """
        A cum=0 leaves=500 status=NEW
        ChildStatusRequested=1 ChildCancelRequested=3 OrderChangeRejected=1
        """,
    ),
    Lie(
        "a question that a new cancel follows is not forgotten at the close",
        """
        wait 19795s
        print 100 100.01
        quote N 100.00 100.02
        order A buy 500 limit=99.95 end=19800s
        sent
        wait 3s
        mark
        cancel A
        close
        """,
        "ChildCancelRequested=1 breaks=NO_ANSWER",
    ),
    Lie(
        "a cancel's refusal before the acknowledgement leaves that to be waited for",
        """
        order A buy 500 limit=99.95
        sent
        cancel A
        cancel_rejected
        mark
        wait 3s
        """,
        "ChildStatusRequested=1",
    ),
    Lie(
        "a gateway that does not know a child's fate is asked until it does",
        """
        order A buy 500 limit=99.95
        acked
        unknown
        mark
        wait 3s
        wait 6s
        wait 12s
        """,
        "ChildStatusRequested=2 breaks=NO_ANSWER exposure=500",
    ),
    Lie(
        "two children of one venue: the answer for one does not speak for the other",
        """
        order A buy 500 limit=99.95
        order B sell 300 limit=100.05
        sent child=1
        sent child=2
        wait 3s
        wait 6s
        wait 12s
        acked child=1
        """,
        "breaks=NO_ANSWER,NO_ANSWER BreakClosed=1 SuspensionSet=1 SuspensionEnded=0",
    ),
    Lie(
        "two children of one venue: the last answer ends the stop",
        """
        order A buy 500 limit=99.95
        order B sell 300 limit=100.05
        sent child=1
        sent child=2
        wait 3s
        wait 6s
        wait 12s
        acked child=1
        canceled child=2
        """,
        "BreakClosed=2 SuspensionEnded=1",
    ),
    Lie(
        "a person who lifts the stop has the silent child asked for again",
        """
        order A buy 500 limit=99.95
        sent
        wait 3s
        wait 6s
        wait 12s
        mark
        lift venue N/*
        wait 6s
        wait 12s
        """,
        "ChildStatusRequested=2 breaks= ChildFateUnknown=1 SuspensionSet=1 exposure=500",
    ),
    Lie(
        "a person who lifts another stop of the venue asks nothing",
        """
        order A buy 500 limit=99.95
        fill 100 px=1
        unknown
        wait 3s
        wait 6s
        wait 12s
        mark
        lift venue N/AAPL
        """,
        "ChildStatusRequested=0",
    ),
    Lie(
        "a person who settles the silence gives the quantity back, and the stop stays",
        """
        order A buy 500 limit=99.95
        sent
        wait 3s
        wait 6s
        wait 12s
        mark
        settle NO_ANSWER
        """,
        """
        BreakClosed=1 ChildClosed=1 SuspensionEnded=0
        exposure=500 to_N=0 to_Q=1
        """,
    ),
    Lie(
        "a settled silence leaves the quantity that the venue counts as executed in doubt",
        """
        order A buy 500 limit=99.95
        fill 100 cum=200
        unknown
        wait 3s
        wait 6s
        wait 12s
        mark
        settle NO_ANSWER
        """,
        "BreakClosed=1 ChildDoubted=1 ChildClosed=0 exposure=100",
    ),
    Lie(
        "a person who settles what is missing does not answer for the venue",
        """
        order A buy 500 limit=99.95
        fill 100 cum=500
        unknown
        wait 3s
        wait 6s
        wait 12s
        mark
        settle CUM_QTY_GAP
        """,
        "BreakClosed=1 ChildClosed=1 SuspensionEnded=0",
    ),
    Lie(
        "a silent child of which all is missing is a break at the close as well",
        """
        order A buy 500 limit=99.95
        fill 100 cum=500
        unknown
        wait 3s
        mark
        close
        """,
        "breaks=NO_ANSWER",
    ),
    Lie(
        "a session that is up and says so again gains no time",
        """
        order A buy 500 limit=99.95
        sent
        wait 2s
        session N up
        mark
        wait 1s
        """,
        "ChildStatusRequested=1",
    ),
    Lie(
        "a session that is down is not asked, and has time once it is up",
        """
        order A buy 500 limit=99.95
        sent
        session N down
        wait 20s
        session N up
        mark
        wait 2s
        canceled
        """,
        "ChildStatusRequested=0 breaks= ChildClosed=1",
    ),
    Lie(
        "a session that is up again and says nothing is asked",
        """
        order A buy 500 limit=99.95
        sent
        session N down
        wait 20s
        session N up
        mark
        wait 3s
        """,
        "ChildStatusRequested=1",
    ),
    Lie(
        "a halt does not end the asking",
        """
        order A buy 500 limit=99.95
        sent
        halt
        wait 3s
        wait 6s
        wait 12s
        """,
        "breaks=NO_ANSWER ChildCancelRequested=3 exposure=500",
    ),
    Lie(
        "a silent venue at the close is a break with the position, and is carried",
        """
        order A buy 500 limit=99.95
        sent
        wait 3s
        mark
        close
        """,
        "breaks=NO_ANSWER BreakCarried=1 ChildClosed=1 BreakClosed=0",
    ),
    Lie(
        "a silence that is a break by the close is no second one",
        """
        order A buy 500 limit=99.95
        sent
        wait 3s
        wait 6s
        wait 12s
        mark
        close
        open
        order B buy 300 limit=99.95
        """,
        "breaks= BreakCarried=1 BreakClosed=0 SuspensionSet=1 ChildRouted=0",
    ),
    Lie(
        "a silence of yesterday ends by a person, the break and the stop each by itself",
        """
        order A buy 500 limit=99.95
        sent
        wait 3s
        wait 6s
        wait 12s
        close
        open
        lift venue N/*
        settle NO_ANSWER
        mark
        order B buy 300 limit=100.02 ioc
        """,
        "breaks= to_N=1 ChildStatusRequested=0",
    ),
    Lie(
        "an answer today ends today's stop, whatever was silent yesterday",
        """
        order A buy 500 limit=99.95
        sent
        wait 3s
        wait 6s
        wait 12s
        close
        open
        lift venue N/*
        order B buy 300 limit=100.02 ioc
        unknown
        wait 9s
        wait 3s
        wait 6s
        wait 12s
        mark
        canceled
        """,
        "BreakClosed=1 SuspensionEnded=1",
    ),
    Lie(
        "other breaks of the venue do not keep the stop",
        """
        order A buy 500 limit=99.95
        fill 100 cum=100 leaves=450
        unknown
        wait 3s
        wait 6s
        wait 12s
        status
        """,
        "breaks=LEAVES_QTY,NO_ANSWER BreakClosed=1 SuspensionEnded=1",
    ),
    Lie(
        "a cancel in the moment in which a child is late is the question",
        """
        order A buy 500 limit=99.95
        sent
        mark
        wait 3s
        & cancel A
        """,
        "ChildStatusRequested=0 ChildCancelRequested=1",
    ),
    Lie(
        "a child that its gateway did not send is no silence",
        """
        order A buy 500 limit=99.95
        not_sent
        mark
        wait 2s
        """,
        "breaks= ChildStatusRequested=0",
    ),
    Lie(
        "a late fill of a carried child closes the silence of yesterday, and the venue's stop",
        f"""
        {SILENT_GTC}
        close
        open
        mark
        fill 500 child=1
        """,
        """
        A cum=500 leaves=0 status=FILLED
        BreakClosed=1 SuspensionEnded=1 breaks=
        """,
    ),
    Lie(
        "an end that comes after the close is the answer that was missing, once",
        f"""
        {SILENT_GTC}
        close
        open
        mark
        canceled child=1
        canceled child=1 id=again
        """,
        """
        A cum=0 leaves=500
        BreakClosed=1 SuspensionEnded=1 breaks= FillBooked=0
        """,
    ),
    Lie(
        "an end after the close that counts more than was reported is an answer and a gap",
        f"""
        {SILENT_GTC}
        close
        open
        mark
        canceled child=1 cum=200
        """,
        "BreakClosed=1 breaks=CUM_QTY_GAP",
    ),
    Lie(
        "a state after the close leaves the silence open: the venue may still execute the child",
        f"""
        {SILENT_GTC}
        close
        open
        mark
        status child=1
        """,
        "BreakClosed=0 SuspensionEnded=0",
    ),
    Lie(
        "a venue with another silent child of yesterday stays stopped until it answers for both",
        """
        order A buy 500 limit=99.95 gtc
        & order B sell 300 limit=100.05 gtc
        sent child=1
        & sent child=2
        wait 3s
        wait 6s
        wait 12s
        close
        open
        mark
        fill 500 child=1
        mark
        fill 300 child=2
        """,
        "BreakClosed=1 SuspensionEnded=1",
    ),
    Lie(
        "one answer of two ends one break and not the stop",
        """
        order A buy 500 limit=99.95 gtc
        & order B sell 300 limit=100.05 gtc
        sent child=1
        & sent child=2
        wait 3s
        wait 6s
        wait 12s
        close
        open
        mark
        fill 500 child=1
        """,
        "BreakClosed=1 SuspensionEnded=0",
    ),
    Lie(
        "an end that comes when the carried parent lies in the store is an answer, once",
        f"""
        {SILENT_GTC}
        close
        open
        wait 30s
        & quote N 99.94 99.97
        wait 30s
        & quote N 99.94 99.97
        mark
        canceled child=1
        canceled child=1 id=again
        """,
        "BreakClosed=1 SuspensionEnded=1",
    ),
    Lie(
        "a count in a report of unknown fate is read",
        """
        order A buy 500 limit=99.95
        acked
        unknown cum=200
        unknown cum=200 id=again
        cancel A
        canceled cum=200
        """,
        "breaks=CUM_QTY_GAP ExecutionsMissing=1 exposure=200 ChildRouted=1",
    ),
    Lie(
        "a count in a report of unknown fate on an ended child is read",
        """
        order A buy 500 limit=99.95
        cancel A
        canceled
        mark
        unknown child=1 cum=200
        """,
        "breaks=CUM_QTY_GAP ChildFateUnknown=0",
    ),
    Lie(
        "a venue that has no such order and counts an execution of it contradicts itself",
        """
        order A buy 500 limit=99.95
        sent
        wait 3s
        mark
        unknown_order cum=200
        """,
        "breaks=CUM_QTY_GAP ChildDoubted=1 ChildClosed=0 exposure=200",
    ),
    Lie(
        "one that it has acknowledged does so as well",
        """
        order A buy 500 limit=99.95
        acked
        mark
        unknown_order cum=200
        """,
        "breaks=INVALID_REPORT,CUM_QTY_GAP ChildClosed=0 exposure=500",
    ),
]


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_the_right_answer(lie: Lie) -> None:
    check(lie, PATIENT)


def silent() -> Story:
    story = Story(PATIENT)
    story.play(
        """
        order A buy 500 limit=99.95
        order B sell 300 limit=100.05
        sent child=1
        wait 3s
        """
    )
    return story


REST = """
    acked child=2
    wait 6s
    wait 12s
    acked child=1
    wait 1s
"""


def test_a_restart_between_the_questions_asks_the_same() -> None:
    whole, restarted = silent(), silent()
    restarted.world.shard = restarted.world.folded()
    for story in (whole, restarted):
        story.play(REST)
    assert told(restarted.world) == told(whole.world)
    assert restarted.world.state == whole.world.state


def told(world: World) -> list[tuple[Any, int]]:
    return [(type(event), event.seq) for event in world.history()]


def test_the_same_rounds_give_the_same_bytes() -> None:
    story = silent()
    story.play(REST)
    again = story.world.stepped_again()
    assert [x.records for x in again] == [x.sealed.records for x in story.world.batches]


def test_a_batch_acts_on_a_bounded_number_of_late_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awaited, "LATE_MAX", 2)
    story = Story(PATIENT)
    for number in range(5):
        story.play(f"order A{number} buy 100 limit=99.9{number}\nsent")
    world = story.world
    asked = []
    world.when(after_ns=3 * SECOND)
    while (due_ns := world.shard.next_due_ns()) is not None and due_ns <= world.now_ns:
        asked.append(len(world.all_of(e.ChildStatusRequested)))
        world.when()
    asked.append(len(world.all_of(e.ChildStatusRequested)))
    assert max(asked) <= 2
    assert sum(asked) == 5
    assert world.folded().state == world.state


def test_the_time_of_a_child_begins_when_its_own_gateway_says_so() -> None:
    """A word that comes again, of another venue, or by a clock that is wrong changes nothing."""
    story = Story(PATIENT)
    story.play("order A buy 500 limit=99.95")
    world, child = story.world, story.world.child()
    world.when(send_started(child, venue="X"))
    assert child.answer_by_ns == child.terms.send_before_ns + 3 * SECOND
    world.when(send_started(child, started_ns=child.routed_ns - MINUTE))
    assert child.answer_by_ns == child.routed_ns + 3 * SECOND
    world.when(send_started(child, started_ns=child.routed_ns + MINUTE))
    assert child.answer_by_ns == child.terms.send_before_ns + 3 * SECOND
    story.play("unknown")
    answer_by_ns = child.answer_by_ns
    world.when(send_started(child))
    story.play("acked")
    world.when(send_started(child))
    assert answer_by_ns > child.answer_by_ns == NOT_AWAITED_NS
