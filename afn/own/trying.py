"""What a foreign model takes and gives, found by trying."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from afn.data import catalogue
from afn.own.source import channel_values, input_of

_SIDES = (32, 28, 64, 96, 128, 224, 48, 16, 8, 160, 192, 256, 299, 384)
"""Tried in this order; of a thousand classes 224 first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What somebody said of a model; None where nobody did."""

    input: tuple[int, int, int] | None = None
    classes: tuple[str, ...] | None = None
    dataset: str = ""
    """Whose classes they are, where they were said by its name."""
    mean: Any = None
    std: Any = None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Said":
        """Checks what can be checked without the model.

        Raises:
            ValueError: It cannot be.
        """
        given = told.get("input")
        names = told.get("classes")
        return cls(
            input=None if given is None else input_of(given),
            classes=None if names is None else _class_names(names),
            dataset=names if isinstance(names, str) and names in catalogue() else "",
            mean=told.get("mean"),
            std=told.get("std"),
        )


class Answering(nn.Module):
    """A model, behind what normalizes images and before what takes the logits out of its output.

    Args:
        network: Any.
        mean: Of each channel, on the scale [0, 1].
        std: The deviations.
        pick: Where in the output the logits are: an item, a key, ".logits" for an attribute, or
            None for the output itself.
    """

    network: nn.Module
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        network: nn.Module,
        mean: Sequence[float],
        std: Sequence[float],
        pick: str | int | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(tuple(mean)).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor(tuple(std)).view(-1, 1, 1))
        self.pick = pick

    def forward(self, images: Tensor) -> Tensor:
        """Images (N, C, H, W) in [0, 1] to logits (N, classes)."""
        output = self.network((images - self.mean) / self.std)
        if self.pick == ".logits":
            output = output.logits
        elif self.pick is not None:
            output = output[self.pick]
        logits: Tensor = output
        return logits.flatten(1)


def tried(
    model: nn.Module, said: Said, *, is_known: bool
) -> tuple[Answering, tuple[int, int, int], tuple[str, ...], list[str]]:
    """The model as one that answers images, (H, W, C) of these, its classes, and notes.

    Args:
        model: On the CPU, in eval mode.
        said: What somebody said of it.
        is_known: Whether it is of an architecture that is made for 224×224.

    Raises:
        ValueError: It takes no images, or gives no logits.
    """
    found = _taken(model, said, is_known)
    (channels, height, width), output, others = found
    pick, logits, notes = _picked(output)
    num_classes = logits.flatten(1).shape[1]
    if others:
        notes.insert(0, f"takes {height}×{width} images and others: input={channels}x{height}x"
                        f"{width} was assumed")  # fmt: skip
    mean, std = _normalization(said, channels, notes)
    names = said.classes
    if names is None:
        names = tuple(f"class {number}" for number in range(num_classes))
        notes.append(
            "nobody says what its classes are called: classes= a data set's name, or names"
        )
    elif len(names) != num_classes:
        raise ValueError(f"has {num_classes} logits, and {len(names)} classes are named: "
                         f"{', '.join(names[:3])}, …")  # fmt: skip
    if not bool(logits.isfinite().all()):
        notes.append("answers values that are not finite to a random image: are its weights sound?")
    answering = Answering(model, mean, std, pick).eval()
    return answering, (height, width, channels), names, notes


def _normalization(
    said: Said, channels: int, notes: list[str]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if said.mean is None and said.std is None:
        notes.append("gets images in [0, 1] as they are: mean= and std= say otherwise")
    return (
        channel_values(0.0 if said.mean is None else said.mean, channels, "mean"),
        channel_values(1.0 if said.std is None else said.std, channels, "std"),
    )


def _taken(model: nn.Module, said: Said, is_known: bool) -> tuple[tuple[int, int, int], Any, bool]:
    """The form (C, H, W) of images that it takes, its output, and whether it takes others, too."""
    first: str = ""
    found: list[tuple[tuple[int, int, int], Any]] = []
    for form in [said.input] if said.input else _forms(model, said, is_known):
        try:
            found.append((form, answer_once(model, form)))
        except Exception as error:  # a foreign forward can fail in any way
            first = first or " ".join(f"{type(error).__name__}: {error}".split())[:200]
        if len(found) == 2:
            break
    if not found:
        tries = "×".join(map(str, said.input)) if said.input else "any size that was tried"
        hint = "" if said.input else "; say it with input=3x64x64"
        raise ValueError(f"takes no images of {tries} ({first}){hint}")
    return *found[0], len(found) > 1


def _forms(model: nn.Module, said: Said, is_known: bool) -> Iterator[tuple[int, int, int]]:
    first = next(
        (it for it in model.modules() if isinstance(it, nn.modules.conv._ConvNd | nn.Linear)), None
    )
    channels = [3, 1]
    if isinstance(first, nn.modules.conv._ConvNd) and first.in_channels in channels:
        channels = [first.in_channels]
    sizes = [(side, side) for side in _SIDES]
    last = [it for it in model.modules() if isinstance(it, nn.Linear)]
    if is_known or (last and last[-1].out_features == 1000):
        sizes.insert(0, (224, 224))
    if said.dataset:
        sizes.insert(0, catalogue()[said.dataset].image_shape[:2])
    for height, width in dict.fromkeys(sizes):
        yield from ((number, height, width) for number in channels)


@torch.inference_mode()
def answer_once(model: nn.Module, form: tuple[int, int, int]) -> Any:
    """What it gives for two random images of that form (C, H, W), always the same ones."""
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(2, *form, generator=generator)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model(images)


def _picked(output: Any) -> tuple[str | int | None, Tensor, list[str]]:
    """Where the logits are, they themselves, and what is to be said of that."""
    pick: str | int | None = None
    notes: list[str] = []
    value = output
    if isinstance(output, Mapping):
        tensors = [key for key, each in output.items() if isinstance(each, Tensor)]
        named = "logits" if "logits" in tensors else tensors[0] if len(tensors) == 1 else None
        if named is None:
            raise ValueError(f"returns a dictionary with {', '.join(map(str, output))[:80]}, none "
                             f"of them logits: call them that, or return them alone")  # fmt: skip
        pick, value = named, output[named]
        notes.append(f"returns a dictionary: its {named!r} are taken as logits")
    elif not isinstance(output, Tensor) and isinstance(getattr(output, "logits", None), Tensor):
        pick, value = ".logits", output.logits
        notes.append(f"returns a {type(output).__name__}: its logits are taken")
    elif isinstance(output, tuple | list):
        at = next((at for at, each in enumerate(output) if isinstance(each, Tensor)), None)
        if at is None:
            raise ValueError(f"returns a {type(output).__name__} without a tensor in it: return "
                             f"the logits")  # fmt: skip
        pick, value = at, output[at]
        kind = type(output).__name__
        notes.append(f"returns a {kind} of {len(output)}: number {at + 1} is taken as logits")
    if not isinstance(value, Tensor):
        raise ValueError(f"returns a {type(value).__name__}: return the logits, (N, classes)")
    shape = tuple(value.shape)
    is_flat = len(shape) == 2 or (len(shape) == 4 and shape[2:] == (1, 1))
    if not is_flat or shape[0] != 2 or shape[1] < 2 or not value.is_floating_point():
        raise ValueError(f"returns {tuple(shape)} {str(value.dtype).removeprefix('torch.')} for 2 "
                         f"images: expected logits (2, classes), two classes or more")  # fmt: skip
    if len(shape) == 4:
        notes.append(f"returns {shape[1]}×1×1 values an image: they are taken as logits")
    return pick, value, notes


def _class_names(said: Any) -> tuple[str, ...]:
    """Of a data set's name, a text file, "cat+dog", or names."""
    if isinstance(said, str):
        known = catalogue()
        path = Path(said)
        if said in known:
            names: Sequence[Any] = known[said].class_names
        elif path.suffix == ".txt":
            try:
                names = [line.strip() for line in path.read_text().splitlines() if line.strip()]
            except (OSError, ValueError):
                raise ValueError(f"classes={said}: expected a text with a name a line") from None
        elif "+" in said:
            names = said.split("+")
        else:
            raise ValueError(f"classes={said[:60]}: neither a data set, nor a .txt file with a "
                             f"name a line, nor names as cat+dog")  # fmt: skip
    else:
        names = list(said)
    if not all(isinstance(name, str) and name for name in names):
        raise ValueError("classes are names: texts that are not empty")
    if len(set(names)) < len(names):
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise ValueError(f"two classes are called {twice!r}")
    return tuple(names)
