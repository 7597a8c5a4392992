"""Figures that are drawn once: whoever comes back to a page need not wait for Plotly again."""

import hashlib
import pickle
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import ParamSpec

from .axes import Figure

Args = ParamSpec("Args")
_MOST = 256
_figures: OrderedDict[bytes, Figure] = OrderedDict()
_lock = Lock()


def kept(draw: Callable[Args, Figure]) -> Callable[Args, Figure]:
    """Have a pure function from records to a figure remember what it drew, by what it is told.

    The arguments are told apart by their content, so that they may be lists and mappings; they are
    to be small. The figure is shared by all who ask for it: to be shown, not to be changed.
    """

    @wraps(draw)
    def drawn(*args: Args.args, **kwargs: Args.kwargs) -> Figure:
        told = pickle.dumps((draw.__module__, draw.__qualname__, args, sorted(kwargs.items())))
        key = hashlib.sha256(told).digest()
        with _lock:
            if key in _figures:
                _figures.move_to_end(key)
                return _figures[key]
        figure = draw(*args, **kwargs)
        with _lock:
            _figures[key] = figure
            while len(_figures) > _MOST:
                _figures.popitem(last=False)
        return figure

    return drawn
