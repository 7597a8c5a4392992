"""Any model as one that can be asked: on its own device, whatever it wraps its logits in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from afn.ask.image_sets import ImageSet


@dataclass(frozen=True, slots=True)
class AskedModel:
    """A model that takes images in [0, 1] from the CPU and answers there.

    Raises:
        TypeError: It cannot be called.
        ValueError: When asked: what it gives holds no logits (N, classes), or more than one
            tensor that could be them.
        RuntimeError: When asked: it failed; the line says on what.
    """

    model: Callable[..., Any]
    images: ImageSet

    def __post_init__(self) -> None:
        if not callable(self.model):
            raise TypeError(
                f"expected a model, from images (N, C, H, W) to logits, got a "
                f"{type(self.model).__name__}"
            )

    def __call__(self, images: Tensor) -> Tensor:
        module = module_of(self.model)
        like = _first_float(module) if module is not None else None
        given = self.images.normalized(images)
        if like is not None:
            given = given.to(like.device, like.dtype)
        try:
            found = self.model(given)
        except RuntimeError as error:
            raise RuntimeError(_failed(module, given, error)) from error
        logits = logits_of(found, len(images)).detach().cpu()
        return logits if logits.dtype == torch.float64 else logits.float()


def module_of(model: Callable[..., Any]) -> nn.Module | None:
    """The module that is asked, also inside of what `as_tested` gives; None for a function."""
    if isinstance(model, nn.Module):
        return model
    inner = getattr(model, "model", None)
    return inner if isinstance(inner, nn.Module) else None


def logits_of(found: Any, num_images: int) -> Tensor:
    """The logits (N, classes) in what a model gives: itself, an entry ``logits``, or its only one.

    Raises:
        ValueError: There are none, or several that could be.

    Example:
        >>> import torch
        >>> from afn.ask.classifiers import logits_of
        >>> logits_of({"loss": torch.zeros(()), "logits": torch.zeros(4, 10)}, 4).shape
        torch.Size([4, 10])
    """
    if isinstance(found, Tensor):
        if found.ndim != 2 or len(found) != num_images:
            raise ValueError(
                f"expected logits ({num_images}, classes) of {num_images} images, got "
                f"{tuple(found.shape)}"
            )
        return found
    if isinstance(found, Mapping):
        parts = {str(name): part for name, part in found.items()}
    elif isinstance(found, tuple) and hasattr(found, "_fields"):
        parts = dict(zip(found._fields, found, strict=True))
    elif isinstance(found, tuple | list):
        parts = {str(number): part for number, part in enumerate(found)}
    else:
        parts = {"logits": found.logits} if hasattr(found, "logits") else {}
    if isinstance(logits := parts.get("logits"), Tensor):
        return logits_of(logits, num_images)
    fitting = [
        part
        for part in parts.values()
        if isinstance(part, Tensor) and part.ndim == 2 and len(part) == num_images
    ]
    if len(fitting) == 1:
        return fitting[0]
    told = f"a {type(found).__name__}" + (f" of {', '.join(parts)}" if parts else "")
    raise ValueError(
        f"expected logits (N, classes), got {told}, in which {len(fitting) or 'none'} could be "
        f"them: give a function that picks them, such as lambda x: model(x)[0]"
    )


def _first_float(module: nn.Module) -> Tensor | None:
    """A parameter or buffer that tells device and precision."""
    every = chain(module.parameters(), module.buffers())
    return next((each for each in every if each.is_floating_point()), None)


def _failed(module: nn.Module | None, images: Tensor, error: RuntimeError) -> str:
    shape = tuple(images.shape)
    if isinstance(error, torch.OutOfMemoryError):
        return f"out of memory on images {shape}: take a smaller batch_size"
    first = next(
        (it for it in (module.modules() if module else ()) if isinstance(it, nn.Conv2d)), None
    )
    if first is not None and first.in_channels != shape[1]:
        return (
            f"the model takes {first.in_channels} channels, the images have {shape[1]}: convert "
            f"them in the transform"
        )
    line = next((it for it in str(error).splitlines() if it.strip()), type(error).__name__)
    return f"the model failed on images {shape} on {images.device}: {line.strip()}"
