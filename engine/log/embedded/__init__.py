"""The log in one SQLite file: nothing to install, nothing to run, several processes at once.

    log       the port over all of them
    file      the connection, the tables, the port's errors for SQLite's
    leases    which worker holds a shard
    names     which process holds a name
    appending records of input topics as rows
    search    records before an offset, and the offset of a time

Offsets jump as Kafka's do: a commit takes one more offset in each partition it touched, as for a
transaction marker. A row keeps its position too, so a start that does not match the log is found at
once, and so is a row that is missing.

Durability: WAL with synchronous=FULL, so each commit and each append is on the disk (one fsync)
before it returns. A power cut leaves a prefix of the transactions.

Concurrency: one writer at a time, and any number of readers beside it. Readers keep no transaction
open and learn of new records by `PRAGMA data_version`, which reads shared memory and no page. Only
a connection that has opened a ShardWriter checkpoints: when it opens one, and whenever a commit
leaves CHECKPOINT_PAGES or more in the WAL (passively: it blocks no reader or writer). Where no
engine runs, the WAL grows until one does or the last connection is closed. A process that is
stopped (SIGSTOP, a debugger) inside a commit keeps the write lock; one that is killed there gives
it back.

An EmbeddedLog has one connection and belongs to one thread of one process: open another for
another thread, and open it after a fork, never before.
"""

from engine.log.embedded.log import EmbeddedLog

__all__ = ["EmbeddedLog"]
