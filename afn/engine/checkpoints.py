"""Checkpoints: one safetensors file with weights, optimizer state and the place in the data.

Model tensors keep their state-dict names, so that any safetensors reader gets the weights; what
training needs besides stands under ``optimizer/``, and plain values in the file's metadata.
"""

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

_OPTIMIZER = "optimizer/"


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


def load_checkpoint(
    path: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer | None = None
) -> dict[str, Any]:
    """Restore model (strictly) and optimizer; returns the saved progress.

    Raises:
        ValueError: The file is damaged or belongs to another model.
    """
    tensors, metadata = _restored(path, model)
    try:
        progress: dict[str, Any] = json.loads(metadata["progress"])
    except (KeyError, ValueError) as error:
        raise ValueError(f"cannot restore {path.name}: no progress in it") from error
    if optimizer is not None:
        state: dict[int, dict[str, torch.Tensor]] = {}
        for name, tensor in tensors.items():
            if name.startswith(_OPTIMIZER):
                index, key = name.removeprefix(_OPTIMIZER).split("/")
                state.setdefault(int(index), {})[key] = tensor
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": state, "param_groups": groups})
    return progress


def load_weights(path: Path, model: torch.nn.Module) -> None:
    """Restore a model (strictly) from a checkpoint, or from any safetensors file of its weights.

    Raises:
        ValueError: The file is damaged or belongs to another model.
    """
    _restored(path, model)


def _restored(path: Path, model: torch.nn.Module) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        model.load_state_dict(
            {name: t for name, t in tensors.items() if not name.startswith(_OPTIMIZER)}
        )
    except Exception as error:  # safetensors raises its own type, torch a RuntimeError
        raise ValueError(f"cannot restore {path.name}: {error}") from error
    return tensors, metadata
