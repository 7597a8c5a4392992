"""Measuring norms against batch norm, case by case."""

from collections.abc import Iterator
from typing import Any

import torch

from afn.cost.counting import count_macs, count_parameters, inference_statistics
from afn.cost.memory import peak_bytes
from afn.cost.plan import YARDSTICK, Case, Plan
from afn.cost.records import Measurement, Reached
from afn.cost.subjects import StepInputs, build, inference_step, training_step
from afn.cost.timing import interleaved, median_ms, median_ratio, one_thread
from afn.norms import norm_layers

_TRAINING_SHARE = 0.75
"""How much of a case's time goes into training steps, roughly."""


def measure_costs(**plan: Any) -> Iterator[Measurement]:
    """What norms cost beside batch norm: time, memory, parameters, arithmetic.

    Args:
        plan: What to measure, as the fields of `afn.cost.plan.Plan`: ``subjects`` ("layer" or
            names of backbones), ``channels``, ``sizes`` and ``batch_sizes`` (all combinations),
            ``norms``, ``rounds``, ``device``.

    Raises:
        ValueError: Nothing to measure, an unknown name, or a number out of range.
        TypeError: A plan has no such field.

    Example:
        >>> from afn import measure_costs
        >>> bn, afn = measure_costs(
        ...     norms=("afn",), channels=(8,), sizes=(8,), batch_sizes=(8,), rounds=1
        ... )
        >>> bn.train_ratio, afn.parameters > bn.parameters
        (1.0, True)
    """
    for news in measure(Plan(**plan), torch.Generator().manual_seed(0)):
        if isinstance(news, Measurement):
            yield news


def measure(plan: Plan, generator: torch.Generator) -> Iterator[Reached | Measurement]:
    """Measure every norm in every case, on one torch thread and in channels_last.

    The norms of a case take turns, step by step. Training and inference are timed one after the
    other; inference uses running statistics where the norm has them.

    Args:
        plan: What to measure.
        generator: Draws the inputs.

    Yields:
        Progress after each round, and a case's measurements when it is done.
    """
    total = sum(case.work for case in plan.cases)
    done = 0.0
    with one_thread():
        for case in plan.cases:
            for news in _measure_case(case, plan, generator):
                if isinstance(news, float):
                    yield Reached(share=(done + news * case.work) / total, case=case)
                else:
                    yield news
            done += case.work


def _measure_case(
    case: Case, plan: Plan, generator: torch.Generator
) -> Iterator[float | Measurement]:
    device = plan.device
    batch = StepInputs.of(case, generator, device)
    models = {norm: build(case, norm, device) for norm in plan.contenders}
    training = {norm: training_step(case, model, batch) for norm, model in models.items()}
    train_rounds = []
    for seconds in interleaved(training, rounds=plan.rounds, device=device):
        train_rounds.append(seconds)
        yield _TRAINING_SHARE * len(train_rounds) / plan.rounds
    peaks = {norm: peak_bytes(step, device) for norm, step in training.items()}
    inference = {norm: inference_step(model, batch) for norm, model in models.items()}
    test_rounds = []
    for seconds in interleaved(inference, rounds=plan.rounds, device=device):
        test_rounds.append(seconds)
        yield _TRAINING_SHARE + (1 - _TRAINING_SHARE) * len(test_rounds) / plan.rounds
    for norm, model in models.items():
        yield Measurement(
            case=case,
            norm=norm,
            statistics=inference_statistics(next(iter(norm_layers(model).values()))),
            parameters=count_parameters(model),
            macs=count_macs(model, batch.x[:1]),
            train_step_ms=median_ms(train_rounds, norm),
            inference_ms=median_ms(test_rounds, norm),
            train_ratio=median_ratio(train_rounds, norm, YARDSTICK),
            inference_ratio=median_ratio(test_rounds, norm, YARDSTICK),
            peak_bytes=peaks[norm],
            rounds=plan.rounds,
        )
