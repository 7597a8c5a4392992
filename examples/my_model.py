"""A model as ``afn advise my_model.py:build`` takes it: here the one of MNIST 5k that comes along.

python -m afn advise examples/my_model.py:build --data mnist5k
"""

from torch import nn

from afn import load_pretrained
from afn.data import load_dataset


def build() -> nn.Module:
    """Images (N, 1, 28, 28) in [0, 1] to ten logits."""
    return load_pretrained("mnist5k-bn")


build.input = (1, 28, 28)
build.classes = load_dataset("mnist5k").class_names
