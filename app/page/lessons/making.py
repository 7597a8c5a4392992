"""What figures of lessons are computed from: networks asked, looked into, trained. Needs torch."""

from collections.abc import Sequence
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from afn.data import load_dataset
from afn.settings.config import TrainConfig
from afn.stats.intervals import wilson_interval
from afn.stats.over_seeds import OverSeeds

from .figure import FigureLine

if TYPE_CHECKING:
    from torch import Tensor, nn

PICTURED = 8
"""So many of the test images are shown."""


def test_images(dataset: str, count: int) -> "tuple[Tensor, NDArray[np.int64]]":
    """The first so many, (N, C, H, W) in [0, 1], and their classes."""
    import torch

    data = load_dataset(dataset)
    images = torch.from_numpy(data.x_test[:count]).permute(0, 3, 1, 2).float() / 255
    return images, np.asarray(data.y_test[:count])


def asked(
    model: "nn.Module",
    images: "Tensor",
    *,
    statistics: str = "batch",
    networks: str = "on",
    batches: "Sequence[Any] | int" = 128,
    behind: str = "",
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Probabilities (N, classes), and what the layer of that name puts out, (N, C, H, W).

    Args:
        model: In eval mode.
        images: In [0, 1].
        statistics: As in `as_tested`, like `networks`.
        batches: The numbers of the images of each batch, or so many images in each, in their order.
        behind: Name of a layer; without, the maps are empty.
    """
    import torch

    from afn.ask.models import as_tested

    answer = as_tested(model, statistics, networks=networks)  # type: ignore[arg-type]
    parts = torch.arange(len(images)).split(batches) if isinstance(batches, int) else batches
    logits: list[Any] = []
    maps: list[Any] = []
    layer = model.get_submodule(behind) if behind else None
    hook = layer and layer.register_forward_hook(lambda _, __, out: maps.append(out))
    with torch.no_grad():
        for part in parts:
            logits.append(answer(images[part]))
    if hook:
        hook.remove()
    order = torch.cat([torch.as_tensor(part) for part in parts]).argsort()
    found = torch.cat(logits)[order].double().softmax(1).numpy()
    return found, torch.cat(maps)[order].double().numpy() if maps else np.empty(0)


def accuracies(
    label: str,
    color: str,
    answers: Sequence[NDArray[np.float64]],
    labels: NDArray[np.int64],
    **more: Any,
) -> FigureLine:
    """Percent of right answers at each place, with Wilson's intervals."""
    hits = [int((each.argmax(1) == labels).sum()) for each in answers]
    ends = [wilson_interval(hit, len(labels)) for hit in hits]
    return FigureLine(
        label=label, color=color, values=[100 * hit / len(labels) for hit in hits],
        low=[100 * low for low, _ in ends], high=[100 * high for _, high in ends], **more,
    )  # fmt: skip


def scales(model: "nn.Module", images: "Tensor", name: str) -> NDArray[np.float64]:
    """γ̂ of every channel of the norm layer of that name, for one batch."""
    import torch

    found: list[Any] = []
    layer = model.get_submodule(name)
    hook = layer.register_forward_pre_hook(lambda it, given: found.append(it.trace(given[0])))
    with torch.no_grad():
        model(images)
    hook.remove()
    return np.asarray(found[0].gamma_hat.double().flatten().numpy())


def among_others(model: "nn.Module", size: int, times: int, *, behind: str) -> NDArray[np.float64]:
    """The first training digit of digits8 behind a layer, in so many batches of a size."""
    import torch

    data = load_dataset("digits8")
    images = torch.from_numpy(data.x_train).permute(0, 3, 1, 2).float() / 255
    draw = np.random.default_rng(0)
    batches = [
        torch.from_numpy(np.array([0, *draw.permutation(len(images) - 1)[: size - 1] + 1]))
        for _ in range(times)
    ]
    return np.concatenate([asked(model, images[each], behind=behind)[1][:1] for each in batches])


def fresh(config: TrainConfig) -> "nn.Module":
    """The model before its first step."""
    from afn.engine.training import Training

    return Training(config).model.eval()


def first_gradient(config: TrainConfig) -> float:
    """The norm of the first gradient of a training."""
    from afn.engine.training import Training
    from afn.settings.commands import Scripted

    training = Training(config)
    events = training.events(Scripted((), lambda: training.step))
    return float(next(e.values["grad_norm"] for e in events if e.kind == "step"))


def trained(config: TrainConfig) -> "tuple[nn.Module, float]":
    """The model at the end, and its accuracy in percent.

    Where the loss is not finite the accuracy is that of chance: it has learned nothing.
    """
    from afn.engine.training import DivergedError, Training
    from afn.settings.commands import Scripted

    training = Training(config)
    accuracy = nan
    try:
        for event in training.events(Scripted((), lambda: training.step)):
            if event.kind == "evaluation" and event.values.get("corruption") is None:
                accuracy = 100 * event.values["accuracy"]
    except DivergedError:
        accuracy = 100 / len(training.data.class_names)
    return training.model.eval(), accuracy


def course(
    config: TrainConfig, steps: Sequence[int], *, behind: str
) -> tuple[list[float], NDArray[np.float64]]:
    """How a training goes, as its own data's test images tell.

    Args:
        config: What is trained; its norm does not look at the test batch.
        steps: At which to look, in rising order; 0 is before the first.
        behind: Name of a layer.

    Returns:
        Percent of right answers at each step, and what the layer puts out for the first
        ``PICTURED`` images, (steps, images, C, H, W).
    """
    from afn.engine.training import Training
    from afn.settings.commands import Scripted

    training = Training(config)
    images, labels = test_images(config.dataset, config.eval_images)
    found: list[tuple[float, NDArray[np.float64]]] = []

    def look() -> None:
        training.model.eval()
        answers, maps = asked(
            training.model, images, statistics="running", batches=len(images), behind=behind
        )
        training.model.train()
        found.append((100 * float((answers.argmax(1) == labels).mean()), maps[:PICTURED]))

    if 0 in steps:
        look()
    for event in training.events(Scripted((), lambda: training.step)):
        if event.kind == "step" and training.step in steps:
            look()
    return [each for each, _ in found], np.stack([maps for _, maps in found])


def over_seeds(label: str, color: str, values: ArrayLike, **more: Any) -> FigureLine:
    """Values (seeds, places): their means, and the 95 % interval over three seeds or more."""
    by_seed = np.asarray(values, float)
    found = [OverSeeds(tuple(enumerate(column))) for column in by_seed.T.tolist()]
    return FigureLine(
        label=label, color=color, values=[over.mean for over in found], seeds=list(by_seed),
        low=[over.low for over in found], high=[over.high for over in found], **more,
    )  # fmt: skip
