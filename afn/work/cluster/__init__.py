"""Runs on several machines through Dask distributed (``pip install '.[cluster]'``).

Every worker shares the run store's folder, which stays the only truth: Dask is told which run to
execute and nothing else. `runner` queues runs and hands them over, `connection` finds the scheduler
and sees that its workers are fit, and `worker` is what workers do. Needs no torch, and
distributed only once a cluster is used.
"""

from afn.work.cluster.runner import ClusterRunner, runner_for

__all__ = ["ClusterRunner", "runner_for"]
