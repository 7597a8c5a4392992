"""Networks trained: a small sweep, with how its first steps went."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from afn.runs.history import History
from afn.runs.index import Line
from afn.settings.norms import NORM_TITLES
from afn.sweep.execution import Progress, begin, standing, stop
from afn.sweep.plan import SweepPlan, plan
from afn.sweep.saved import rounded
from afn.sweep.spec import SweepSpec
from afn.wording import count_words, enumerate_words

from ....kit import backend, people
from ....kit.jobs import Job
from ....kit.results import SweepResults
from .experiment import Experiment

FIRST_STEPS = 20
"""Of so many the gradient is kept."""
_KEPT = ("id", "created", "settings", "status", "reason", "summary")


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What came out of the trainings."""

    results: SweepResults
    gradients: Mapping[str, tuple[float, ...]]
    """By run: the norm of the loss's gradient at each of the first steps."""


@dataclass(frozen=True)
class Trainings(Experiment[Trained]):
    """A sweep, in the words of its specification's file."""

    sweep: Mapping[str, Any]
    tells: Literal["accuracy", "first gradient"] = "accuracy"
    """What of each training is held against the others."""

    @cached_property
    def plan(self) -> SweepPlan:
        """Its runs."""
        return plan(SweepSpec.from_json(dict(self.sweep)))

    def config(self) -> dict[str, Any]:
        """The sweep, and the name of each run, which follows from its configuration."""
        return {
            "kind": "trainings", "sweep": self.plan.spec.to_json(),
            "runs": [run.run_id for run in self.plan.runs],
        }  # fmt: skip

    def begin(self, folder: Path) -> str:
        """Queue the runs that have no result."""
        begin(
            self.plan.runs, self._lines(), backend.store(), backend.runner(), owner=people.me()
        )  # fmt: skip
        return "sweep"

    def job(self, folder: Path, work: str) -> Job:
        """By the runs that have their result."""
        lines = self._lines()
        progress = Progress.of(self.plan.runs, lines)
        reasons = [
            line.reason for line in lines.values() if standing(line) in ("interrupted", "failed")
        ]
        failed = progress.counts.get("failed", 0)
        reason = reasons[0] if reasons and not progress.active else ""
        return Job(
            share=(progress.ended - failed) / progress.total,
            told=f"{progress.ended} of {count_words(progress.total, 'training')}",
            is_running=bool(progress.active),
            reason=reason,
        )

    def end(self, folder: Path, work: str) -> None:
        """Stop what runs, and have what waits not begin."""
        stop(self.plan.runs, self._lines(), backend.store(), backend.runner())

    def record(self, folder: Path, work: str) -> dict[str, Any]:
        """What is known of each run, and the gradients of its first steps."""
        runs = []
        for run_id, line in self._lines().items():
            norms = _first_gradients(run_id)
            known = {name: value for name, value in asdict(line).items() if name in _KEPT}
            runs.append({**known, "gradients": [n if abs(n) < 1e30 else None for n in norms]})
        found: list[dict[str, Any]] = rounded(runs)
        return {"runs": found}

    def so_far(self) -> Trained:
        """What is known by now: of the trainings that have ended."""
        lines = {run_id: line for run_id, line in self._lines().items() if standing(line) == "done"}
        gradients = {run_id: _first_gradients(run_id) for run_id in lines}
        results = SweepResults(runs=self.plan.runs, lines=lines, provenance="")
        return Trained(results=results, gradients=gradients)

    def read(self, record: dict[str, Any]) -> Trained:
        """What `record` said."""
        lines, gradients = {}, {}
        for run in record["runs"]:
            norms = run["gradients"]
            gradients[run["id"]] = tuple(float("inf") if n is None else float(n) for n in norms)
            lines[run["id"]] = Line(**{k: v for k, v in run.items() if k in _KEPT})
        results = SweepResults(runs=self.plan.runs, lines=lines, provenance="")
        if missing := [run.run_id for run in self.plan.runs if run.run_id not in lines]:
            raise ValueError(f"the result of {missing[0]} is missing")
        return Trained(results=results, gradients=gradients)

    def conditions(self, data: Trained) -> str:
        """Data, length, seeds, and each norm's statistics in its test."""
        spec, modes = self.plan.spec, {}
        for run in self.plan.runs:
            modes[NORM_TITLES[run.config.norm]] = run.config.statistics
        base = self.plan.runs[0].config
        tests = [test for line in data.results.lines.values() for test in line.summary["tests"]]
        told = "; ".join(f"{norm} {mode}" for norm, mode in modes.items())
        images = (
            f"first {count_words(base.train_images, 'image')}, "
            if base.train_images < 10**6
            else ""
        )
        epochs = count_words(base.epochs, "epoch")
        backbones = list(dict.fromkeys(run.config.backbone for run in self.plan.runs))
        return (
            f"{base.dataset}, {images}{epochs}, {enumerate_words(backbones)} · seeds "
            f"{enumerate_words([str(seed) for seed in spec.seeds])} · tested on "
            f"{count_words(tests[0]['n'], 'image')} · statistics in the test: {told}"
        )

    def forget(self, folder: Path) -> None:
        """Delete one's own of its runs; the same configurations would only be looked up."""
        for run_id, line in self._lines().items():
            if people.may_change(line):
                backend.run(run_id).delete()

    def _lines(self) -> dict[str, Line]:
        return backend.index().some(run.run_id for run in self.plan.runs)


def _first_gradients(run_id: str) -> tuple[float, ...]:
    return tuple(History.of(backend.run(run_id)).columns["grad_norm"][:FIRST_STEPS].tolist())
