"""Shards that have stopped sealing; their children may be unattended at a venue."""

from collections.abc import Iterator

SILENCE_NS = 15_000_000_000  # Design, the log: a shard with open children seals each second.


class Silence:
    """When each shard last sealed a batch, or was last reported silent."""

    def __init__(self, shards: int) -> None:
        self._since_ns = [0] * shards

    def begin(self, now_ns: int) -> None:
        """Every shard counts as alive now."""
        self._since_ns = [now_ns] * len(self._since_ns)

    def end(self, number: int, now_ns: int) -> None:
        """The shard has sealed a batch."""
        self._since_ns[number] = now_ns

    def silent(self, now_ns: int) -> Iterator[int]:
        """The shards without a seal for SILENCE_NS; each again only after as long a time."""
        for number, since_ns in enumerate(self._since_ns):
            if now_ns - since_ns >= SILENCE_NS:
                self._since_ns[number] = now_ns
                yield number
