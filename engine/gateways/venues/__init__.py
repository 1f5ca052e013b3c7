"""A venue gateway: the engine's routes meet the venues under the wall clock.

It reads the engine's routes, market data, reference data and controls, and writes the answers to
`venue-reports`. Its memory is the log alone. The venues are behind one protocol (`session`):
simulated ones in paper trading (`engine.simulation.paper`), a session in their own language else.

**Sent at most once.** A child goes out in three steps: its SendStarted is appended; the log
acknowledges it; the gateway reads it back. Only what was read back goes to the venue.

**One gateway by a lease.** A start takes the lease of the gateway's name before it reads anything,
and writes under it. From then on the log refuses every report of an older gateway, however long
that one was held up between its last read and its write; it ends with SupersededError.

**And by the log's own order.** Each start is a *run* with a number above all earlier ones; every
record carries it in the header `run`. A run begins by announcing itself on every partition
(SessionStatusObserved of the gateway's own name). From there on the newest run owns the sessions: a
SendStarted that lies behind the announcement of a newer run is void. All runs read the same order,
so they agree: the older one never sends that child, the newer one may. An older run that reads a
newer announcement stops. So readers know from the log alone which run a report is of, and a gateway
of a release without leases is superseded too.

**A start** reads from each shard's last close on, as a worker does (`start`).

**After a restart** the day's routes and reports are folded. A child without a SendStarted was
never sent: `send_before_ns` decides whether it goes out now or is NotSent. A child with one and
without an end is never sent again; the sessions find out what became of it (`resolve`).

**Only what a seal covers.** A route waits for the seal of its batch (`provenance`); a stranger's
record is never sent.

**Stops.** A gateway refuses by itself what a kill switch forbids, what is late, and everything
while a control cannot be read or its kill file is there (`hold`). Each control that it has applied
it answers with a status of its own session that names the control's position. Children of a shard
that seals nothing for SILENCE_NS are cancelled. A planned stop takes the sessions down, reports
what is on its way, and ends the rest (`log_out`).

**A report that cannot be read** makes its shard hold back the children of that venue until the
session is up again. The gateway knows all of its children, so it reports the session as up again
at once.

`docs/paper-trading.md` describes how to run it, and `engine/simulation/venues/venues.py` what is
not modelled.
"""

from engine.gateways.venues.gateway import VenueGateway
from engine.gateways.venues.run import SupersededError
from engine.gateways.venues.silence import SILENCE_NS

__all__ = ["SILENCE_NS", "SupersededError", "VenueGateway"]
