"""A trading day on recorded market data: the market, the venues, the orders and the driver."""
