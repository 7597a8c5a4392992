"""Numbers as callers give them: Python's, NumPy's, or a tensor's."""

import operator
from typing import SupportsIndex


def whole(value: SupportsIndex, name: str, expected: str = "a whole number") -> int:
    """An integer of any kind as Python's.

    Raises:
        TypeError: It is none, or a bool; the line says what was expected of whom.
    """
    try:
        if type(value).__name__ not in ("bool", "bool_"):
            return operator.index(value)
    except TypeError:
        pass
    raise TypeError(f"{name} must be {expected}, got {value!r}")
