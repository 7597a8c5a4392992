"""The norms by name."""

from collections.abc import Callable
from functools import partial
from typing import Any

from afn.norms._base import Norm2d
from afn.norms._checks import check_choice
from afn.norms.afn import AFN2d
from afn.norms.asrnorm import ASRNorm2d
from afn.norms.batch import BatchNorm2d
from afn.norms.batch_instance import BatchInstanceNorm2d
from afn.norms.group import GroupNorm2d
from afn.norms.instance import InstanceNorm2d
from afn.norms.layer import LayerNorm2d
from afn.norms.none import NoNorm2d

NormFactory = Callable[[int], Norm2d]
"""From a number of channels to a layer."""

NORMS: dict[str, Callable[..., Norm2d]] = {
    "afn": AFN2d,
    "asrnorm": ASRNorm2d,
    "bn": BatchNorm2d,
    "in": InstanceNorm2d,
    "gn": GroupNorm2d,
    "ln": LayerNorm2d,
    "bin": BatchInstanceNorm2d,
    "none": NoNorm2d,
}


def make_norm(name: str, **options: Any) -> NormFactory:
    """The factory of that name with its options filled in.

    Raises:
        ValueError: The name is unknown. Options are checked when the factory is called.
    """
    check_choice("norm", name, NORMS)
    return partial(NORMS[name], **options)
