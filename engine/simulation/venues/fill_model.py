"""The assumptions under which fills are simulated, kept in the log of the day.

A result of a simulation is worth as much as these, so they are part of the settings text that the
first event of each shard adopts (`ConfigurationAdopted`): the log says them, every projection of it
(view `fill_models`), and a what-if that plays the day again takes them from there. No decision
depends on them.
"""

import json
from dataclasses import dataclass

from engine.simulation.venues.behaviour import Behaviour
from engine.simulation.venues.impact import Impact
from engine.simulation.venues.queue import Queue
from engine.simulation.venues.venues import Venues

KEY = "fill_model"  # In the settings text.


@dataclass(frozen=True, slots=True)
class FillModel:
    """Assumptions about queues and hidden interest, and whether our fills move the market."""

    queue: Queue = Queue.BASE
    impact: bool = False

    def __str__(self) -> str:
        """The words of a result."""
        impact = "Almgren 2005, fed back" if self.impact else "none"
        return f"queue {self.queue.value}, impact {impact}"

    def venues(self, seed: int) -> Venues:
        """Simulated venues under these assumptions; `seed` is that of their chance."""
        impact = Impact() if self.impact else None
        return Venues(seed, Behaviour(queue=self.queue), impact=impact)

    def named_in(self, settings_text: str) -> str:
        """The settings text, which is canonical JSON, with these assumptions in it."""
        values = json.loads(settings_text)
        values[KEY] = {"impact": self.impact, "queue": self.queue.value}
        return json.dumps(values, sort_keys=True, separators=(",", ":"))


def of_settings(settings_text: str) -> FillModel | None:
    """The assumptions that a settings text names; None if its day was not simulated."""
    found = json.loads(settings_text or "{}").get(KEY)
    return None if found is None else FillModel(Queue(found["queue"]), found["impact"])
