"""How the Playground's presets train: ``python -m benchmarks.presets [--keep]``.

Prints the loss that each contender ends at. With ``--keep`` the curves go into
``app/reference/presets.json``, of which the page draws its pictures. It needs no data folder.
"""

import argparse
import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from afn.engine.execution import execute
from afn.runs.history import History
from afn.runs.store import RunStore
from afn.settings.config import TrainConfig
from app.kit.comparison import PRESETS, labels
from app.kit.folders import PRESET_CURVES

_POINTS = 40
"""Of a curve, each the mean of a stretch of steps."""


def main() -> None:
    """Train every preset."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--keep", action="store_true", help="make the curves anew")
    options.add_argument("--steps", type=int, help="train no further, to try this script")
    given = options.parse_args()
    found: dict[TrainConfig, list[float]] = {}
    curves = {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AFN_DATA_DIR"] = f"{folder}/no-data"
        store = RunStore(Path(folder) / "runs")
        for name, preset in PRESETS.items():
            for config in preset.comparison:
                plain = replace(config, corruptions=(), evals_per_epoch=0)  # the curve is the same
                if given.steps:
                    plain = replace(plain, max_steps=given.steps)
                if plain not in found:
                    found[plain] = _losses(store, plain)
                curves.setdefault(name, []).append(found[plain])
            ends = zip(labels(preset.comparison), curves[name], strict=True)
            told = ", ".join(f"{label} {losses[-1]:.2f}" for label, losses in ends)
            print(f"{preset.name}: {told} nats at the end", flush=True)
    if given.keep:
        PRESET_CURVES.write_text(json.dumps(curves, separators=(",", ":")) + "\n")


def _losses(store: RunStore, config: TrainConfig) -> list[float]:
    run = store.create(config)
    for _ in execute(run):
        pass
    losses = History.of(run).columns["loss"]
    stretches = np.array_split(losses, min(_POINTS, len(losses)))
    return [round(float(stretch.mean()), 3) for stretch in stretches]


if __name__ == "__main__":
    main()
