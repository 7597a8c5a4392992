"""Sweeps: a base configuration and axes, to runs, to a table. Needs no torch.

`spec` says what a sweep is and `plan` which runs that makes, `execution` has them run and tells
how far they are, and `table` says what came out.
"""
