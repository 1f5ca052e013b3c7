"""Long runs, started by hand: `python -m infra.campaigns.<name>`; each prints its figures.

fuzzing      millions of mutated records through every decoder, against two strict readers
plain_avro   the strict reader of our own: slow, and the specification word for word
mutation     how a real record is spoiled
planted_bugs bugs planted on purpose, and the first seed by which the simulator of faults finds each
kills        kill -9 of workers at random moments, in batches that prove themselves
failover     seconds from kill -9 of a worker to the first order decided after it
kill_switch  milliseconds until a kill switch is applied behind a heap of quotes
open_parents milliseconds of one order and of a kill switch beside many open parents
lone_parents large orders one at a time: the part of each that is done in its window
restart      seconds until a shard is back late in a day
gateway_pauses gateways stopped at any moment and superseded: what they still report
gateway_start  seconds of a venue gateway's start, by the number of closed days

The tests do the same some dozens of times within minutes. The campaigns use the tests' own modules
(`tests/pipeline`), which pytest finds by path, so this package adds that path.
"""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2] / "tests"

if str(TESTS) not in sys.path:
    sys.path.append(str(TESTS))
