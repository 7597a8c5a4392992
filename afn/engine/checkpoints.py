"""Checkpoints: one safetensors file with weights, optimizer state and the place in the data.

Model tensors keep their state-dict names, so that any safetensors reader gets the weights; what
training needs besides stands under ``optimizer/``, and plain values in the file's metadata.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

_OPTIMIZER = "optimizer/"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint holds."""

    weights: dict[str, torch.Tensor]
    """The model's state dict."""
    momentum: dict[int, dict[str, torch.Tensor]]
    """The optimizer's tensors, by the number of the parameter."""
    progress: dict[str, Any]


def save_checkpoint(
    path: Path,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    progress: dict[str, Any],
) -> None:
    """Write a checkpoint atomically.

    Args:
        path: The file; its folder exists.
        model: Its whole state dict is saved.
        optimizer: Per-parameter tensors (momentum) are saved; its settings belong in `progress`.
        progress: JSON values: step, epoch, place in the data, learning rates, ...

    Raises:
        OSError: The folder is full, read-only or gone.
    """
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        for key, value in state.items():
            if isinstance(value, torch.Tensor):
                tensors[f"{_OPTIMIZER}{index}/{key}"] = value.contiguous()
    temporary = path.with_suffix(".part")
    try:
        save_file(tensors, temporary, metadata={"progress": json.dumps(progress)})
    except SafetensorError as error:
        raise OSError(f"cannot write the checkpoint {path.name}: {error}") from error
    os.replace(temporary, path)  # noqa: PTH105 - a rename that overwrites, on every platform


def read_checkpoint(path: Path) -> Checkpoint:
    """What a checkpoint holds, without a model to restore.

    Raises:
        ValueError: The file is damaged.
    """
    tensors, metadata = _read(path)
    try:
        progress: dict[str, Any] = json.loads(metadata["progress"])
    except (KeyError, ValueError) as error:
        raise ValueError(f"cannot restore {path.name}: no progress in it") from error
    momentum: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith(_OPTIMIZER):
            index, key = name.removeprefix(_OPTIMIZER).split("/")
            momentum.setdefault(int(index), {})[key] = tensor
    return Checkpoint(_weights(tensors), momentum, progress)


def load_checkpoint(
    path: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer | None = None
) -> dict[str, Any]:
    """Restore model (strictly) and optimizer; returns the saved progress.

    Raises:
        ValueError: The file is damaged or belongs to another model.
    """
    found = read_checkpoint(path)
    _load(path, model, found.weights)
    if optimizer is not None:
        restore_momentum(optimizer, found.momentum)
    return found.progress


def restore_momentum(
    optimizer: torch.optim.Optimizer, momentum: dict[int, dict[str, torch.Tensor]]
) -> None:
    """Give an optimizer its tensors by the number of the parameter; its settings stay."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state = {
        number: {  # λ were scalars in checkpoints of old
            key: value.reshape(1) if parameters[number].shape == (1,) else value
            for key, value in tensors.items()
        }
        for number, tensors in momentum.items()
    }
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def load_weights(path: Path, model: torch.nn.Module) -> None:
    """Restore a model (strictly) from a checkpoint, or from any safetensors file of its weights.

    Raises:
        ValueError: The file is damaged or belongs to another model.
    """
    tensors, _ = _read(path)
    _load(path, model, _weights(tensors))


def _read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            names = file.keys()
            return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"cannot restore {path.name}: {error}") from error


def _weights(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: t for name, t in tensors.items() if not name.startswith(_OPTIMIZER)}


def _load(path: Path, model: torch.nn.Module, weights: dict[str, torch.Tensor]) -> None:
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"cannot restore {path.name}: {error}") from error
