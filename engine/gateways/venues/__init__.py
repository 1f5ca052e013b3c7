"""A paper-trading gateway: the engine's routes meet the simulated venues under the wall clock.

It reads what the engine routes, what the market does, reference and controls, and answers in
`venue-reports`. Its memory is the log alone; what its venues knew dies with the process.

**Sent at most once.** A child goes out in three steps: its SendStarted is appended; the log
acknowledges it; the gateway reads it back. Only what was read back goes to the venue.

**One gateway by the log's own order.** The log's leases are for shards, and an append cannot be
fenced, so the log itself says whose turn it is. Each start is a *run* with a number above all it
has seen; every record carries it in the header `run`. A run begins by announcing itself on every
partition (SessionStatusObserved of the venue `PAPER`). From there on the newest run owns the
sessions: a SendStarted that lies behind the announcement of a newer run is void. All runs read
the same order, so they agree: the older one never sends that child, the newer one may. An older
run that sees a newer announcement stops and writes nothing more. What this does not give: an
older run that was held up between its look at the log and an append can still append a report of
a child that the newer one has cancelled; the engine books it as a late fill.

**After a restart** the day's routes and reports are folded. A child without a SendStarted was
never sent: `send_before_ns` decides whether it goes out now or is NotSent. A child with one and
without an end is unknown, and is never sent again: UNKNOWN is reported, then CANCELED with what
it had filled, as the paper venue keeps nothing over a restart. (A real venue would be asked by
the child's id.) Fills that the lost process had not reported yet never happened.

**Stops.** A gateway refuses by itself what a kill switch forbids (FIRM, INSTRUMENT, VENUE; a
route names no client, the shards hold CLIENT), what is late, and everything while a control
cannot be read. Each control that it has applied it answers with a session status of `PAPER` that
names the control's position. Children of a shard that seals nothing for SILENCE_NS are cancelled.
A planned stop takes the sessions down, reports what is on its way, and cancels the rest.

**A report that nobody can read** makes its shard hold back what goes to that venue until the
session is up again. The gateway knows all of its children, so it says so again at once.

`docs/paper-trading.md` says how to run it, and `engine/simulation/venues/venues.py` what is not
modelled.
"""

from engine.gateways.venues.gateway import SILENCE_NS, VenueGateway
from engine.gateways.venues.run import GATEWAY, SupersededError

__all__ = ["GATEWAY", "SILENCE_NS", "SupersededError", "VenueGateway"]
