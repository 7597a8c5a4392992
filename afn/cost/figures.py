"""The figures that this project has set itself: AFN at the price of BN."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from afn.cost.memory import peak_bytes
from afn.cost.plan import Case
from afn.cost.subjects import Step, StepInputs, build, inference_step, layer_step, training_step
from afn.cost.timing import interleaved, median_ms, median_ratio, one_thread
from afn.norms import AFN2d, fold_norms

_PEAK = 1.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Targets:
    """The most that each ratio may be in one case."""

    title: str
    case: Case
    afn_training: float
    asrnorm_training: float
    afn_inference: float
    """0.2 ms a layer: scale and shift are computed at every call, never kept."""
    folded: float


NETWORKS = (
    Targets(
        title="ConvNet 16-32, 32×32, batch 128",
        case=Case(subject="convnet", batch_size=128),
        afn_training=1.15, asrnorm_training=1.30, afn_inference=1.06, folded=1.03,
    ),
    Targets(
        title="ConvNet 16-32, 32×32, batch 32",
        case=Case(subject="convnet", batch_size=32),
        afn_training=1.30, asrnorm_training=1.45, afn_inference=1.24, folded=1.05,
    ),
    Targets(
        title="ResNet-20, 32×32, batch 128",
        case=Case(subject="resnet20", batch_size=128),
        afn_training=1.15, asrnorm_training=1.30, afn_inference=1.06, folded=1.03,
    ),
)  # fmt: skip
NUM_FIGURES = 6 * len(NETWORKS) + 2
"""How many `figures` yields."""
LAYER = Case(subject="layer", channels=16, size=32, batch_size=128)
LAYER_SPEEDUP = 3.0
"""AFN alone, forward and backward, against its plain formula: at least so many times faster."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One figure, beside what it is to be."""

    case: str
    """In words."""
    name: str
    value: float
    """A ratio."""
    target: float | None
    """None where nothing is asked for, and the figure stands for itself."""
    is_least: bool = False
    """Whether the target is the least that the value may be, not the most."""
    detail: str
    """The two numbers behind the ratio, with their unit."""

    @property
    def is_met(self) -> bool | None:
        """Whether the value keeps to its target, as far as it is printed; None without one."""
        if self.target is None:
            return None
        value = round(self.value, 2)
        return value >= self.target if self.is_least else value <= self.target


def figures(rounds: int, generator: torch.Generator) -> Iterator[Figure]:
    """Measure all figures, on one torch thread and in channels_last; each as soon as it is known.

    What is compared takes turns, step by step; a ratio is the median of the rounds' ratios.
    """
    with one_thread():
        for targets in NETWORKS:
            yield from _network(targets, rounds, generator)
        yield from _layer(rounds, generator)


def _network(targets: Targets, rounds: int, generator: torch.Generator) -> Iterator[Figure]:
    case, title = targets.case, targets.title
    batch = StepInputs.of(case, generator)
    models = {norm: build(case, norm) for norm in ("bn", "afn", "asrnorm")}
    training = {norm: training_step(case, model, batch) for norm, model in models.items()}
    yield from _ratios(
        title,
        training,
        rounds,
        ("AFN training step / BN", "afn", "bn", targets.afn_training),
        ("ASRNorm training step / BN", "asrnorm", "bn", targets.asrnorm_training),
    )
    peaks = {norm: peak_bytes(step) for norm, step in training.items()}
    for norm, name in (("afn", "AFN"), ("asrnorm", "ASRNorm")):
        yield Figure(
            case=title,
            name=f"{name} peak memory of a training step / BN",
            value=peaks[norm] / peaks["bn"],
            target=_PEAK,
            detail=f"{peaks[norm] / 1e6:.1f} / {peaks['bn'] / 1e6:.1f} MB",
        )
    models |= {"none": build(case, "none"), "folded": fold_norms(models["afn"].eval())}
    yield from _ratios(
        title,
        {name: inference_step(model, batch) for name, model in models.items() if name != "asrnorm"},
        rounds,
        ("AFN inference, running statistics / BN", "afn", "bn", targets.afn_inference),
        ("folded AFN / the same net, no norm", "folded", "none", targets.folded),
    )


def _layer(rounds: int, generator: torch.Generator) -> Iterator[Figure]:
    batch = StepInputs.of(LAYER, generator)
    layers = [build(LAYER, "afn") for _ in range(2)]

    def plain(x: Tensor) -> Tensor:
        layer = layers[1]
        assert isinstance(layer, AFN2d)
        return layer._steps(x, tracks=True).y

    steps = {"afn": layer_step(layers[0], batch), "plain": layer_step(layers[1], batch, plain)}
    steps["bn"] = layer_step(build(LAYER, "bn"), batch)
    shape = (LAYER.batch_size, LAYER.channels, LAYER.size, LAYER.size)
    speedup, price = _ratios(
        f"the layer alone, {shape}, forward and backward",
        steps,
        rounds,
        ("AFN's plain formula / AFN", "plain", "afn", LAYER_SPEEDUP),
        ("AFN / BN", "afn", "bn", None),
    )
    yield replace(speedup, is_least=True)
    yield price


def _ratios(
    title: str, steps: dict[str, Step], rounds: int, *wanted: tuple[str, str, str, float | None]
) -> Iterator[Figure]:
    """Time the steps in turn; `wanted` says (name, step, yardstick, target)."""
    seconds = list(interleaved(steps, rounds=rounds))
    for name, step, yardstick, target in wanted:
        times = (median_ms(seconds, each) for each in (step, yardstick))
        yield Figure(
            case=title,
            name=name,
            value=median_ratio(seconds, step, yardstick),
            target=target,
            detail="{:.2f} / {:.2f} ms".format(*times),
        )
