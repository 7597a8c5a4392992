"""A model in each way: converted, fine-tuned for a while, asked about images."""

import copy
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import cross_entropy

from afn.advice.findings import (
    AS_IS,
    CONVERTED,
    TEST_BATCH,
    Accuracies,
    AdvicePlan,
    BatchSize,
    Price,
)
from afn.ask.measure import ShownImages, answers, brought
from afn.corruptions.applying import applicable
from afn.cost.models import Shape, answer_costs
from afn.cost.records import ModelCost
from afn.data import ImageData
from afn.data.forms import in_form
from afn.norms import Norm, convert_norm, norm_layers, set_eval_stats
from afn.norms._found import is_per_image
from afn.pixels import as_float

WayHits = NDArray[np.float64]
"""(N,): how often each image was answered rightly; of corrupted ones the mean over corruptions."""
_T = TypeVar("_T")
_SIZES = (1, 2, 8, 32)


def num_norms(model: nn.Module) -> int:
    """How many batch normalizations can be replaced."""
    try:
        return len(norm_layers(_converted(model, "bn", seed=0)))
    except ValueError:
        return 0


def in_way(model: nn.Module, name: str, *, seed: int) -> nn.Module:
    """A copy of a model in one way, in eval mode; `seed` draws what is new in it.

    Raises:
        ValueError: It has nothing to convert, or the norm does not fit.
    """
    if name == AS_IS:
        return copy.deepcopy(model).eval()
    if name == TEST_BATCH:
        return set_eval_stats(_converted(model, "bn", seed=seed), "batch").eval()
    assert name in CONVERTED
    return _converted(model, name, seed=seed).eval()


def _converted(model: nn.Module, norm: str, *, seed: int) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what was left as it is, `num_norms` does not count
        return _seeded(seed, lambda: convert_norm(copy.deepcopy(model), norm, only=_is_of_batches))


def _is_of_batches(_: str, layer: nn.Module) -> bool:
    """Ways are told apart from BN: what normalizes each image by itself stays."""
    return isinstance(layer, Norm) or not is_per_image(layer)


def _seeded(seed: int, make: Callable[[], _T]) -> _T:
    """With torch's generator at a seed for a while: dropout and new weights draw from it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def fine_tuned(
    model: nn.Module, data: ImageData, image_shape: Shape, plan: AdvicePlan, *, seed: int
) -> nn.Module:
    """Train it on, in place, by SGD with momentum 0.9; returns it in eval mode.

    Args:
        model: Images in [0, 1] to logits.
        data: Its training images.
        image_shape: (H, W, C) of the images that it takes.
        plan: Steps, learning rate, batch size.
        seed: Draws the order of the images, and dropout: the same images for every way.

    Raises:
        ArithmeticError: The loss is not finite; names the step.
    """
    generator = torch.Generator().manual_seed(seed)
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(learning, lr=plan.lr, momentum=0.9)
    labels = torch.from_numpy(data.y_train)
    size = min(plan.batch_size, len(labels))
    order = torch.empty(0, dtype=torch.int64)

    def train() -> nn.Module:
        nonlocal order
        model.train()
        for step in range(plan.steps):
            optimizer.param_groups[0]["lr"] = plan.lr * (1 - step / plan.steps)
            if len(order) < size:
                order = torch.randperm(len(labels), generator=generator)
            chosen, order = order[:size], order[size:]
            images = as_float(torch.from_numpy(in_form(data.x_train[chosen], image_shape)))
            loss = cross_entropy(model(images), labels[chosen])
            if not bool(loss.isfinite()):
                raise ArithmeticError(f"its loss is {float(loss.detach())} at step {step + 1}")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return model.eval()

    return _seeded(seed, train)


class Exam:
    """The test images of a plan, clean and corrupted: made once, the same for every way.

    Args:
        data: Whose test images.
        image_shape: (H, W, C) of the images that the models take.
        class_names: What their logits stand for.
        plan: Corruptions, severity, number of images.

    Raises:
        ValueError: None of the corruptions changes these images.
    """

    def __init__(
        self, data: ImageData, image_shape: Shape, class_names: Sequence[str], plan: AdvicePlan
    ) -> None:
        self.class_names, self.batch_size = tuple(class_names), plan.batch_size
        those, count, changes = brought(data, image_shape, plan.images)
        wanted = [(name, plan.severity) for name in plan.corruptions]
        places = list(applicable(wanted, data.name, those.x_test.shape[1:]))
        if not places:
            raise ValueError(
                f"{', '.join(plan.corruptions)} change nothing of these images: name others"
            )
        self.corruptions = [str(name) for name, _ in places]
        self._shown = [
            ShownImages.of(those, count, changes, place=place) for place in [(None, 0), *places]
        ]
        self.images = self._shown[0].images
        self.num_images = len(self.images)

    def of(self, model: nn.Module) -> tuple[Accuracies, WayHits, WayHits]:
        """Accuracies, and how often each image is right: clean, and over the corruptions."""
        clean, *corrupted = (
            answers(
                model, shown, batch_size=self.batch_size, class_names=self.class_names
            ).hits.astype(float)
            for shown in self._shown
        )
        damaged = np.mean(corrupted, axis=0)
        return Accuracies(clean=100 * clean.mean(), corrupted=100 * damaged.mean()), clean, damaged


def prices(models: Mapping[str, nn.Module], image_shape: Shape, rounds: int) -> dict[str, Price]:
    """What an answer costs each, taking turns on one thread."""
    return {
        each.name: Price(
            parameters=each.parameters,
            ms_one=each.ms_one,
            ms_batch=each.ms_batch,
            peak_bytes=each.peak_bytes,
        )
        for each in answer_costs(models, image_shape, rounds)
        if isinstance(each, ModelCost)
    }


@torch.inference_mode()
def batch_sizes(model: nn.Module, images: torch.Tensor) -> tuple[BatchSize, ...]:
    """The same images in batches of 1, 2, 8 and 32, against all that there are at once, up to 128.

    Args:
        model: In eval mode.
        images: (N, C, H, W) in [0, 1].
    """
    images = images[:128]
    whole = model(images)
    spread = float(whole.std().clamp(min=1e-12))
    found = []
    for size in (each for each in _SIZES if each < len(images)):
        try:
            logits = torch.cat([model(batch) for batch in images.split(size)])
        except (ValueError, RuntimeError, IndexError) as error:
            found.append(BatchSize(size=size, error=" ".join(str(error).split())[:200]))
            continue
        moved = float((logits - whole).square().mean().sqrt()) / spread
        changed = float((logits.argmax(1) != whole.argmax(1)).float().mean())
        found.append(BatchSize(size=size, moved=moved, changed=changed))
    return tuple(found)
