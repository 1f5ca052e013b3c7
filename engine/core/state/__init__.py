"""The state of a shard, and the store of its finished parents."""
