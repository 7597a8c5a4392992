"""What is measured: a layer or a network with one norm, and its steps."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from afn.backbones import build_model, initialize
from afn.cost.plan import Case
from afn.norms import make_norm, set_eval_stats

Step = Callable[[], object]
_CLASSES = 10
_HOLD_STILL = 1e-9
"""The learning rate: a step costs the same at any, and so all rounds see the same network."""


@dataclass(frozen=True, slots=True, eq=False)
class StepInputs:
    """What every norm of a case is fed."""

    x: Tensor
    """(N, C, H, H), channels_last."""
    target: Tensor
    """Labels (N,), or the gradient that the layer's output receives."""

    @classmethod
    def of(cls, case: Case, generator: torch.Generator, device: str = "cpu") -> "StepInputs":
        """Random images, or for a layer random activations."""
        shape = (case.batch_size, case.channels, case.size, case.size)
        if case.subject == "layer":
            x, target = (torch.randn(shape, generator=generator) for _ in range(2))
            target = target.to(memory_format=torch.channels_last)
        else:
            x = torch.rand(shape, generator=generator)
            target = torch.randint(_CLASSES, (case.batch_size,), generator=generator)
        return cls(x.to(device, memory_format=torch.channels_last), target.to(device))


def build(case: Case, norm: str, device: str = "cpu") -> nn.Module:
    """The layer or network in training mode, its running statistics chosen for inference."""
    if case.subject == "layer":
        with torch.random.fork_rng(devices=[]):
            model: nn.Module = make_norm(norm)(case.channels)
    else:
        model = build_model(
            case.subject,
            norm,
            in_channels=case.channels,
            num_classes=_CLASSES,
            image_size=(case.size, case.size),
            mean=[0.5] * case.channels,
            std=[0.25] * case.channels,
        )
    initialize(model, seed=0)
    model.to(device).to(memory_format=torch.channels_last)
    return set_eval_stats(model, "running").train()


def training_step(case: Case, model: nn.Module, batch: StepInputs) -> Step:
    """A layer's forward and backward pass; a network's with loss and a step of SGD besides.

    All that a step allocates is free again at its end.
    """
    if case.subject == "layer":
        return layer_step(model, batch)
    optimizer = torch.optim.SGD(model.parameters(), lr=_HOLD_STILL, momentum=0.9)

    def step() -> None:
        cross_entropy(model(batch.x), batch.target).backward()
        optimizer.step()
        optimizer.zero_grad()

    return step


def layer_step(
    layer: nn.Module, batch: StepInputs, forward: Callable[[Tensor], Tensor] | None = None
) -> Step:
    """Forward and backward pass of a layer, by another `forward` than its own if given."""
    x = batch.x.clone().requires_grad_()
    forward = forward or layer

    def step() -> None:
        forward(x).backward(batch.target)
        x.grad = None
        layer.zero_grad()

    return step


def inference_step(model: nn.Module, batch: StepInputs) -> Step:
    """A forward pass in inference mode; the model is set to evaluation."""
    model.eval()

    def step() -> None:
        with torch.inference_mode():
            model(batch.x)

    return step
