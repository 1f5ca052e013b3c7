"""Parent orders: aggregation of members, their changes, and crossing inside."""
