"""Where λ goes when it learns faster: ``python -m benchmarks.moving_lambda``.

AFN and ASRNorm on the 5,000 digits, trained as the Playground does, by λ's learning rate (times the
weights'). Of each: λ at the end, as means over seeds with 95 % intervals (Student's t), and how
many seeds moved it the same way; accuracy on clean and on pale test images, and what it differs
from the first factor's, seed by seed.
"""

import argparse
from dataclasses import replace

import numpy as np
import torch

from afn.engine.execution import train
from afn.settings.config import TrainConfig
from afn.settings.lambda_init import GREEK, LambdaInit
from afn.stats.over_seeds import OverSeeds

PALE = "contrast"


def main() -> None:
    """Print a block for each norm and factor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--factors", type=float, nargs="+", default=[1.0, 30.0])
    parser.add_argument("--norms", nargs="+", default=["afn", "asrnorm"])
    parser.add_argument("--start", choices=LambdaInit.PRESETS, default="paper")
    parser.add_argument("--dataset", default="mnist5k")
    parser.add_argument("--epochs", type=int, default=3)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    for norm in asked.norms:
        first: np.ndarray | None = None
        for factor in asked.factors:
            print(
                f"\n{norm}, start {asked.start}, λ lr ×{factor:g}, {asked.seeds} seeds", flush=True
            )
            config = TrainConfig(
                norm=norm, dataset=asked.dataset, epochs=asked.epochs,
                lambda_init=LambdaInit.PRESETS[asked.start], lambda_lr_factor=factor,
                evals_per_epoch=0, corruptions=(PALE,), severity=5,
            )  # fmt: skip
            tests = measured(config, asked.seeds)
            first = tests if first is None else first
            for name, own, theirs in zip(("clean", "pale"), tests.T, first.T, strict=True):
                print(f"  {name}: {told(own)} %, difference {told(own - theirs)} points")


def measured(config: TrainConfig, seeds: int) -> np.ndarray:
    """Train the seeds and print their λ; accuracies in percent (seeds, clean and pale)."""
    starts, ends, tests = [], [], []
    for seed in range(seeds):
        events = list(train(replace(config, seed=seed)))
        lambdas = [e.values["lambdas"] for e in events if e.kind in ("start", "step")]
        starts.append(lambdas[0])
        ends.append(lambdas[-1])
        last = {
            e.values["corruption"]: e.values["accuracy"] for e in events if e.kind == "evaluation"
        }
        tests.append([100 * last[None], 100 * last[PALE]])
    start, end = np.array(starts), np.array(ends)  # (seeds, layers, 4)
    for layer in range(end.shape[1]):
        for i, symbol in enumerate(GREEK.values()):
            moved = end[:, layer, i] - start[:, layer, i]
            same = max((moved > 0).sum(), (moved < 0).sum())
            print(
                f"  norm {layer + 1} {symbol}: {start[0, layer, i]:.4f} → "
                f"{told(end[:, layer, i], 4)}, {same} of {len(moved)} the same way"
            )
    return np.array(tests)


def told(values: np.ndarray, digits: int = 2) -> str:
    """The mean with its 95 % interval over seeds."""
    over = OverSeeds.of(dict(enumerate(values.tolist())))
    assert over
    return f"{over.mean:.{digits}f} [{over.low:.{digits}f}, {over.high:.{digits}f}]"


if __name__ == "__main__":
    main()
