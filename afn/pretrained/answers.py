"""Asking a trained model all that its plan says."""

from collections.abc import Iterator

from torch import nn

from afn.ask.measure import ShownImages, answers, brought, kept_grid
from afn.ask.models import asked, restored
from afn.ask.network import Network
from afn.ask.records import Cell, Question
from afn.data import ImageData
from afn.pretrained.spec import Spec


def answers_of(
    spec: Spec, network: Network, *, own: ImageData, domains: list[ImageData]
) -> Iterator[tuple[Question, Cell]]:
    """Every cell of the plan, computed or as kept.

    Args:
        spec: What to ask.
        network: The trained model.
        own: The data set that it was trained on.
        domains: Those of the plan.
    """
    model = restored(network)
    for mode in spec.modes():
        for data in domains:
            question = network.question(
                dataset=data.name,
                classes=data.class_names,
                num_images=spec.domain_images,
                stats=mode.stats,
                networks=mode.networks,
            )
            yield question, _clean(network, model, question, data)
        if spec.grid_images:
            question = network.question(
                num_images=spec.grid_images, stats=mode.stats, networks=mode.networks
            )
            with asked(model, question):
                for cell in kept_grid(
                    network.file(question), model, own, class_names=network.class_names
                ):
                    yield question, cell


def _clean(network: Network, model: nn.Module, question: Question, data: ImageData) -> Cell:
    """The answers to a domain's clean images, brought to the model's form."""
    file, place = network.file(question), (None, 0)
    if place in (known := file.cells()):
        return known[place]
    those = brought(data, network.image_shape, question.num_images)
    with asked(model, question):
        cell = answers(
            model, ShownImages.of(*those, place=place), batch_size=question.batch_size,
            class_names=network.class_names,
        )  # fmt: skip
    file.append(cell)
    return cell
