"""Timing steps against each other."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import median

import torch

from afn.cost.plan import WARMUP_ROUNDS


def interleaved(
    steps: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    warmup: int = WARMUP_ROUNDS,
    device: str = "cpu",
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[dict[str, float]]:
    """Seconds of every step, round after round, so that the machine's noise hits all alike.

    In a round each step is taken twice, and timed at the second: as in training it follows one of
    its own kind, and finds the processor's caches as that has left them. Each round begins one step
    later than the last. The first rounds are for warming up and are not given.
    """
    names = list(steps)
    is_asynchronous = torch.device(device).type == "cuda"
    for number in range(-warmup, rounds):
        first = number % len(names)
        seconds = {}
        for name in names[first:] + names[:first]:
            steps[name]()
            if is_asynchronous:
                torch.cuda.synchronize(device)
            began = clock()
            steps[name]()
            if is_asynchronous:
                torch.cuda.synchronize(device)
            seconds[name] = clock() - began
        if number >= 0:
            yield seconds


def median_ms(rounds: Sequence[Mapping[str, float]], name: str) -> float:
    """Median time of a step in milliseconds."""
    return 1000 * median(seconds[name] for seconds in rounds)


def median_ratio(rounds: Sequence[Mapping[str, float]], name: str, yardstick: str) -> float:
    """Median over the rounds of a step's time over the yardstick's in the same round.

    More robust than the ratio of the medians: what slows the machine down for some rounds slows
    both, and leaves their ratio as it is.
    """
    return median(seconds[name] / seconds[yardstick] for seconds in rounds)


@contextmanager
def one_thread() -> Iterator[None]:
    """One torch thread for a while; the number of before comes back at the end."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
