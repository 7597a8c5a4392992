"""From a network's weights to a model that answers."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from afn.ask.evaluate import Classifier
from afn.ask.network import Network, Stats
from afn.ask.records import Networks, Question, networks_of
from afn.engine.building import model_of
from afn.engine.checkpoints import load_weights
from afn.norms import freeze_networks, norm_layers, override_lambdas, set_eval_stats


def restored(network: Network) -> nn.Module:
    """The trained network, in eval mode. Its data set need not be there.

    Raises:
        ValueError: The file is damaged, gone, or of another network; a model of one's own cannot be
            built any more, or its file has changed.
    """
    height, width, channels = network.image_shape
    if network.rebuilt:
        from afn.own.building import built_again

        again = built_again(network.rebuilt, network.image_shape)
        load_weights(network.weights, again)
        return again.eval()
    model = model_of(
        network.config,
        image_size=(height, width),
        num_classes=network.num_classes,
        mean=(0.0,) * channels,  # the file has the true ones
        std=(1.0,) * channels,
    )
    load_weights(network.weights, model)
    return model.to(memory_format=torch.channels_last).eval()


def switch(model: nn.Module, statistics: Stats) -> None:
    """Choose the statistics of the layers that have the choice, where there are any."""
    if any(layer.eval_stats for layer in norm_layers(model).values()):
        set_eval_stats(model, statistics)


@contextmanager
def asked(model: nn.Module, question: Question) -> Iterator[nn.Module]:
    """The model with the statistics that a question names, and its networks as it says."""
    switch(model, "running" if question.statistics == "running" else "batch")
    with networks_as(model, question.networks):
        yield model


def networks_as(model: nn.Module, networks: Networks) -> AbstractContextManager[None]:
    """The networks as trained, off (every λ forced to 0) or frozen for a while.

    Raises:
        ValueError: They are to be off or frozen, and no layer has networks; or no averages to
            freeze them with.
    """
    match networks:
        case "off":
            return override_lambdas(model, mu=0.0, sigma=0.0, gamma=0.0, beta=0.0)
        case "frozen":
            return freeze_networks(model)
    return nullcontext()


def as_tested(
    model: nn.Module, statistics: Stats | None = None, *, networks: bool | Networks = "on"
) -> Classifier:
    """A model in one of the ways in which it can be asked; the model itself stays as it is.

    Args:
        model: In eval mode.
        statistics: "running" or "batch", for the layers that have the choice; None leaves them.
        networks: "on"; "off" forces every λ to 0, which takes away what grew up beside the networks
            too; "frozen" gives them the running averages, so that what a test loses is what their
            adapting is worth. True is "on" and False "off".

    Raises:
        ValueError: Another word for the networks. When asked: there are none to be off or frozen,
            or no averages to freeze them with (see `freeze_networks`).

    Example:
        >>> import torch
        >>> from afn import as_tested, load_pretrained
        >>> model, images = load_pretrained("mnist5k-afn"), torch.rand(4, 1, 28, 28)
        >>> plain, frozen = (as_tested(model, "batch", networks=it) for it in ("off", "frozen"))
        >>> torch.allclose(plain(images), model(images))
        False
        >>> frozen(images).shape
        torch.Size([4, 10])
    """
    return AsTested(model, statistics, networks_of(networks))


@dataclass(frozen=True, slots=True)
class AsTested:
    """What `as_tested` gives."""

    model: nn.Module
    statistics: Stats | None
    networks: Networks

    def __call__(self, images: Tensor) -> Tensor:
        with self.set():
            logits: Tensor = self.model(images)
        return logits

    @contextmanager
    def set(self) -> Iterator[None]:
        """The model in its way for a while."""
        before = {layer: layer.eval_stats for layer in norm_layers(self.model).values()}
        with ExitStack() as stack:
            if self.statistics:
                switch(self.model, self.statistics)
            stack.enter_context(networks_as(self.model, self.networks))
            try:
                yield
            finally:
                for layer, mode in before.items():
                    layer.eval_stats = mode
