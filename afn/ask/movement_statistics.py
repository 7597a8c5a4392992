r"""Measuring how far small networks moved from their start, and what their answers do.

A network's matrices w are held against those that its seed draws, :math:`w_0`:

.. math::
    \mathrm{cosine} = \frac{w \cdot w_0}{\lVert w \rVert\,\lVert w_0 \rVert}, \qquad
    \mathrm{ratio} = \frac{\lVert w \rVert}{\lVert w_0 \rVert}.

Weight decay alone keeps the cosine at 1 and leaves a ratio that `afn.stats.decay` computes.

What a network answers acts with its λ. With :math:`a_{bc}` the answer to batch b for channel c,

.. math::
    \mathrm{effect} = |\lambda| \sqrt{\tfrac1C \textstyle\sum_c \overline{a_{\cdot c}}^2}, \qquad
    \mathrm{varies} = |\lambda| \sqrt{\tfrac1C \textstyle\sum_c \mathrm{var}_b\, a_{bc}}.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, get_args

import torch
from torch import Tensor, nn

from afn.ask.hidden_units import awake
from afn.ask.measure import images_under
from afn.ask.models import restored
from afn.ask.movement import (
    BATCH_SIZE,
    NUM_IMAGES,
    Movement,
    NetworkMovement,
    Output,
    OutputMovement,
    Part,
    Varying,
    WeightMovement,
    conditions_of,
)
from afn.ask.network import Network
from afn.ask.rescaling import Condition
from afn.ask.sources import Source, network_of
from afn.engine.building import started
from afn.norms import AdaptiveNorm, norm_layers, set_eval_stats
from afn.settings.norms import ADAPTIVE_NORMS


def movement_of(
    network: Network | Source | str, *, num_images: int = NUM_IMAGES, batch_size: int = BATCH_SIZE
) -> Movement:
    """How far a trained network's small networks moved from the start that its seed draws.

    It is shown its own test images, clean and under the fifteen standard corruptions at severity 5.

    Args:
        network: What was trained: a run's id or a pretrained model's name, what `afn.find` and
            `afn.trained` give, or the network.
        num_images: The first so many test images; 0 looks at the weights alone, for which the data
            set need not be there.
        batch_size: Of the test.

    Raises:
        ValueError: It has no small networks, its weights are damaged, or a number below 0.
        FileNotFoundError: Its data set is not on disk.

    Example:
        >>> from afn import movement_of
        >>> cosine, ratio = movement_of("mnist5k-afn", num_images=0).weights
        >>> round(cosine, 4), round(ratio, 3)
        (0.9999, 1.0)
    """
    if not isinstance(network, Network):
        network = network_of(network)
    if network.config.norm not in ADAPTIVE_NORMS or not network.config.adaptive:
        raise ValueError(
            f"{network.id} has no small networks: take a network with AFN or ASRNorm, adaptive"
        )
    if num_images < 0:
        raise ValueError(f"num_images must be at least 0, got {num_images}")
    images = images_under(
        conditions_of(network.config.dataset, network.image_shape) if num_images else (),
        image_shape=network.image_shape,
        num_images=num_images,
    )
    return movement(restored(network), start_of(network), images, batch_size=batch_size)


def start_of(network: Network) -> nn.Module:
    """The network before its first step, bit for bit: its seed draws the weights."""
    height, width, channels = network.image_shape
    model = started(
        network.config,
        image_size=(height, width),
        num_classes=network.num_classes,
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
    )
    return model.eval()


@torch.inference_mode()
def movement(
    model: nn.Module,
    start: nn.Module,
    conditions: Mapping[Condition, Tensor] | None = None,
    *,
    batch_size: int = BATCH_SIZE,
) -> Movement:
    """How far a model's small networks moved from a start, and what their answers do.

    Statistics are those of each test batch (ASRNorm: of each image), however the model is tested
    otherwise: of running averages the networks' answers are constants, as they are where networks
    were trained frozen. A last batch that is not full is left out, unless it is the only one.

    Args:
        model: In eval mode, with layers of AFN or ASRNorm.
        start: The same network before training.
        conditions: Images (N, C, H, W) as the model takes them, clean ones first; may be empty.
        batch_size: Of the test.

    Raises:
        ValueError: No such layers, a start of another form, a model in training mode, a batch size
            below 1, or figures that are not finite.
    """
    layers, starts = _adaptive(model), _adaptive(start)
    if not layers:
        raise ValueError("expected a model with small networks, of AFN or ASRNorm; got one without")
    if _shapes(layers) != _shapes(starts):
        raise ValueError("expected a start of the same form: build it with the same configuration")
    if model.training:
        raise ValueError("expected a model in eval mode: call model.eval() first")
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    images = conditions or {}
    if not all(len(each) for each in images.values()):
        raise ValueError("expected images of every condition, got none of one")
    found = [_Answers.of(model, each, batch_size) for each in images.values()]
    networks = [
        _network(name, part, getattr(layer, part), getattr(starts[name], part), found)
        for name, layer in layers.items()
        for part in get_args(Part)
    ]
    pairs = zip(_matrices(layers), _matrices(starts), strict=True)
    varies: Varying = (
        "images" if all(layer.is_per_image for layer in layers.values()) else "batches"
    )
    return Movement(
        weights=_way(list(pairs)),
        networks=tuple(networks),
        outputs=tuple(
            _output(name, layer, output, found)
            for name, layer in layers.items()
            for output in get_args(Output)
            if found
        ),
        conditions=tuple(images),
        num_images=max(map(len, images.values()), default=0),
        batch_size=batch_size,
        varies_between=varies,
    )


def _adaptive(model: nn.Module) -> dict[str, AdaptiveNorm]:
    return {
        name: layer
        for name, layer in norm_layers(model).items()
        if isinstance(layer, AdaptiveNorm) and layer.adaptive
    }


def _shapes(layers: Mapping[str, AdaptiveNorm]) -> dict[str, list[torch.Size]]:
    return {name: [p.shape for p in layer.parameters()] for name, layer in layers.items()}


def _matrices(layers: Mapping[str, AdaptiveNorm]) -> list[Tensor]:
    return [p for layer in layers.values() for p in layer.parameters() if p.dim() > 1]


# -- weights ---------------------------------------------------------------------------------------


def _network(
    layer: str, part: Part, trained: nn.Module, start: nn.Module, found: "list[_Answers]"
) -> NetworkMovement:
    pairs = {
        name: (parameter, start.get_parameter(name))
        for name, parameter in trained.named_parameters()
    }
    weights = {name: pair for name, pair in pairs.items() if pair[0].dim() > 1}
    hidden = trained.get_parameter("encoder.weight").shape[0]
    dead = None
    if found:
        lives = torch.stack([each.lives[layer, part] for each in found]).any(0)  # (2, hidden)
        of_mu, of_sigma = (~lives).sum(1).tolist()
        dead = (of_mu, of_sigma)
    return NetworkMovement(
        layer=layer,
        part=part,
        weights=_way(list(weights.values())),
        matrices={name.partition(".")[0]: _way([pair]) for name, pair in weights.items()},
        biases=_way([pair for name, pair in pairs.items() if name not in weights]),
        hidden=hidden,
        dead=dead,
    )


def _way(pairs: list[tuple[Tensor, Tensor]]) -> WeightMovement:
    """Of tensors and their starts, each taken as one vector."""
    now = torch.cat([trained.double().flatten() for trained, _ in pairs])
    before = torch.cat([start.double().flatten() for _, start in pairs])
    if not bool(now.isfinite().all()):
        raise ValueError("the small networks' weights are not finite: the model diverged")
    length, first = now.norm(), before.norm()
    cosine = now @ before / (length * first) if length else torch.zeros(())
    return _rounded(float(cosine.clamp(-1, 1))), _rounded(float(length / first))


# -- answers ---------------------------------------------------------------------------------------


class _Answers:
    """What the networks of each layer say to the images of one condition."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], list[Tensor]] = {}
        """By layer and what it is (mu, mu_stan, …): for each batch (rows, C) float64."""
        self.lives: dict[tuple[str, str], Tensor] = {}
        """By layer and part, (2, hidden): units that were above 0, fed with μ and with σ."""

    @classmethod
    def of(cls, model: nn.Module, images: Tensor, batch_size: int) -> "_Answers":
        batches = images.split(batch_size)
        if len(batches) > 1 and len(batches[-1]) < batch_size:
            batches = batches[:-1]
        answers = cls()
        with _by_batch(model), answers._recording(model):
            for batch in batches:
                model(batch)
        return answers

    @contextmanager
    def _recording(self, model: nn.Module) -> Iterator[None]:
        handles = [
            layer.register_forward_pre_hook(partial(self._record, name))
            for name, layer in _adaptive(model).items()
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _record(self, name: str, layer: Any, inputs: tuple[Tensor, ...]) -> None:
        trace = layer.trace(inputs[0])
        for what in ("mu", "sigma", "mu_stan", "sigma_stan", "gamma_net", "beta_net", "gamma_hat"):
            values = getattr(trace, what).double().cpu()
            self.rows.setdefault((name, what), []).append(values.reshape(-1, values.shape[-1]))
        for part, units in awake(layer, trace).items():
            self.lives[name, part] = self.lives.get((name, part), torch.zeros_like(units)) | units


@contextmanager
def _by_batch(model: nn.Module) -> Iterator[None]:
    """With the statistics of each test batch."""
    before = {layer: layer.eval_stats for layer in norm_layers(model).values()}
    set_eval_stats(model, "batch")
    try:
        yield
    finally:
        for layer, mode in before.items():
            layer.eval_stats = mode


_SOURCES: dict[Output, tuple[str, str]] = {
    "mu": ("mu_stan", "sigma"),
    "sigma": ("sigma_stan", "sigma"),
    "gamma": ("gamma_net", "gamma_hat"),
    "beta": ("beta_net", "gamma_hat"),
}
"""What answers, and whose size is the spread of what it acts on."""


def _output(
    name: str, layer: AdaptiveNorm, output: Output, found: list[_Answers]
) -> OutputMovement:
    answer, acted_on = _SOURCES[output]
    share = layer.lambdas()[output]
    weight = abs(share)  # with a linear gate it may be below 0
    clean = torch.cat(found[0].rows[name, answer])
    measured = None
    if output in ("mu", "sigma"):
        varies, follows = _variations(name, output, found)
        measured = _scaled(1 - share, varies), _scaled(1 - share, follows)
    varies, follows = _variations(name, answer, found)
    return OutputMovement(
        layer=name,
        output=output,
        lambda_=_rounded(share),
        effect=_scaled(weight, _size(clean.mean(0))),
        varies=_scaled(weight, varies),
        follows=_scaled(weight, follows),
        measured=measured,
        spread=_rounded(_size(torch.cat(found[0].rows[name, acted_on]).mean(0))),
    )


def _variations(name: str, what: str, found: list[_Answers]) -> tuple[float, float | None]:
    """The standard deviation between clean batches or images, and that between conditions."""
    clean = torch.cat(found[0].rows[name, what])
    means = torch.stack([torch.cat(each.rows[name, what]).mean(0) for each in found])
    between = _deviation(means) if len(found) > 1 else None
    return _deviation(clean), between


def _deviation(rows: Tensor) -> float:
    return _size(rows.std(0)) if len(rows) > 1 else 0.0


def _size(values: Tensor) -> float:
    """Root mean square."""
    if not bool(values.isfinite().all()):
        raise ValueError("the small networks' answers are not finite: the model diverged")
    return float(values.square().mean().sqrt())


def _scaled(share: float, value: Any) -> Any:
    return None if value is None else _rounded(share * value)


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
