"""What a training step costs with each norm, in parts of BN's: the ConvNet's, and a layer's alone.

On one torch thread, the norms taking turns step by step; medians of the ratios of each round.

    .venv/bin/python -m benchmarks.norm_steps                     # every norm in the ConvNet
    .venv/bin/python -m benchmarks.norm_steps --layers afn asrnorm  # alone, where vectors weigh
    .venv/bin/python -m benchmarks.norm_steps --batch 64 --keep     # for the page Norms
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import replace

import torch

from afn.cost.plan import YARDSTICK, Case
from afn.cost.records import describe_machine
from afn.cost.subjects import StepInputs, build, training_step
from afn.cost.timing import interleaved, median_ms, median_ratio, one_thread
from afn.settings.norms import NORM_NAMES
from afn.work.memory import keep_freed_memory
from app.kit.folders import REFERENCE

KEPT = REFERENCE / "norm_steps.json"
SHAPES = ((32, 512, 4), (32, 256, 8), (128, 16, 32))
"""Batch size, channels and side of a layer's input."""


def ratios(
    case: Case, norms: list[str], rounds: int, *, is_contiguous: bool = False
) -> Iterator[tuple[str, float, float]]:
    """Of each norm its name, milliseconds of a step, and parts of BN's."""
    batch = StepInputs.of(case, torch.Generator().manual_seed(0))
    if is_contiguous:
        target = batch.target.contiguous() if case.subject == "layer" else batch.target
        batch = replace(batch, x=batch.x.contiguous(), target=target)
    steps = {
        norm: training_step(case, build(case, norm), batch)
        for norm in dict.fromkeys((YARDSTICK, *norms))
    }
    # the time of this process alone: others on the machine then disturb less
    taken = list(interleaved(steps, rounds=rounds, clock=time.process_time))
    for norm in steps:
        yield norm, median_ms(taken, norm), median_ratio(taken, norm, YARDSTICK)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--norms", nargs="+", choices=NORM_NAMES, default=NORM_NAMES)
    parser.add_argument("--layers", nargs="+", choices=NORM_NAMES, default=[])
    parser.add_argument("--contiguous", action="store_true", help="not in channels_last")
    parser.add_argument("--batch", type=int, default=128, help="images a step of the ConvNet")
    parser.add_argument("--keep", action="store_true", help=f"write the last case to {KEPT.name}")
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    cases = [
        Case(subject="layer", batch_size=batch, channels=channels, size=side)
        for batch, channels, side in SHAPES
    ]
    if not options.layers:
        cases = [Case(subject="convnet", batch_size=options.batch)]
    keep_freed_memory()  # as where runs train
    form = "contiguous" if options.contiguous else "channels_last"
    for case in cases:
        shape = case.batch_size, case.channels, case.size, case.size
        print(f"{case.subject}, {shape}, {form}, one training step:", flush=True)
        found = {}
        norms = list(options.layers or options.norms)
        with one_thread():
            for norm, ms, ratio in ratios(
                case, norms, options.rounds, is_contiguous=options.contiguous
            ):
                print(f"  {norm:8s} {ms:8.2f} ms {ratio:6.2f} × BN", flush=True)
                found[norm] = round(ratio, 2)
    if options.keep:
        told = {"machine": describe_machine(), "batch": options.batch, "rounds": options.rounds}
        KEPT.write_text(json.dumps({**told, "ratio": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
