"""What answers of whole models cost: somebody's own, and this package's networks beside them."""

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import nn

from afn.backbones import build_model, initialize
from afn.cost.counting import count_macs, count_parameters
from afn.cost.memory import peak_bytes
from afn.cost.plan import SUBJECT_TITLES
from afn.cost.records import ModelCost
from afn.cost.timing import interleaved, median_ms, one_thread
from afn.norms import set_eval_stats

Shape = tuple[int, int, int]
BATCH = 32
"""Images of a batch that is timed, beside one image alone."""


def answer_costs(
    models: Mapping[str, nn.Module],
    image_shape: Shape,
    rounds: int,
) -> Iterator[float | ModelCost]:
    """Time, memory, parameters and arithmetic of each model's answers, taking turns on one thread.

    Args:
        models: By name, in evaluation mode: images (N, C, H, W) in [0, 1] to logits.
        image_shape: (H, W, C).
        rounds: Timed answers of each.

    Yields:
        The share that is done, from 0 to 1, after each round; at the end the costs.
    """
    height, width, channels = image_shape
    generator = torch.Generator().manual_seed(0)
    medians: dict[int, dict[str, float]] = {}
    with one_thread():
        for part, size in enumerate((1, BATCH)):
            batch = torch.rand((size, channels, height, width), generator=generator)
            steps = {name: _answer(model, batch) for name, model in models.items()}
            taken = []
            for seconds in interleaved(steps, rounds=rounds):
                taken.append(seconds)
                yield (part + len(taken) / rounds) / 2
            medians[size] = {name: median_ms(taken, name) for name in models}
        for name, model in models.items():
            yield ModelCost(
                name=name,
                image_shape=image_shape,
                parameters=count_parameters(model),
                macs=count_macs(model, batch[:1]),
                ms_one=medians[1][name],
                ms_batch=medians[BATCH][name],
                peak_bytes=peak_bytes(steps[name]),
                rounds=rounds,
            )


def house(image_shape: Shape, num_classes: int) -> dict[str, nn.Module]:
    """This package's networks with batch norm, untrained, for such images; by their titles."""
    height, width, channels = image_shape
    found: dict[str, nn.Module] = {}
    for name, title in SUBJECT_TITLES.items():
        if name == "layer":
            continue
        model = build_model(
            name, "bn", in_channels=channels, num_classes=num_classes, image_size=(height, width),
            mean=[0.5] * channels, std=[0.25] * channels,
        )  # fmt: skip
        initialize(model, seed=0)
        found[title] = set_eval_stats(model, "running").eval()
    return found


def _answer(model: nn.Module, batch: torch.Tensor) -> Callable[[], object]:
    def answer() -> None:
        with torch.inference_mode():
            model(batch)

    return answer
