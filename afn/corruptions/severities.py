"""By which rule and with whose constants images are corrupted. Needs no torch."""

from collections.abc import Mapping
from typing import Any, Literal, SupportsIndex

from afn.numbers import whole
from afn.settings.corruptions import CORRUPTION_ROWS, RULE

ConstantsName = Literal["cifar10-c", "imagenet-c"]
"""Whose constants: made for images of 32×32, or of 224×224."""
IMAGENET_C_SIDE = 96
"""From this shorter side on, images take ImageNet-C's: 96 is nearer to 224 than to 32."""
CONSTANTS: dict[ConstantsName, dict[str, tuple[Any, ...]]] = {
    "cifar10-c": {name: row.cifar10_c for name, row in CORRUPTION_ROWS.items()},
    "imagenet-c": {name: row.imagenet_c for name, row in CORRUPTION_ROWS.items()},
}
"""By whose they are, corruption, and severity less 1."""


def rule_of(test: Mapping[str, Any]) -> int | None:
    """By which rule the images of a test that was kept were corrupted.

    None where they were not, or not here. What tells no rule is of before there were two.
    """
    rule = None if test["corruption"] in (None, "clean") else test.get("rule", 1)
    return int(rule) if rule else None


def rule_words(rule: int | None) -> str:
    """ "corrupted under rule 1 (today's is 2)"; empty for today's."""
    return "" if rule in (None, RULE) else f"corrupted under rule {rule} (today's is {RULE})"


def why_unchanged(name: str, severity: int, image_shape: tuple[int, int, int]) -> str:
    """Why a corruption leaves all images of a shape (H, W, C) as they are; empty if it does not.

    Of those that are not ours, which kept answers may name, none does.
    """
    row = CORRUPTION_ROWS.get(name)
    return row.why_unchanged(severity, image_shape) if row else ""


def constants_for(height: int, width: int) -> ConstantsName:
    """Whose constants images of these sides take, unless told otherwise.

    Example:
        >>> constants_for(32, 32), constants_for(224, 224)
        ('cifar10-c', 'imagenet-c')
    """
    return "imagenet-c" if min(height, width) >= IMAGENET_C_SIDE else "cifar10-c"


def constants_words(constants: ConstantsName) -> str:
    """ "CIFAR-10-C's constants"."""
    return f"{'ImageNet-C' if constants == 'imagenet-c' else 'CIFAR-10-C'}'s constants"


def constants_of(
    name: str, severity: SupportsIndex, constants: ConstantsName = "cifar10-c"
) -> tuple[Any, ...]:
    """The constants of one corruption at one severity, in the order of its parameters.

    Raises:
        TypeError: The severity is no integer.
        ValueError: There is no such corruption, severity or set of constants; the line says which
            there are.
    """
    if constants not in CONSTANTS:
        raise ValueError(
            f"unknown constants {constants!r}; known are {', '.join(CONSTANTS)}, and None: by size"
        )
    known = CONSTANTS[constants]
    if name not in known:
        raise ValueError(f"unknown corruption {name!r}; known are {', '.join(known)}")
    number = whole(severity, "severity", "an integer from 1 to 5")
    if not 1 <= number <= len(known[name]):
        raise ValueError(f"severity must be from 1 to {len(known[name])}, got {number}")
    found = known[name][number - 1]
    return found if isinstance(found, tuple) else (found,)
