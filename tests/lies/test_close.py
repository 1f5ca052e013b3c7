"""The end of a day, and what venues say after it."""

import pytest
from lies.play import Lie, check

LIES = [
    Lie(
        "a close in mid-session cancels what is out",
        """
        order A buy 500 limit=99.95
        mark
        close
        """,
        "ChildCancelRequested=1 ChildClosed=1 OrderExpired=1",
    ),
    Lie(
        "a close asks for no cancel a second time",
        """
        order A buy 500 limit=99.95
        cancel A
        mark
        close
        """,
        "ChildCancelRequested=0 ChildClosed=1 OrderCancelled=1",
    ),
    Lie(
        "a second close of the same day changes nothing",
        """
        order A buy 500 limit=99.95 gtc
        close
        mark
        close
        """,
        """
        A cum=0 leaves=500 status=NEW
        ControlApplied=1 OrderExpired=0 breaks=
        """,
    ),
]


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_the_right_answer(lie: Lie) -> None:
    check(lie)
