"""A folder with a model's file, and a store."""

import textwrap

import pytest

from afn.own.kept import OwnStore
from afn.own.source import ModelSource

FILE = """
import random
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, norm):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 8, 3, padding=1), norm(8)
        self.conv2, self.norm2 = nn.Conv2d(8, 12, 3), norm(12)
        self.head = nn.Linear(12, 10)
    def forward(self, x):
        x = self.norm(self.conv(x)).relu()
        return self.head(self.norm2(self.conv2(x)).relu().mean((2, 3)))

def batch():
    return Net(nn.BatchNorm2d)

def group():
    return Net(lambda channels: nn.GroupNorm(4, channels))

def bare():
    return Net(lambda channels: nn.Identity())

def fickle():
    net = Net(nn.BatchNorm2d)
    net.head.register_forward_hook(lambda _, __, y, shift=random.random(): y + 9 * shift)
    return net

def tokens():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.LayerNorm(16), nn.Linear(16, 10))

for each in batch, group, bare, fickle, tokens:
    each.classes = "digits8"
"""


@pytest.fixture
def store(tmp_path):
    return OwnStore(tmp_path / "runs")


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "nets.py"
    path.write_text(textwrap.dedent(FILE))
    return lambda what: ModelSource.read(f"{path}:{what}")
