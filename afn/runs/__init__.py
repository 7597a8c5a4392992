"""Runs as folders: the store, what they tell, forks and comparisons. Needs no torch."""

from afn.runs.store import RunStore as RunStore
