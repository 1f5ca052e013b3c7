"""A log on Apache Kafka: more than one machine, fenced by consumer groups and transactions.

    log           the port over all of them
    client        what all clients share
    topics        the topics, created and checked
    reader        one consumer a topic, dense positions
    stall         a partition whose client has stopped fetching
    ends          where a log ends, and its last record
    writer        inputs appended, a shard's batches in transactions
    leases        who holds a shard
    membership    the membership of a group that a lease is, and the proof of it

What holds is held by the broker. A transaction's records are seen all at once or never
(read_committed); a newer writer of a shard fences the older one, also across machines; a member
that the group has expelled can prove no lease. A worker that stalls past its session and then
wakes can still commit as long as nobody has opened a writer of its shard; whoever does reads the
journal's end after that, and so sees it.
"""

from engine.log.kafka.log import PREFIX, SESSION_TIMEOUT_MS, KafkaLog

__all__ = ["PREFIX", "SESSION_TIMEOUT_MS", "KafkaLog"]
