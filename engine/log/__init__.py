"""The log: one port, its adapters, the codec and the partitioner. `open_log(url)` is the door."""
