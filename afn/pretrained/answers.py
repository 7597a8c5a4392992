"""Asking a trained model all that its plan says."""

from collections.abc import Iterator
from pathlib import Path

from torch import nn

from afn.data import ImageData
from afn.grids.domains import Row, domain_matrix
from afn.grids.measure import kept_grid
from afn.grids.models import asked
from afn.grids.records import Cell, GridFile, Question
from afn.pretrained.plan import Spec


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
    height, width, channels = own.x_test.shape[1:]
    for mode in spec.modes():
        config = mode.config
        question = Question(
            weights=weights,
            dataset=config.dataset,
            num_images=spec.grid_images,
            statistics=config.statistics,
            batch_size=config.eval_batch_size,
            networks=mode.networks,
        )
        row = Row(
            model=model,
            image_shape=(height, width, channels),
            statistics=config.statistics,
            networks=mode.networks,
            weights=weights,
            folder=folder,
        )
        with asked(model, question):
            for crossing in domain_matrix(
                {spec.name: row},
                domains,
                num_images=spec.domain_images,
                batch_size=config.eval_batch_size,
            ):
                yield crossing.question, crossing.cell
            if spec.grid_images:
                for cell in kept_grid(GridFile(folder, question), model, own):
                    yield question, cell
