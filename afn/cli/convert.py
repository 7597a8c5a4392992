"""``python -m afn convert torchvision:resnet18``: what another norm does to a model."""

import argparse
import math
import sys
import warnings
from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from afn.cli.telling import Say

if TYPE_CHECKING:
    from torch import nn


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "model", metavar="MODEL",
        help="torchvision:NAME or timm:NAME, without weights; FILE.py:FUNCTION or module:function "
        "that makes one; or ARCHITECTURE:FILE.safetensors",
    )  # fmt: skip
    parser.add_argument("--norm", default="afn", help="the norm that takes their place (afn)")
    parser.add_argument(
        "--skip", nargs="+", default=[], metavar="PATTERN",
        help="layers to leave, such as bn1 or 'layer4.*'; a block's name means all in it",
    )  # fmt: skip
    parser.add_argument("--only", nargs="+", metavar="PATTERN", help="the only ones to replace")
    parser.add_argument("--report", action="store_true", help="a line for every layer")
    parser.add_argument("--batch-size", type=int, default=2, help="of the comparison (default 2)")
    parser.add_argument("--size", type=int, help="its images' sides (default: the model's, or 224)")


def run(options: argparse.Namespace, say: Say) -> None:
    """Convert the model, compare it with what it was, and say both."""
    for name in ("batch_size", "size"):
        if (number := getattr(options, name)) is not None and number < 1:
            raise ValueError(f"--{name.replace('_', '-')} must be at least 1, got {number}")
    import torch

    from afn.norms import conversion_report

    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = model_named(options.model)
        conversion = conversion_report(
            model, options.norm, example_batch(model, options.batch_size, options.size),
            skip=options.skip, only=options.only,
        )  # fmt: skip
    record = conversion.record()
    layers = record.pop("layers")
    if options.report:
        header, *rows = conversion.rows()
        for row, layer in zip(rows, layers, strict=True):
            say(f"{header}\n{row}" if layer is layers[0] else row, {"kind": "layer", **layer})
    for difference in record["differences"]:  # JSON has no infinity
        for what in ("absolute", "relative"):
            if not math.isfinite(difference[what]):
                difference[what] = None
    summary = "\n".join(conversion.summary())
    say(f"\n{summary}" if options.report else summary, {"kind": "conversion", **record})


def model_named(name: str) -> "nn.Module":
    """The model, as its library makes it without weights, or as its own file does.

    Raises:
        ValueError: There is none of that name, or what makes it fails.
        ImportError: The library is not installed.
    """
    from torch import nn

    if ".py:" in name or name.endswith(".safetensors"):
        from afn.own.building import own_model

        return own_model(name).model.network
    home, colon, what = name.partition(":")
    if not (home and colon and what):
        raise ValueError(
            f"name a model as torchvision:NAME, timm:NAME or module:function, or as "
            f"FILE.py:FUNCTION, got {name!r}"
        )
    finders = {"torchvision": _of_torchvision, "timm": _of_timm}
    make = finders.get(home, _of_module)(home, what)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about weights, which do not matter here
            model = make()
    except Exception as error:  # a foreign function can fail in any way
        raise ValueError(f"{name} makes no model ({type(error).__name__}: {error})") from None
    if not isinstance(model, nn.Module):
        raise ValueError(f"{name} makes a {type(model).__name__}, which is no torch.nn.Module")
    return model


def example_batch(model: "nn.Module", num: int, size: int | None = None) -> Any:
    """A random batch of what the model takes, as far as its first layer and its home tell."""
    import torch
    from torch import nn

    if size is None:
        size = (getattr(model, "default_cfg", None) or {}).get("input_size", (3, 224, 224))[-1]
    first = next(
        (it for it in model.modules() if isinstance(it, nn.modules.conv._ConvNd | nn.Linear)), None
    )
    if isinstance(first, nn.Linear):
        return torch.rand(num, first.in_features)
    num_dims = 2 if first is None else len(first.kernel_size)
    channels = 3 if first is None else first.in_channels
    batch = torch.rand(num, channels, *(16,) * (num_dims - 2), *(size,) * min(num_dims, 2))
    if type(model).__module__.startswith("torchvision.models.detection"):
        return list(batch), [_target(size) for _ in batch]
    return batch


def _target(size: int) -> dict[str, Any]:
    """One object in the middle of an image, with all that detection networks learn from."""
    import torch

    low, high = size / 4, size / 2
    corners = torch.tensor([low, low, low + high, low + high])
    points = torch.tensor([size / 2, size / 2, 1.0]).expand(1, 17, 3)
    masks = torch.ones(1, size, size, dtype=torch.uint8)
    return {
        "boxes": corners[None], "labels": torch.ones(1, dtype=torch.int64),
        "masks": masks, "keypoints": points.clone(),
    }  # fmt: skip


def _of_torchvision(home: str, what: str) -> Callable[[], Any]:
    from torchvision import models

    known = models.list_models()
    if what not in known:
        raise ValueError(_unknown(home, what, known))
    parameters = signature(models.get_model_builder(what)).parameters
    without = {key: None for key in ("weights", "weights_backbone") if key in parameters}
    return lambda: models.get_model(what, **without)


def _of_timm(home: str, what: str) -> Callable[[], Any]:
    try:
        timm = import_module("timm")
    except ImportError as error:
        raise ImportError(f"{home}:{what} needs timm: pip install timm ({error})") from None
    known = timm.list_models()
    if what not in known:
        raise ValueError(_unknown(home, what, known))
    return lambda: timm.create_model(what, pretrained=False)


def _of_module(home: str, what: str) -> Callable[[], Any]:
    if str(Path.cwd()) not in sys.path and "" not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        make: Any = getattr(import_module(home), what, None)
    except ImportError as error:
        raise ImportError(f"{home}:{what}: {error}") from None
    if not callable(make):
        raise ValueError(f"{home} has no function {what}")
    return lambda: make()


def _unknown(home: str, what: str, known: list[str]) -> str:
    close = get_close_matches(what, known)
    meant = f": did you mean {' or '.join(close)}?" if close else f"; it has {len(known)} others"
    return f"{home} has no model {what!r}{meant}"
