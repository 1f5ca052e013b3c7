"""Cost of an execution against a benchmark price."""
