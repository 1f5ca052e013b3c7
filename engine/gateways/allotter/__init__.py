"""Divide the limits of a day among the shards: the accounts, the division, and the process."""
