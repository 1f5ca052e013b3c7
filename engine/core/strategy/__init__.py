"""Strategies: plans, schedules, slices and recalibration."""
