"""Pretrained models, ready to be used."""

from pathlib import Path

from torch import nn

from afn.ask.models import restored
from afn.pretrained.cards import read_card


def load_pretrained(name: str, folder: Path | None = None) -> nn.Module:
    """A pretrained model in eval mode, with the statistics mode that is its norm's default.

    Takes images (N, C, H, W) in [0, 1] and gives logits; ``read_card(name).inputs`` says their
    shape and the classes.

    Args:
        name: One of ``pretrained_names()``.
        folder: Where the models are; as `pretrained_dir` says by default.

    Raises:
        ValueError: There is no such model, or its weights are not those that its card describes.
        FileNotFoundError: Its weights are missing.

    Example:
        >>> import torch
        >>> from afn import load_pretrained
        >>> load_pretrained("mnist5k-afn")(torch.rand(2, 1, 28, 28)).shape
        torch.Size([2, 10])
    """
    card = read_card(name, folder)
    card.read("weights")  # checks them
    try:
        return restored(card.network())
    except ValueError as error:
        raise ValueError(" ".join(str(error).split())[:400]) from error
