"""A recorded day of market data, and its replay."""
