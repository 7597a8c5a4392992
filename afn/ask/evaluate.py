"""Accuracy of a model, which is seen as a callable from images to logits."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from afn.corruptions import corrupt

Classifier = Callable[[Tensor], Tensor]


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """How a model did on `n` images."""

    n: int
    correct: int
    loss: float
    """Mean cross-entropy in nats."""

    @property
    def accuracy(self) -> float:
        """Share of correct answers, 0 to 1."""
        return self.correct / self.n


@torch.inference_mode()
def evaluate(model: Classifier, images: Tensor, labels: Tensor, batch_size: int) -> Score:
    """Score a model in the mode that it is in.

    Args:
        model: Images (N, C, H, W) in [0, 1] to logits (N, classes).
        images: Float (N, C, H, W).
        labels: Int64 (N,).
        batch_size: Where the model normalizes by test-batch statistics, the answer depends on it.

    Raises:
        ValueError: There are no images, or not one label each.
    """
    if len(images) == 0 or len(images) != len(labels):
        raise ValueError(
            f"expected one label for each of one or more images, "
            f"got {len(images)} images and {len(labels)} labels"
        )
    # Read once at the end: each reading would wait for a GPU.
    correct = torch.zeros((), dtype=torch.int64, device=images.device)
    loss = torch.zeros((), dtype=torch.float64, device=images.device)
    for batch, answers in zip(images.split(batch_size), labels.split(batch_size), strict=True):
        logits = model(batch)
        correct += (logits.argmax(1) == answers).sum()
        loss += torch.nn.functional.cross_entropy(logits, answers, reduction="sum")
    return Score(n=len(images), correct=int(correct), loss=float(loss) / len(images))


def corrupted(images: Tensor, corruption: str | None, severity: int) -> Tensor:
    """The images under a corruption (None: as they are), always with the same noise.

    The noise depends on the corruption and the severity alone, so that every model, epoch and
    run is tested on the same pixels.
    """
    if corruption is None:
        return images
    return corrupt(images, corruption, severity, noise_of(corruption, severity))


def noise_of(corruption: str, severity: int) -> torch.Generator:
    """The generator of a corruption's noise, at its start: always the same."""
    digest = hashlib.sha256(f"{corruption}/{severity}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:4], "big"))
