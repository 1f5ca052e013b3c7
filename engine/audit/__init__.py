"""Proofs from the log alone: what was decided is what would be decided.

| module | what it is about |
|---|---|
| verification | one shard: seq, seals, digests, chain, offsets, and every decision again |
| difference | where a log and its proof part, and what was done to it, as far as it shows |
| examination | all shards side by side, and what signed anchors add |
| anchors | chain heads, signed and kept apart from the log |
"""
