"""Proofs from the log alone: what was decided is what would be decided.

| module | what it is about |
|---|---|
| verification | one shard: seq, seals, digests, chain, offsets, and every decision again |
| continuity | whether each seal and record follows the one before |
| difference | the first difference between a log and its proof |
| diagnosis | what was done to the log there, as far as the records show |
| all_shards | the proofs of a whole log, a process a shard |
| anchors, notary | chain heads, signed and stored apart from the log |
| reconsideration | this release decides again what another one recorded |
| event_diff | the recorded and the decided events of a batch, compared by their values |
| departures | how many events and fields differ over the whole log, and the first in full |
| release | another release, run as a process of its own |
| follower | a process that folds the log beside the workers and writes their snapshots |
| days | the days of a shard, from one close to the next |
| archiving | closed days as files |
| repartition | a new log with another number of shards, begun where the old one was closed |
| counterfactual, cost_comparison | a recorded day with another policy, and its costs |
| processes | independent work in several processes |
"""
