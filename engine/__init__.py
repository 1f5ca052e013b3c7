"""Metaorder: a smart execution engine whose only state is a fold over a log.

Theory of operation. Order sources, gateways and operators write inputs: orders, market data, venue
reports, controls, reference data. A *shard* (one partition number over all topics, one instrument
in one shard) reads them in batches. For each input the stages decide, and every decision is an
event: an order is accepted, grouped into a parent, crossed inside, planned, sliced, routed, filled,
allocated. Events and a *seal* are committed in one transaction. The seal names the consumed and the
written records, with digests, and is hash-chained to the seal before it. There is no other state. A
worker may be killed at any moment: the next worker with its lease folds the log and continues. The
same inputs give the same bytes, on a file and on Kafka.

    inputs --> shard.step --> events + seal --> log --> gateways, OMS, projections
                  ^                              |
                  +------- recovery.fold <-------+

Where to read: `topology` is the map of stages and events, `core` has the pure decisions. In
`runtime`, `shard` is the loop over a batch, `hash_chain` makes it provable, `recovery` is the fold,
`worker` holds leases and commits. `log` is the port and its adapters, `gateways` the edges to order
sources and venues, `simulation` a recorded day with simulated venues, `audit` verification.

What must hold, whatever happens: an order's quantity is crossed + allocated + open + withdrawn;
each fill is booked once and its shares sum to it; no child outlives its parent; no child is routed
through a limit, off tick, against a stale quote or through a better one; opposite interest crosses
inside first. The view `invariants` counts the violations of each rule.
"""
