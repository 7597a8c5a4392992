"""How networks were trained, whatever their norm and data: told apart, put into words."""

from dataclasses import replace
from typing import Any

from afn.settings.backbones import BACKBONE_ROWS
from afn.settings.config import TrainConfig
from afn.wording import count_words

_TEST_ONLY = (
    "eval_stats", "eval_images", "eval_batch_size", "evals_per_epoch", "corruptions", "severity",
    "test_domains", "max_seconds",
)  # fmt: skip
"""What does not change the weights that training ends with."""


def recipe_of(config: TrainConfig) -> TrainConfig:
    """How a network was trained, whatever its norm and data."""
    plain = TrainConfig()
    names = (*_TEST_ONLY, "norm", "dataset")
    changes: dict[str, Any] = {name: getattr(plain, name) for name in names}
    changes["max_steps"] = min(config.max_steps, plain.max_steps)  # more than that is no limit
    return replace(config, **changes)


def recipe_words(recipe: TrainConfig) -> str:
    """The recipe in a few words."""
    has_widths = BACKBONE_ROWS[recipe.backbone].has_widths
    widths = f" {'-'.join(map(str, recipe.widths))}" if has_widths else ""
    parts = [
        f"{recipe.backbone}{widths}",
        count_words(recipe.epochs, "epoch"),
        f"batch {recipe.batch_size}",
        f"lr {recipe.lr:g}",
        f"seed {recipe.seed}",
    ]
    parts += recipe.told("backbone", "widths", "epochs", "batch_size", "lr", "seed")
    if recipe.max_steps != TrainConfig().max_steps:
        parts.append(f"at most {count_words(recipe.max_steps, 'step')}")
    return ", ".join(parts)
