"""The log in one SQLite file: nothing to install, nothing to run, several processes at once.

    log       the port over all of them
    file      the connection, the tables, SQLite's errors in our words
    leases    who holds a shard
    search    what lies before an offset, or since a time

Offsets jump as Kafka's do: a commit takes one more offset in each partition it touched, for a
marker that nobody stores. A row keeps its position too, so a start that does not match the log is
found at once, and so is a row that is missing.

Durability: WAL with synchronous=FULL, so each commit and each append is on the disk (one fsync)
before it returns. A power cut leaves a prefix of the transactions.

Concurrency: one writer at a time, any number of readers beside it, who keep no transaction open
and learn of news by `PRAGMA data_version`, which reads shared memory and no page. Only a
connection that has opened a ShardWriter checkpoints: when it opens one, and whenever a commit
leaves CHECKPOINT_PAGES or more in the WAL (passively: nobody waits for it). Where no engine runs,
the WAL grows until one does or the last connection is closed. A process that is stopped (SIGSTOP,
a debugger) inside a commit keeps the write lock; one that is killed there gives it back.

An EmbeddedLog has one connection and belongs to one thread of one process: open another for
another thread, and open it after a fork, never before.
"""

from engine.log.embedded.log import EmbeddedLog

__all__ = ["EmbeddedLog"]
