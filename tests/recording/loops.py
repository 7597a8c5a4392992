"""A small loop that is recorded, for tests of pages."""

import torch
from torch import nn

from afn import record
from afn.norms import convert_norm


def small(norm="bn"):
    """A convolutional network with two norm layers."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4),
        nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2),
    )  # fmt: skip
    return model if norm == "bn" else convert_norm(model, norm)


def images(number=0, size=16):
    """Bright and dark ones, and which is which."""
    generator = torch.Generator().manual_seed(number)
    x = torch.rand(size, 1, 8, 8, generator=generator)
    return x, (x.mean((1, 2, 3)) > 0.5).long()


def learn(run, model, optimizer, steps):
    """So many steps."""
    for _ in range(steps):
        x, y = images(run.step_count)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        run.step(loss=loss)


def recorded(store, steps=12, *, name="mine", norm="bn", interval=4):
    """A finished recording."""
    model = small(norm)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, name, optimizer=optimizer, interval=interval, store=store) as run:
        learn(run, model, optimizer, steps)
        run.evaluate(images(99), name="squares", corruptions=("contrast",))
        run.log(margin=0.25)
    return run.run
