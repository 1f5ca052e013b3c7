"""A shard rebuilt from its log: the last close, snapshots, and what is folded after them."""
