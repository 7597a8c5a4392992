"""Intervals, differences over seeds, power, calibration, and what theory says. Needs no torch."""
