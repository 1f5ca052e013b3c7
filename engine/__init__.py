"""Metaorder: a smart execution engine that is nothing but a fold over a log.

Theory of operation. Others write inputs: orders, market data, venue reports, controls, reference.
A *shard* (one partition over all topics, one instrument in one shard) takes them in batches. For
each input the stages decide, and every decision is an event: accepted, grouped into a parent,
crossed inside, planned, sliced, routed, filled, allocated. Events and a *seal* are committed in one
transaction; the seal says what was consumed and written, with digests, and is hash-chained to the
one before. Nothing else is state. A worker may be killed anywhere: whoever takes its lease folds
the log and goes on. The same inputs give the same bytes, on a file and on Kafka.

    inputs --> shard.step --> events + seal --> log --> gateways, OMS, projections
                  ^                              |
                  +------- recovery.fold <-------+

Where to read: `topology` is the map (who reacts to what), `core` the pure decisions, `shard` the
loop over a batch, `seal` what makes it provable, `recovery` the fold, `worker` leases and commits,
`log` the port and its adapters, `simulation` a recorded day with simulated venues.

What must hold, whatever happens: an order's quantity is crossed + allocated + open + withdrawn;
each fill is booked once and its shares sum to it; no child outlives its parent; nothing goes out
through a limit, off tick, against a stale quote or through a better one; opposite interest meets
inside first. The view `invariants` counts the violations of each rule.
"""
