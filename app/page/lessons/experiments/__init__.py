"""Experiments that take seconds: begun, followed, stopped, and what came out of them as a record.

An experiment of a lesson is one of four kinds: networks trained (`trainings`), trained networks
tested or looked into (`evaluations`), training steps timed (`timings`), or `arithmetic`. Each runs
in the worker or in a process of its own, except for arithmetic, and `trial` keeps what came out.
`python -m benchmarks.lessons --keep` runs them through this same code and lays their outcomes into
`app/reference/lessons`.
"""
