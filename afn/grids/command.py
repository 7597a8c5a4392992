"""``python -m afn evaluate RUN_ID --grid``: all severities of the corruptions, kept in the run."""

from collections.abc import Callable, Collection, Iterator
from statistics import fmean
from typing import Any

import torch

from afn.data import load_dataset
from afn.engine.config import TrainConfig
from afn.grids.measure import kept_grid
from afn.grids.models import asked, restored
from afn.grids.records import Cell, Order, Question, mean_corruption_error
from afn.grids.subjects import Subject
from afn.memory import keep_freed_memory
from afn.runs import Run

Say = Callable[[str, dict[str, Any]], None]


def run_grid(
    run: Run,
    config: TrainConfig,
    say: Say,
    *,
    corruptions: Collection[str],
    order: Order = "mixed",
    baseline: Run | None = None,
) -> None:
    """Say each cell of a run's grid, its mean accuracy, and what it is against a baseline.

    Args:
        run: Whose weights; the cells are kept in its folder.
        config: The run's, with the statistics mode, batch size and images of the test.
        say: Takes a line to people, and the record to programs.
        corruptions: Names; all five severities of each are tested.
        order: In which order the test images come.
        baseline: The run whose errors those of this one are divided by; it is tested alike.

    Raises:
        ValueError: A run has no weights yet, or the baseline is of another data set.
    """
    torch.set_num_threads(1)
    keep_freed_memory()
    if baseline is not None and baseline.config().dataset != config.dataset:
        raise ValueError(
            f"the baseline must be of the same data set, got {baseline.config().dataset} and "
            f"{config.dataset}: name another run"
        )
    cells = []
    found, question = _grid(run, config, corruptions, order)
    for cell in found:
        cells.append(cell)
        low, high = cell.interval
        what = f"{cell.corruption} {cell.severity}" if cell.corruption else "clean"
        say(
            f"{what:<20} {100 * cell.accuracy:6.2f} %  95 % CI {100 * low:.2f} to "
            f"{100 * high:.2f}  ({cell.n} images of {config.dataset}, {order}, {cell.source}, "
            f"statistics: {question.statistics})",
            {
                "kind": "cell", "dataset": config.dataset, "corruption": cell.corruption,
                "severity": cell.severity, "source": cell.source, "order": order,
                "statistics": question.statistics, "n": cell.n, "accuracy": cell.accuracy,
                "low95": low, "high95": high, "loss": cell.loss,
            },
        )  # fmt: skip
    if corrupted := [cell for cell in cells if cell.corruption]:
        mean = fmean(cell.accuracy for cell in corrupted)
        say(
            f"{100 * mean:.2f} % on average over {len(corrupted)} cells",
            {"kind": "mean", "accuracy": mean, "cells": len(corrupted)},
        )
    if baseline is not None:
        theirs, alike = _grid(baseline, config, corruptions, order)
        mce = mean_corruption_error(cells, theirs)
        say(
            f"mean corruption error {mce:.3f}, with {baseline.id} as the baseline "
            f"(statistics: {alike.statistics})",
            {
                "kind": "mce", "mce": mce, "baseline": baseline.id,
                "baseline_statistics": alike.statistics,
            },
        )  # fmt: skip


def _grid(
    run: Run, config: TrainConfig, corruptions: Collection[str], order: Order
) -> tuple[Iterator[Cell], Question]:
    """A run's cells, and the question that they answer: what the configuration says of the test."""
    subject = Subject.of_run(run)
    question = subject.question(
        num_images=config.eval_images,
        stats=config.eval_stats,
        batch_size=config.eval_batch_size,
        order=order,
    )

    def cells() -> Iterator[Cell]:
        with asked(restored(subject), question) as model:
            yield from kept_grid(
                subject.file(question),
                model,
                load_dataset(config.dataset),
                corruptions=corruptions,
            )

    return cells(), question
