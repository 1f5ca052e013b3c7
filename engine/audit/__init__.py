"""Proofs from the log alone: what was decided is what would be decided.

| module | what it is about |
|---|---|
| verification | one shard: seq, seals, digests, chain, offsets, and every decision again |
| finding | what a proof finds wrong, in words |
| difference | where a log and its proof part, and what was done to it, as far as it shows |
| all_shards | all shards side by side, and what signed anchors add |
| anchors | chain heads, signed and kept apart from the log |
| reconsideration | every batch decided by this release, from what another one recorded before it |
| departure, tally | where those two part, event by event; and how often over the whole log |
| release | another release, as a process of its own |
| segment | the days of a shard |
"""
