"""``python -m afn evaluate NAME --grid``: the corruptions, kept with the model."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from statistics import fmean

import torch

from afn.ask.measure import kept_grid
from afn.ask.models import asked, restored
from afn.ask.records import COUNTED, Cell, Networks, Order, Question, mean_corruption_error, places
from afn.ask.sources import Source, config_of, network_of
from afn.cli.telling import Say
from afn.cli.terminal import tracked
from afn.corruptions.applying import left_out, left_out_record, left_out_words
from afn.corruptions.severities import rule_words
from afn.data import load_dataset
from afn.settings.config import TrainConfig
from afn.stats.calibration import BINS, expected_calibration_error
from afn.wording import count_words, statistics_told
from afn.work.memory import keep_freed_memory


def run_grid(
    source: Source,
    config: TrainConfig,
    say: Say,
    *,
    corruptions: Collection[str],
    severities: Collection[int] = (1, 2, 3, 4, 5),
    order: Order = "mixed",
    networks: Networks = "on",
    baseline: Source | None = None,
) -> tuple[Question, list[Cell]]:
    """Say each cell of a model's grid, its mean accuracy, and what it is against a baseline.

    Args:
        source: Whose weights; the cells are kept with it.
        config: The model's, with the statistics mode, batch size and images of the test.
        say: Takes a line to people, and the record to programs.
        corruptions: Names.
        severities: Of each corruption.
        order: In which order the test images come.
        networks: Whether they take part.
        baseline: The model whose errors those of this one are divided by; it is tested alike.

    Returns:
        What was asked, and the cells.

    Raises:
        ValueError: A run has no weights yet, or the baseline is of another data set.
    """
    torch.set_num_threads(1)
    keep_freed_memory()
    if baseline is not None and config_of(baseline).dataset != config.dataset:
        raise ValueError(
            f"the baseline must be of the same data set, got {config_of(baseline).dataset} and "
            f"{config.dataset}: name another run"
        )
    cells = []
    shape = network_of(source).image_shape
    if absent := left_out(places(corruptions, severities), config.dataset, shape):
        say(left_out_words(absent.values()), left_out_record(absent))
    asks = _Asks(config, corruptions, severities, order, say)
    found, question = asks.of(source, networks=networks)
    total = len(list(places(corruptions, severities))) - len(absent)
    networks_told = "" if question.networks == "on" else f", networks {question.networks}"
    for cell in tracked(found, f"asking {source.id}", total):
        cells.append(cell)
        low, high = cell.interval
        ece = expected_calibration_error(cell)
        say(
            f"{cell.where:<20} {100 * cell.accuracy:6.2f} %  95 % CI {100 * low:.2f} to "
            f"{100 * high:.2f}  ECE {ece:.3f}  ({count_words(cell.n, 'image')} of "
            f"{config.dataset}, {order}, {cell.source}, "
            f"statistics: {_statistics_told(question, cell.n)}{networks_told})",
            {
                "kind": "cell", "dataset": config.dataset, "corruption": cell.corruption,
                "severity": cell.severity, "source": cell.source, "order": order,
                "statistics": question.statistics, "networks": question.networks, "n": cell.n,
                "accuracy": cell.accuracy, "rule": cell.rule,
                "low95": low, "high95": high, "loss": cell.loss, "ece": ece,
            },
        )  # fmt: skip
    if corrupted := [cell for cell in cells if cell.corruption]:
        mean = fmean(cell.accuracy for cell in corrupted)
        ece = fmean(map(expected_calibration_error, corrupted))
        say(
            f"{100 * mean:.2f} % on average over {count_words(len(corrupted), 'cell')}, expected "
            f"calibration error (ECE, {BINS} bins) {ece:.3f}",
            {"kind": "mean", "accuracy": mean, "ece": ece, "cells": len(corrupted)},
        )
    if baseline is not None:
        theirs, alike = asks.of(baseline)
        mce = mean_corruption_error(cells, list(tracked(theirs, f"asking {baseline.id}", total)))
        say(
            f"mean corruption error {mce:.3f}, with {baseline.id} as the baseline "
            f"(statistics: {statistics_told(alike.statistics, cells[0].n)})",
            {
                "kind": "mce", "mce": mce, "baseline": baseline.id,
                "baseline_statistics": alike.statistics,
            },
        )  # fmt: skip
    return question, cells


def _statistics_told(question: Question, n: int) -> str:
    """With the sizes of test batches, where these do not follow from how many classes they hold."""
    if question.order in COUNTED:
        return question.statistics.replace("test batch of", "test batches of up to")
    return statistics_told(question.statistics, n)


@dataclass(frozen=True, slots=True)
class _Asks:
    """What is asked of a model and of its baseline alike."""

    config: TrainConfig
    corruptions: Collection[str]
    severities: Collection[int]
    order: Order
    say: Say

    def of(self, source: Source, *, networks: Networks = "on") -> tuple[Iterator[Cell], Question]:
        """A model's cells, and the question that they answer; says what is asked again, and why."""
        config, network = self.config, network_of(source)
        question = network.question(
            num_images=config.eval_images,
            stats=config.eval_stats,
            batch_size=config.eval_batch_size,
            order=self.order,
            networks=networks,
        )

        file = network.file(question)
        wanted = set(places(self.corruptions, self.severities))
        if older := [cell.rule for place, cell in file.outdated().items() if place in wanted]:
            words = f"{count_words(len(older), 'kept answer')} of {source.id}: images "
            self.say(
                f"{words}{rule_words(older[0])}; asked again",
                {"kind": "older rule", "id": source.id, "cells": len(older), "rule": older[0]},
            )

        def cells() -> Iterator[Cell]:
            with asked(restored(network), question) as model:
                yield from kept_grid(
                    file,
                    model,
                    load_dataset(config.dataset),
                    corruptions=self.corruptions,
                    severities=self.severities,
                    class_names=network.class_names,
                )

        return cells(), question
