"""A log on Apache Kafka: more than one machine, fenced by consumer groups and transactions.

    log           the port over all of them
    client        settings and errors that all clients share
    topics        the topics, created and checked
    reader        one consumer a topic, dense positions
    stall         a partition whose client has stopped fetching
    ends          where partitions end, and their last records
    writer        inputs appended, a shard's batches in transactions
    leases        which worker holds a shard
    names         which process holds a name
    membership    one membership of a consumer group, which is a lease, and its proof

The broker gives the guarantees. A transaction's records are read all at once or never
(read_committed); a newer writer of a shard fences the older one, also across machines; a member
that the group has expelled can prove no lease. A worker that stalls past its session and then
wakes can still commit until another worker opens a writer of its shard. That worker reads the
journal's end afterwards, so it sees the commit.
"""

from engine.log.kafka.log import PREFIX, SESSION_TIMEOUT_MS, KafkaLog

__all__ = ["PREFIX", "SESSION_TIMEOUT_MS", "KafkaLog"]
