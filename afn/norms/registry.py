"""The norms by name."""

from collections.abc import Callable
from functools import partial
from typing import Any

from afn.norms._base import Norm
from afn.norms._checks import check_choice
from afn.norms.afn import AFN1d, AFN2d, AFN3d
from afn.norms.asrnorm import ASRNorm1d, ASRNorm2d, ASRNorm3d
from afn.norms.batch import BatchNorm1d, BatchNorm2d, BatchNorm3d
from afn.norms.batch_instance import BatchInstanceNorm2d
from afn.norms.group import GroupNorm2d
from afn.norms.instance import InstanceNorm2d
from afn.norms.layer import LayerNorm2d
from afn.norms.none import NoNorm2d

NormFactory = Callable[[int], Norm]
"""From a number of channels to a layer.

Example:
    >>> from afn import AFN2d
    >>> from afn.norms import NormFactory
    >>> norm: NormFactory = AFN2d  # for a layer with options see `make_norm`
    >>> norm(16).num_features
    16
"""

NORMS: dict[str, Callable[..., Norm]] = {
    "afn": AFN2d,
    "asrnorm": ASRNorm2d,
    "bn": BatchNorm2d,
    "in": InstanceNorm2d,
    "gn": GroupNorm2d,
    "ln": LayerNorm2d,
    "bin": BatchInstanceNorm2d,
    "none": NoNorm2d,
}
"""Each norm's layer, by name: called with a number of channels and options.

Example:
    >>> from afn import NORMS
    >>> list(NORMS)
    ['afn', 'asrnorm', 'bn', 'in', 'gn', 'ln', 'bin', 'none']
    >>> NORMS["gn"](16, num_groups=2).num_groups
    2
"""

OTHER_FORMS: dict[str, dict[int, Callable[..., Norm]]] = {
    "afn": {0: AFN1d, 1: AFN1d, 3: AFN3d},
    "asrnorm": {1: ASRNorm1d, 3: ASRNorm3d},
    "bn": {0: BatchNorm1d, 1: BatchNorm1d, 3: BatchNorm3d},
}
"""By name, the norms of inputs with other than two axes behind N and C."""


def make_norm(name: str, **options: Any) -> NormFactory:
    """The factory of that name with its options filled in.

    Raises:
        ValueError: The name is unknown. Options are checked when the factory is called.

    Example:
        >>> from afn.norms import make_norm
        >>> factory = make_norm("afn", eval_stats="running")
        >>> factory(16).eval_stats, factory(32).num_features
        ('running', 32)
    """
    check_choice("norm", name, NORMS)
    return partial(NORMS[name], **options)
