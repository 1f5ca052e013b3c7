"""Behaviour of the simulated venues; every number is a guess of the right size."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """Latencies, hidden interest and mishaps of all venues."""

    gateway_ns: int = 100_000  # From a route to its SendStarted.
    latency_ns: int = 300_000  # One way between gateway and venue.
    latencies_ns: Mapping[str, int] = field(  # Venues that differ; V has its speed bump.
        default_factory=lambda: {"V": 650_000, "M": 4_000_000, "DPX1": 800_000, "DPX2": 1_500_000}
    )
    jitter_ppm: int = 200_000  # At most this part is added to a latency.
    hidden_share_ppm: Mapping[str, int] = field(  # Part of off-exchange prints at a venue.
        default_factory=lambda: {"ATS1": 250_000, "DPX1": 250_000, "DPX2": 150_000}
    )
    hidden_part_ppm: int = 500_000  # At most this part of such a print could have been ours.
    reject_ppm: int = 1_000  # Of children.
    unsolicited_cancel_ppm: int = 500  # Of resting children, within a minute.
    bust_ppm: int = 200  # Of fills, within two minutes.
    correct_ppm: int = 200  # Of fills, within two minutes.
    disconnect_ppm: int = 0  # Of venue sessions a day, for half a minute at most.


FAULTLESS = Behaviour(reject_ppm=0, unsolicited_cancel_ppm=0, bust_ppm=0, correct_ppm=0)
