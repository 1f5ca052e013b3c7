"""Long runs, started by hand: `python -m infra.campaigns.<name>`; each says what it did.

fuzzing      millions of mutated records through every decoder, against two strict readers
plain_avro   the strict reader of our own: slow, and the specification word for word
mutation     how a real record is spoiled
kills        kill -9 of workers at random moments, in batches that prove themselves
restart      how long a shard takes to be back late in a day

What the tests do some dozens of times within minutes is done here for hours, by the tests' own
means (`tests/pipeline`), which pytest finds by path and a command has to as well.
"""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2] / "tests"

if str(TESTS) not in sys.path:
    sys.path.append(str(TESTS))
