"""From a subject's weights to a model that answers."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import torch
from torch import Tensor, nn

from afn.engine.building import model_of
from afn.engine.checkpoints import load_weights
from afn.evaluate import Classifier
from afn.grids.records import Question
from afn.grids.subjects import Stats, Subject
from afn.norms import norm_layers, override_lambdas, set_eval_stats


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
            stack.enter_context(networks_off(model))
        yield model


def networks_off(model: nn.Module) -> AbstractContextManager[None]:
    """Every λ forced to 0 for a while, which leaves what AFN and ASRNorm are without networks.

    Raises:
        ValueError: No layer has networks.
    """
    return override_lambdas(model, mu=0.0, sigma=0.0, gamma=0.0, beta=0.0)


def as_tested(
    model: nn.Module, statistics: Stats | None = None, *, networks: bool = True
) -> Classifier:
    """A model in one of the ways in which it can be asked; the model itself stays as it is.

    Args:
        model: In eval mode.
        statistics: "running" or "batch", for the layers that have the choice; None leaves them.
        networks: False forces every λ to 0, see `networks_off`.

    Example:
        >>> import torch
        >>> from afn import as_tested, load_pretrained
        >>> model, images = load_pretrained("mnist5k-afn"), torch.rand(4, 1, 28, 28)
        >>> plain = as_tested(model, "batch", networks=False)
        >>> torch.allclose(plain(images), model(images))
        False
    """

    def answer(images: Tensor) -> Tensor:
        before = {layer: layer.eval_stats for layer in norm_layers(model).values()}
        with ExitStack() as stack:
            if statistics:
                set_eval_stats(model, statistics)
            if not networks:
                stack.enter_context(networks_off(model))
            try:
                logits: Tensor = model(images)
            finally:
                for layer, mode in before.items():
                    layer.eval_stats = mode
        return logits

    return answer
