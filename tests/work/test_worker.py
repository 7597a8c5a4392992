"""The warm process that runs and evaluations are forked from."""

import os
import subprocess
import sys

from afn.ask.evaluation import EvaluationStore
from afn.work.worker import Worker

SCRIPT = """
import sys
from pathlib import Path
from afn.runs.store import RunStore
from afn.settings.config import TrainConfig
from afn.work.worker import warm_up

warm_up()
known = set(sys.modules)
from afn.ask.execution import carry_out
from afn.ask.inside.bench import Bench
from afn.engine.execution import execute
run = RunStore(Path(sys.argv[1])).create(TrainConfig(dataset="digits8", max_steps=2))
assert {event.kind for event in execute(run)} > {"probe", "sheet", "step"}
print([name for name in sorted(set(sys.modules) - known) if name.startswith("afn")])
"""


def test_forks_have_nothing_of_ours_to_load(tmp_path):
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_evaluations_begin_in_turn_for_each_who_asks(store, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    begun = []
    worker = Worker(store, can_fork=True)
    monkeypatch.setattr(worker, "_start", lambda work: begun.append(work) or len(begun))
    evaluations = EvaluationStore.beside(store)
    for owner in ("ann", "ann", "ann", "ben"):
        worker._obey({"evaluate": evaluations.create([], owner=owner).id})
    worker._start_what_fits()
    assert [work.owner for work in begun] == ["ann", "ben"]
    del worker._children[1]  # it has ended
    worker._start_what_fits()
    assert [work.owner for work in begun[2:]] == ["ann"]
