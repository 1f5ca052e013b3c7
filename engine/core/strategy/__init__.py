"""Strategies: plan, schedule, slices and recalibration."""
