"""Shares of every fill for the members of a parent."""
