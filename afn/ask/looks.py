"""Networks before their first step, to look at: told as runs are. Needs no torch."""

from dataclasses import replace
from pathlib import Path

from afn.runs.recorded import Recorded
from afn.settings.config import TrainConfig

KEPT = 300
"""So many looks are kept in a folder; those made longest ago go first."""
_DEFAULT = TrainConfig()
_LATER = (
    "batch_size", "lr", "lr_schedule", "momentum", "weight_decay", "lambda_lr_factor",
    "network_lr_factor", "network_decay_factor", "epochs", "augment", "rsc", "stat_dropout",
    "evals_per_epoch", "test_domains", "max_steps", "max_seconds",
)  # fmt: skip
"""Settings that make no difference before the first step."""


def look_of(config: TrainConfig, folder: Path) -> Recorded:
    """Where a configuration's network is, or will be, as it is before the first step.

    Its events are ``start``, ``samples``, ``probes``, ``probe`` and ``sheet``. Settings that make
    no difference yet (rates, batch size, epochs) are left out of its name, so that who turns them
    looks at the same; what the start says of steps is therefore not the configuration's.

    Args:
        config: Of a run that may be started.
        folder: Of all looks.
    """
    name = before_training(config).hash()
    return Recorded(f"look.{name}", folder / name)


def before_training(config: TrainConfig) -> TrainConfig:
    """The configuration, with the defaults of what makes no difference before the first step."""
    return replace(config, **{name: getattr(_DEFAULT, name) for name in _LATER})
