"""Allocation of every fill and cross to the members of a parent."""
