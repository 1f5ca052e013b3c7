"""Kill switches, limits, halts and suspensions, and inputs that were rejected."""
