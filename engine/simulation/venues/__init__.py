"""Simulated venues: exchanges, dark pools, and their sessions."""
