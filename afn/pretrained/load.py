"""Pretrained models, ready to be used."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import nn

from afn.engine.config import TrainConfig
from afn.engine.models import model_of
from afn.pretrained.cards import Inputs, read_card


def load_pretrained(name: str, folder: Path | None = None) -> nn.Sequential:
    """A pretrained model in eval mode, with the statistics mode that is its norm's default.

    Takes images (N, C, H, W) in [0, 1] and gives logits; ``read_card(name).inputs`` says their
    shape and the classes.

    Args:
        name: One of ``pretrained_names()``.
        folder: Where the models are; ``AFN_PRETRAINED_DIR`` or the repository's by default.

    Raises:
        ValueError: There is no such model, or its weights are not those that its card describes.
        FileNotFoundError: Its weights are missing.
    """
    card = read_card(name, folder)
    return assemble(card.config, card.inputs, card.read("weights"))


def assemble(config: TrainConfig, inputs: Inputs, weights: bytes) -> nn.Sequential:
    """A model in eval mode from the content of its weights' file.

    Raises:
        ValueError: The weights are of another model.
    """
    model = model_of(
        config,
        image_shape=inputs.image_shape,
        num_classes=len(inputs.class_names),
        mean=inputs.mean,
        std=inputs.std,
    )
    try:
        model.load_state_dict(load(weights))
    except (SafetensorError, RuntimeError) as error:
        line = " ".join(str(error).split())
        raise ValueError(f"these are not the weights of this model: {line:.300}") from error
    return model.to(memory_format=torch.channels_last).eval()
