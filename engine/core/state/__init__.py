"""What a shard knows, and where the finished part of it is kept."""
