"""How networks were trained, whatever their norm and data: told apart, named, put into words."""

import hashlib
import json
from dataclasses import replace
from typing import Any

from afn.engine.config import TrainConfig

_TEST_ONLY = (
    "eval_stats", "eval_images", "eval_batch_size", "evals_per_epoch", "corruptions", "severity",
    "max_seconds",
)  # fmt: skip
"""What does not change the weights that training ends with."""


def recipe_of(config: TrainConfig) -> TrainConfig:
    """How a network was trained, whatever its norm and data."""
    plain = TrainConfig()
    names = (*_TEST_ONLY, "norm", "dataset")
    changes: dict[str, Any] = {name: getattr(plain, name) for name in names}
    changes["max_steps"] = min(config.max_steps, plain.max_steps)  # more than that is no limit
    return replace(config, **changes)


def key_of(recipe: TrainConfig) -> str:
    """A name for links, 8 hexadecimal digits; settings that are added later do not change it."""
    text = json.dumps(_changed(recipe), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _changed(recipe: TrainConfig) -> dict[str, Any]:
    """The settings that are not the defaults."""
    plain = TrainConfig().to_json()
    return {name: value for name, value in recipe.to_json().items() if value != plain[name]}


def recipe_words(recipe: TrainConfig) -> str:
    """The recipe in a few words."""
    widths = f" {'-'.join(map(str, recipe.widths))}" if recipe.backbone == "convnet" else ""
    parts = [
        f"{recipe.backbone}{widths}",
        f"{recipe.epochs} epochs" if recipe.epochs > 1 else "1 epoch",
        f"batch {recipe.batch_size}",
        f"lr {recipe.lr:g}",
        f"seed {recipe.seed}",
    ]
    told = ("backbone", "widths", "epochs", "batch_size", "lr", "seed", "version")
    for name, value in _changed(recipe).items():
        if name == "lambda_init":
            parts.append("another start of λ")
        elif name not in told:
            parts.append(f"{name.replace('_', ' ').replace('lambda', 'λ')} {value}")
    return ", ".join(parts)
