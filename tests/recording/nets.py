"""A small network, its data, an ordinary loop, and what was told of it."""

import torch
from torch import nn

from afn.runs.history import History


class Net(nn.Module):
    """Two blocks, the second registered first."""

    def __init__(self, norm=nn.BatchNorm2d, channels=6):
        super().__init__()
        self.late = norm(channels)
        self.early = norm(channels)
        self.one = nn.Conv2d(3, channels, 3)
        self.two = nn.Conv2d(channels, channels, 3)
        self.head = nn.Linear(channels, 2)

    def forward(self, x):
        x = self.early(self.one(x)).relu()
        x = self.late(self.two(x)).relu()
        return self.head(x.mean((2, 3)))


def batch(number=0, size=8):
    generator = torch.Generator().manual_seed(number)
    images = torch.rand(size, 3, 10, 10, generator=generator)
    return images, (images.mean((1, 2, 3)) > 0.5).long()


def train(run, model, optimizer, steps, first=0, **told):
    """An ordinary loop."""
    for number in range(first, first + steps):
        images, labels = batch(number)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        run.step(loss=loss, **told)
    return loss.item()


def sgd(model, lr=0.1):
    return torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=lr)


def told(run):
    return History.of(run.run)
