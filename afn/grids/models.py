"""From a subject's weights to a model that answers."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import nn

from afn.engine.building import model_of
from afn.engine.checkpoints import load_weights
from afn.grids.records import Question
from afn.grids.subjects import Subject
from afn.norms import override_lambdas, set_eval_stats


def restored(subject: Subject) -> nn.Module:
    """The trained network, in eval mode. Its data set need not be there.

    Raises:
        ValueError: The file is damaged, gone, or of another network.
    """
    height, width, channels = subject.image_shape
    model = model_of(
        subject.config,
        image_size=(height, width),
        num_classes=subject.num_classes,
        mean=(0.0,) * channels,  # the file has the true ones
        std=(1.0,) * channels,
    )
    load_weights(subject.weights, model)
    return model.to(memory_format=torch.channels_last).eval()


@contextmanager
def asked(model: nn.Module, question: Question) -> Iterator[nn.Module]:
    """The model with the statistics that a question names, and without networks if it says so."""
    set_eval_stats(model, "running" if question.statistics == "running" else "batch")
    with ExitStack() as stack:
        if not question.networks:
            stack.enter_context(override_lambdas(model, mu=0.0, sigma=0.0, gamma=0.0, beta=0.0))
        yield model
