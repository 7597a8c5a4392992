"""Metrics of trainings that were never ours, over seeds: read, paired, judged. Needs no torch."""
