"""Kill switches, limits, halts and suspensions, and inputs that could not be taken."""
