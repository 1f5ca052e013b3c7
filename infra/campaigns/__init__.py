"""Long runs that try to break a real engine: as many faults as one likes, in batches, with figures.

What the tests do some dozens of times within minutes is done here for hours, by the tests' own
means (`tests/pipeline`), which pytest finds by path and a command has to as well.
"""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2] / "tests"

if str(TESTS) not in sys.path:
    sys.path.append(str(TESTS))
