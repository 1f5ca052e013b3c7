"""Behaviour of the simulated venues; a number without a source here is a guess of the right size.

Sources of shares of volume. An exchange executes 9 % (2012) to 15 % (2022) of its volume against
hidden orders (SEC MIDAS, as charted in Cboe Insights, "Hide-and-Seek: Hidden Liquidity on U.S.
Exchanges"); the least is used. Dark pools had 17 % of all volume when 40.4 % was off-exchange
(Traders Magazine, "FINRA Requires ATS to Report Trade Data", 2014, after Bloomberg), so 42 % of the
off-exchange prints belong to a pool; how they divide over our three is a guess. As the most that
our own dark fills may be of all printed volume, 12 % is used: the share of all ATSs in the sample
week of May 2012, as remembered from L. Tuttle, "Alternative Trading Systems" (SEC, 2013), which is
the least that was published for any year since.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.simulation.chance import PPM
from engine.simulation.venues.queue import Queue


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """Latencies, queues, hidden interest and mishaps of all venues."""

    gateway_ns: int = 100_000  # From a route to its SendStarted.
    latency_ns: int = 300_000  # One way between gateway and venue.
    latencies_ns: Mapping[str, int] = field(  # Venues that differ; V has its speed bump.
        default_factory=lambda: {"V": 650_000, "M": 4_000_000, "DPX1": 800_000, "DPX2": 1_500_000}
    )
    jitter_ppm: int = 200_000  # At most this part is added to a latency.
    ahead_ppm: int = PPM  # Part of a displayed size ahead of a child that joins; less is a check.
    queue: Queue = Queue.BASE  # Where cancels in a queue happen, and how much is hidden for us.
    hidden_share_ppm: Mapping[str, int] = field(  # Part of off-exchange prints at a venue.
        default_factory=lambda: {"ATS1": 160_000, "DPX1": 160_000, "DPX2": 100_000}
    )
    hidden_part_ppm: int = 500_000  # At most this part of a hidden print could have been ours.
    dark_most_ppm: int = 120_000  # Our fills in pools are at most this part of all volume printed.
    peg_most_ppm: int = 90_000  # Those of our pegs at an exchange, of what that exchange printed.
    reject_ppm: int = 1_000  # Of children.
    unsolicited_cancel_ppm: int = 500  # Of resting children, within a minute.
    bust_ppm: int = 200  # Of fills, within two minutes.
    correct_ppm: int = 200  # Of fills, within two minutes.
    disconnect_ppm: int = 0  # Of venue sessions a day, for half a minute at most.

    @property
    def most_hidden_ppm(self) -> int:
        """The largest part of a hidden print: half as much for pessimists, twice for optimists."""
        if self.queue is Queue.PESSIMISTIC:
            return self.hidden_part_ppm // 2
        twice = self.queue is Queue.OPTIMISTIC
        return min(PPM, 2 * self.hidden_part_ppm) if twice else self.hidden_part_ppm


FAULTLESS = Behaviour(reject_ppm=0, unsolicited_cancel_ppm=0, bust_ppm=0, correct_ppm=0)
