"""The consolidated market, and reference data."""
