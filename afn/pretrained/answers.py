"""Asking a trained model all that its plan says."""

from collections.abc import Iterator
from pathlib import Path

from torch import nn

from afn.data import ImageData
from afn.engine.config import SWITCHABLE_NORMS, TrainConfig
from afn.grids.domains import Row, domain_matrix
from afn.grids.measure import kept_grid
from afn.grids.records import Cell, GridFile, Question
from afn.norms import set_eval_stats
from afn.pretrained.plan import Spec

Answers = dict[Question, list[Cell]]


def answers_of(
    spec: Spec,
    model: nn.Module,
    weights: str,
    folder: Path,
    *,
    own: ImageData,
    domains: list[ImageData],
) -> Iterator[tuple[Question, Cell]]:
    """Every cell of the plan, computed or as kept.

    Args:
        spec: What to ask.
        model: In eval mode; its statistics mode is changed.
        weights: SHA-256 of its weights' file.
        folder: Where cells are kept by their question.
        own: The data set that it was trained on.
        domains: Those of the plan.
    """
    for config in spec.modes():
        if config.norm in SWITCHABLE_NORMS and config.eval_stats is not None:
            set_eval_stats(model, config.eval_stats)
        yield from _in_one_mode(spec, config, model, weights, folder, own, domains)


def _in_one_mode(
    spec: Spec,
    config: TrainConfig,
    model: nn.Module,
    weights: str,
    folder: Path,
    own: ImageData,
    domains: list[ImageData],
) -> Iterator[tuple[Question, Cell]]:
    height, width, channels = own.x_test.shape[1:]
    row = Row(
        model=model,
        image_shape=(height, width, channels),
        statistics=config.statistics,
        weights=weights,
        folder=folder,
    )
    for crossing in domain_matrix(
        {spec.name: row},
        domains,
        num_images=spec.domain_images,
        batch_size=config.eval_batch_size,
    ):
        yield crossing.question, crossing.cell
    if spec.grid_images:
        question = Question(
            weights=weights,
            dataset=config.dataset,
            num_images=spec.grid_images,
            statistics=config.statistics,
            batch_size=config.eval_batch_size,
        )
        for cell in kept_grid(GridFile(folder, question), model, own):
            yield question, cell
