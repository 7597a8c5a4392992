"""The norms by name."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from afn.norms._base import Norm
from afn.norms._checks import check_choice
from afn.settings.norms import NORM_ROWS, NormRow

NormFactory = Callable[[int], Norm]
"""From a number of channels to a layer.

Example:
    >>> from afn import AFN2d
    >>> from afn.norms import NormFactory
    >>> norm: NormFactory = AFN2d  # for a layer with options see `make_norm`
    >>> norm(16).num_features
    16
"""


def _layers(row: NormRow) -> dict[int, type[Norm]]:
    module = import_module(f"afn.norms.{row.module}")
    return {axes: getattr(module, layer) for axes, layer in row.layers.items()}


_LAYERS = {name: _layers(row) for name, row in NORM_ROWS.items()}
NORMS: dict[str, Callable[..., Norm]] = {name: layers[2] for name, layers in _LAYERS.items()}
"""Each norm's layer, by name: called with a number of channels and options.

Example:
    >>> from afn import NORMS
    >>> "gn" in NORMS, "batch" in NORMS
    (True, False)
    >>> NORMS["gn"](16, num_groups=2).num_groups
    2
"""

OTHER_FORMS: dict[str, dict[int, Callable[..., Norm]]] = {
    name: {axes: layer for axes, layer in layers.items() if axes != 2}
    for name, layers in _LAYERS.items()
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


def row_of(layer: Norm) -> NormRow:
    """What is known of a layer's norm.

    Raises:
        TypeError: The layer is of no norm that has a row.

    Example:
        >>> from afn.norms import GroupNorm2d
        >>> from afn.norms.registry import row_of
        >>> row_of(GroupNorm2d(8)).title
        'GN'
    """
    names = {each: name for name, layers in _LAYERS.items() for each in layers.values()}
    for each in type(layer).__mro__:
        if each in names:
            return NORM_ROWS[names[each]]
    raise TypeError(
        f"expected a layer of {', '.join(NORM_ROWS)}, got {type(layer).__name__}: add its row to "
        f"afn/settings/norms.py"
    )
