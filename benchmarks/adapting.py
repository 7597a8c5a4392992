"""How fast a stream flows: ``python -m benchmarks.adapting``, on one thread.

Prints batches a second of the four contenders of the page Adapting together, TENT's steps and all
that is measured of each batch included, images already made.
"""

import argparse
import time

import torch

from afn import Adapter, StreamPlan, image_stream, load_pretrained
from afn.adapt.following import step_of

_CONTENDERS = (("bn", "running"), ("bn", "batch"), ("bn", "tent=0.05"), ("afn", "batch"))
_TARGET = 5.0


def main() -> None:
    """Measure, and say it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--of", nargs="+", default=["mnist5k"], help="pairs NAME-bn and NAME-afn")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 20, 50])
    parser.add_argument("--batches", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for group in options.of:
        models = {norm: load_pretrained(f"{group}-{norm}") for norm in ("bn", "afn")}
        for size in options.sizes:
            adapters = [Adapter(models[norm], way) for norm, way in _CONTENDERS]
            plan = StreamPlan(images=size * options.batches, batch_size=size)
            batches = list(image_stream(group.partition("-")[0], plan))
            began = time.perf_counter()
            for batch in batches:
                for adapter in adapters:
                    step_of(adapter, batch)
            rate = len(batches) / (time.perf_counter() - began)
            told = "met" if rate >= _TARGET else "MISSED"
            print(
                f"{group}, four contenders, batches of {size}: {rate:.1f} batches a second   "
                f"target {_TARGET:g}: {told}"
            )


if __name__ == "__main__":
    main()
