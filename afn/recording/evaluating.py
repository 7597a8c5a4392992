"""Testing a model in the middle of its training: on whatever a loop has its data in."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import DataLoader, Dataset

from afn.ask.evaluate import corrupted
from afn.ask.image_sets import ImageSet, image_set
from afn.ask.taking import channels_first, pair_of, tensor_of, title_of
from afn.corruptions import CORRUPTIONS
from afn.corruptions.severities import constants_for
from afn.data import ImageData
from afn.engine.snapshots import short
from afn.norms import Norm
from afn.norms._found import find_norms
from afn.settings.corruptions import RULE

TestData = str | Path | ImageData | ImageSet | Dataset[Any] | Iterable[Any]
"""Test images as `image_set` knows them by a name, inputs and labels as a pair, a data set of
single ones, or batches."""
TestedBatch = tuple[Tensor, Tensor]
_HOW = (
    "a DataLoader or Dataset of (inputs, labels), a pair (inputs, labels), an ImageData or "
    "ImageSet, a folder of classes, an .npz, or a data set's name"
)


def evaluations(
    model: nn.Module,
    data: TestData,
    *,
    corruptions: Collection[str],
    severity: int,
    batch_size: int,
    num_images: int | None,
    name: str,
) -> Iterator[dict[str, Any]]:
    """What an ``evaluation`` event says of inputs as they are, and then of each corruption.

    The noise of a corruption is always the same, as in trained runs.

    Raises:
        ValueError: The data are not of a kind that is known, corruptions are asked of what are no
            images in [0, 1], or the model gives no logits.
    """
    if unknown := [each for each in corruptions if each not in CORRUPTIONS]:
        raise ValueError(f"unknown corruption {unknown[0]!r}; known: {', '.join(CORRUPTIONS)}")
    if corruptions and severity not in range(1, 6):
        raise ValueError(f"severity must be 1 to 5, got {severity!r}")
    called = name or _name_of(data)
    batches = _batches(data, batch_size, num_images)
    kept = list(batches) if corruptions else batches
    with _in_eval_mode(model):
        yield _scored(model, kept, called) | {"severity": None, "rule": None}
        if not corruptions:
            return
        images = torch.cat([x for x, _ in kept])
        _check_images(images)
        labels = torch.cat([y for _, y in kept])
        sizes = [len(y) for _, y in kept]
        for corruption in corruptions:
            made = corrupted(images, corruption, severity)
            again = zip(made.split(sizes), labels.split(sizes), strict=True)
            constants = constants_for(images.shape[2], images.shape[3])
            yield _scored(model, again, called, corruption) | {
                "severity": severity, "rule": RULE, "constants": constants,
            }  # fmt: skip


def _name_of(data: TestData) -> str:
    if isinstance(data, str | Path):
        return Path(data).stem if isinstance(data, Path) or "/" in data else data
    return getattr(data, "name", "") or "data"


@contextmanager
def _in_eval_mode(model: nn.Module) -> Iterator[None]:
    """For a while; then each module is in the mode it was in: some may be frozen."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes.items():
            module.training = mode


def _scored(
    model: nn.Module, batches: Iterable[TestedBatch], name: str, corruption: str | None = None
) -> dict[str, Any]:
    device = next((each.device for each in model.parameters()), torch.device("cpu"))
    num, size, correct, loss = 0, 0, torch.zeros(()), torch.zeros((), dtype=torch.float64)
    for inputs, labels in batches:
        if not len(labels):
            continue
        logits = _logits(model(inputs.to(device))).float().cpu()
        if logits.dim() < 2 or logits.shape[:1] + logits.shape[2:] != labels.shape:
            raise ValueError(
                f"expected logits (N, classes) for labels {tuple(labels.shape)}, got "
                f"{tuple(logits.shape)}"
            )
        num, size = num + labels.numel(), max(size, len(labels))
        correct = correct + (logits.argmax(1) == labels).sum()
        loss = loss + nn.functional.cross_entropy(logits, labels, reduction="sum").double()
    if num == 0:
        raise ValueError("there is nothing to test on: the data have no samples")
    return {
        "dataset": name,
        "corruption": corruption,
        "statistics": _statistics(model, size),
        "n": num,
        "correct": int(correct),
        "accuracy": int(correct) / num,
        "loss": short(float(loss) / num),
    }


def _logits(output: Any) -> Tensor:
    if isinstance(output, Mapping):
        output = output.get("logits", output.get("out"))
    elif not isinstance(output, Tensor):
        output = getattr(output, "logits", output)
    if isinstance(output, tuple | list) and output:
        output = output[0]
    if not isinstance(output, Tensor):
        raise ValueError(
            f"expected logits or something that has them, got {type(output).__name__}: evaluate a "
            "model that gives logits, or log your own numbers"
        )
    return output


def _statistics(model: nn.Module, size: int) -> str:
    """Whose statistics the layers take at test time, in words."""
    found = dict.fromkeys(_statistics_of(each.layer, size) for each in find_norms(model))
    return ", ".join(found) or "none"


def _statistics_of(layer: nn.Module, size: int) -> str:
    if isinstance(layer, Norm):
        mode = layer.eval_stats
        if mode is None or getattr(layer, "is_per_image", False):
            return "per image"
        return "running" if mode == "running" else f"test batch of {size}"
    if isinstance(layer, _BatchNorm) or getattr(layer, "running_mean", None) is not None:
        return "running" if layer.running_mean is not None else f"test batch of {size}"
    return "per image"


# -- data ------------------------------------------------------------------------------------------


def _batches(data: TestData, batch_size: int, num_images: int | None) -> Iterator[TestedBatch]:
    """What has test images of its own as `image_set` reads it; inputs of any kind as they come."""
    if isinstance(data, str | Path | ImageData | ImageSet):
        images = image_set(data, num_images)
        starts = range(0, len(images), batch_size)
        for start, labels in zip(starts, images.labels.split(batch_size), strict=True):
            yield images.normalized(images.floats(start, start + len(labels))), labels
        return
    pair = data if isinstance(data, tuple | list) and len(data) == 2 else ()
    if pair and all(hasattr(each, "ndim") for each in pair):
        inputs, labels = map(_numbers, pair)
        if len(inputs) != len(labels):
            raise ValueError(
                f"expected a label for each input, got {len(inputs)} and {len(labels)} labels"
            )
        if inputs.dtype == torch.uint8 and inputs.ndim == 4:
            inputs = channels_first(inputs, "(inputs, labels)").float().div(255)
        inputs, labels = inputs[:num_images], labels[:num_images].long()
        yield from zip(inputs.split(batch_size), labels.split(batch_size), strict=True)
        return
    if isinstance(data, Dataset) and not isinstance(data, Iterable):
        data = DataLoader(data, batch_size=batch_size)
    if not isinstance(data, Iterable):
        raise ValueError(f"expected {_HOW}, got {type(data).__name__}")
    left = num_images
    for batch in data:
        inputs, labels = (_numbers(each)[:left] for each in pair_of(batch, title_of(data)))
        yield inputs, labels
        if left is not None and (left := left - len(labels)) <= 0:
            return


def _numbers(values: Any) -> Tensor:
    if (found := tensor_of(values)) is None:
        raise ValueError(f"expected {_HOW}, got {type(values).__name__} in them")
    return found


def _check_images(images: Tensor) -> None:
    low, high = float(images.min()), float(images.max())
    is_fit = images.dim() == 4 and images.shape[1] in (1, 3) and images.is_floating_point()
    if not is_fit or low < 0 or high > 1:
        raise ValueError(
            f"corruptions act on images (N, C, H, W) in [0, 1], got {tuple(images.shape)} from "
            f"{low:.3g} to {high:.3g}: give them as they are, and have the model normalize them"
        )
