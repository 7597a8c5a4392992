"""Training steps timed on this machine, one norm after the other."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from afn.cost.plan import Plan
from afn.cost.records import Measurement

from ....kit import backend, jobs
from ....kit.jobs import Job
from .experiment import Experiment


@dataclass(frozen=True)
class Timings(Experiment[tuple[Measurement, ...]]):
    """A measurement like the Cost page's."""

    plan: Plan

    def config(self) -> dict[str, Any]:
        """What is measured."""
        plan = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self.plan).items()}
        return {"kind": "timings", "plan": plan, "command": self.plan.command()}

    def begin(self, folder: Path) -> str:
        """Start a process that measures; only one does at a time."""
        return backend.measurements().start(self.plan)

    def job(self, folder: Path, work: str) -> Job:
        """By the measurement's own word."""
        return jobs.of_report(backend.measurements().report(work))

    def end(self, folder: Path, work: str) -> None:
        """End its process, unless another one runs by now."""
        live = backend.measurements()
        if live.running == work:
            live.stop()

    def record(self, folder: Path, work: str) -> dict[str, Any]:
        """All measurements."""
        found = backend.measurements().report(work).measurements
        return {"measurements": [measurement.to_json() for measurement in found]}

    def read(self, record: dict[str, Any]) -> tuple[Measurement, ...]:
        """What `record` said."""
        found = tuple(Measurement.from_json(each) for each in record["measurements"])
        wanted = {(case, norm) for case in self.plan.cases for norm in self.plan.contenders}
        if missing := wanted - {(each.case, each.norm) for each in found}:
            raise ValueError(f"the measurement of {missing.pop()} is missing")
        return found

    def conditions(self, data: tuple[Measurement, ...]) -> str:
        """How it was measured."""
        modes = "; ".join(
            f"{each.norm} {each.statistics}" for each in data if each.case == data[0].case
        )
        return (
            f"ConvNet, images of 3×32×32, one thread · start weights of seed 0 · medians of "
            f"{data[0].rounds} alternating steps · statistics: in training the batch's, "
            f"ASRNorm the image's own; at inference {modes}"
        )
