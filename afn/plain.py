"""Records of plain JSON values, as the frozen dataclasses that wrote them. Needs no torch."""

import sys
from typing import Annotated, TypeVar

import msgspec

_Record = TypeVar("_Record")
Finite = Annotated[float, msgspec.Meta(ge=-sys.float_info.max, le=sys.float_info.max)]
"""A number that is neither infinite nor NaN."""
Amount = Annotated[float, msgspec.Meta(ge=0, le=sys.float_info.max)]
Count = Annotated[int, msgspec.Meta(ge=0)]


def converted(record: object, kind: type[_Record], what: str) -> _Record:
    """A record as a dataclass; of values that it does not know it takes none.

    Args:
        record: What `dataclasses.asdict` gave, perhaps by way of a file.
        kind: The dataclass.
        what: What it is, for the error.

    Raises:
        ValueError: A value is missing or not of its kind.

    Example:
        >>> from dataclasses import dataclass
        >>> from afn.plain import converted
        >>> @dataclass(frozen=True)
        ... class Side:
        ...     mu: tuple[float, ...]
        >>> converted({"mu": [1, 0.5]}, Side, "a side")
        Side(mu=(1.0, 0.5))
    """
    try:
        return msgspec.convert(record, kind)
    except msgspec.ValidationError as error:
        raise ValueError(f"not {what}: {error}") from error
