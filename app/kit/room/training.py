"""The class as the experiment: a short training for each phone, behind everything else."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from afn.engine.ready import check_ready
from afn.runs.store import Run
from afn.settings.config import TrainConfig
from afn.work.folder import ENDED

from .. import backend


def start(config: TrainConfig, group: str, number: int, owner: str | None) -> str:
    """Have the network of a phone wait for its turn; the run's id.

    Raises:
        ValueError: It cannot be trained here, or is more than one may have.
        OSError: The disk is full, or there is no worker.
    """
    check_ready(config)
    runner = backend.ready_runner()
    run = backend.store().create(config, name=f"phone {number + 1}", group=group, owner=owner)
    try:
        runner.submit_behind([run])
    except (OSError, ValueError):
        with suppress(FileNotFoundError):
            run.delete()
        raise
    return run.id


def accuracy(run: Run) -> float | None:
    """On damaged images or, where none are tested, clean ones; None until all are tested."""
    config = run.config()
    tests = backend.history(run.id).latest_by_corruption(config.severity)
    wanted = config.corruptions or (None,)
    if not all(name in tests for name in wanted):
        return None
    return sum(tests[name]["accuracy"] for name in wanted) / len(wanted)


def told(run_ids: Sequence[str]) -> dict[str, Any]:
    """A dot for each phone: contender, how far it is, accuracy in percent, and mean λ_μ."""
    dots = []
    for run_id in run_ids:
        run = Run(backend.store().root / run_id)
        try:
            config, status = run.config(), run.state().status
        except (OSError, ValueError):
            continue  # deleted since
        history = backend.history(run_id)
        value = accuracy(run)
        has_lambdas = bool(history.num_steps and history.adaptive_layers)
        dots.append(
            {
                "norm": config.norm,
                "seed": config.seed,
                "share": round(history.share_done(config.epochs), 2),
                "is_over": status in ENDED,
                "accuracy": None if value is None else round(100 * value, 1),
                "lambda": round(float(history.lambdas[:, 0, -1].mean()), 5)
                if has_lambdas
                else None,
            }
        )
    return {"dots": dots, "waiting": sum(not dot["is_over"] for dot in dots)}
