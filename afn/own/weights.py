"""Weights of a known architecture: torchvision's, and timm's where that is installed."""

import warnings
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from afn.own.source import IMAGENET_MEAN, IMAGENET_STD

_IMAGENET = 1000
"""Classes that architectures are built for by default."""


def from_weights(architecture: str, file: Path) -> tuple[nn.Module, dict[str, Any], list[str]]:
    """The model, what is known of it, and notes.

    Args:
        architecture: ``resnet18``; ``timm:resnet18`` or ``torchvision:resnet18`` to say whose.
        file: Safetensors.

    Raises:
        ValueError: There is no such architecture, or the file is damaged or of another one.
        ImportError: It is timm's, which is not installed.
    """
    make = _maker(architecture)
    try:
        tensors = load_file(file)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{file.name} is no safetensors file ({error})") from None
    notes = []
    if tensors and all(name.startswith("module.") for name in tensors):
        tensors = {name.removeprefix("module."): it for name, it in tensors.items()}
        notes.append("“module.” was taken off the names of its weights")
    model = make()
    classes = _num_classes(model.state_dict(), tensors)
    if classes != _IMAGENET:
        model = make(num_classes=classes)
    _check(model.state_dict(), tensors, architecture, file)
    model.load_state_dict(tensors)
    said: dict[str, Any] = {"mean": IMAGENET_MEAN, "std": IMAGENET_STD}
    told = getattr(model, "default_cfg", None)
    if isinstance(told, Mapping):
        names = {"input": "input_size", "mean": "mean", "std": "std"}
        said |= {name: told[key] for name, key in names.items() if told.get(key)}
    notes.append("images are normalized as ImageNet's: mean= and std= say otherwise")
    if classes == _IMAGENET:
        said["classes"] = _imagenet_names()
    return model, said, notes


def _maker(architecture: str) -> Callable[..., nn.Module]:
    home, colon, name = architecture.rpartition(":")
    if colon and home not in ("torchvision", "timm"):
        raise ValueError(f"architectures are torchvision's and timm's, got {home!r}")
    from torchvision import models

    known = models.list_models(module=models)
    if home != "timm" and name in known:
        parameters = signature(models.get_model_builder(name)).parameters
        plain: dict[str, Any] = {"init_weights": True} if "init_weights" in parameters else {}
        return lambda **options: _quiet(models.get_model, name, weights=None, **plain, **options)
    try:
        timm = import_module("timm")
    except ImportError as error:
        if home == "timm":
            raise ImportError(f"needs timm: pip install timm ({error})") from None
        close = get_close_matches(name, known)
        meant = (
            f"did you mean {' or '.join(close)}?"
            if close
            else "timm, which is not installed, \
may have it"
        )
        raise ValueError(f"torchvision has no architecture {name!r}: {meant}") from None
    theirs = timm.list_models()
    if name not in theirs or home == "torchvision":
        both = known if home == "torchvision" else [*known, *theirs]
        close = get_close_matches(name, both)
        meant = f": did you mean {' or '.join(close)}?" if close else ""
        raise ValueError(f"{home or 'torchvision and timm'} know no architecture {name!r}{meant}")
    return lambda **options: _quiet(timm.create_model, name, pretrained=False, **options)


def _quiet(make: Callable[..., nn.Module], *given: Any, **options: Any) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about weights that come now
        return make(*given, **options)


def _num_classes(expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> int:
    """How many logits the file has: whatever its last tensor of other rows says."""
    for name in reversed(list(expected)):
        tensor, came = expected[name], found.get(name)
        if not tensor.dim() or tensor.shape[0] != _IMAGENET or came is None or not came.dim():
            continue
        if came.shape[1:] == tensor.shape[1:]:
            return int(came.shape[0])
    return _IMAGENET


def _check(
    expected: Mapping[str, Tensor], found: Mapping[str, Tensor], architecture: str, file: Path
) -> None:
    """Raise ValueError with one line unless the file has just what the architecture has."""
    missing = [name for name in expected if name not in found]
    besides = [name for name in found if name not in expected]
    other = [name for name in expected
             if name in found and found[name].shape != expected[name].shape]  # fmt: skip
    parts = []
    if missing:
        parts.append(f"misses {_some(missing)}")
    if besides:
        parts.append(f"has {_some(besides)} besides")
    if other and not missing:
        name = other[0]
        parts.append(f"has {name} of {tuple(found[name].shape)} in place of "
                     f"{tuple(expected[name].shape)}")  # fmt: skip
    if parts:
        raise ValueError(f"{file.name} is not of {architecture}: it {', and '.join(parts)}")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return f"{', '.join(names[:2])}{more}"


def _imagenet_names() -> tuple[str, ...]:
    """ImageNet's categories; where two are called alike, the second has its number behind it."""
    from torchvision.models import ResNet18_Weights

    names: list[str] = []
    for number, name in enumerate(ResNet18_Weights.DEFAULT.meta["categories"]):
        names.append(f"{name} ({number})" if name in names else name)
    return tuple(names)
