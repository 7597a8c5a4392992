"""From a model and data to findings, and the recommendation."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from afn.advice.findings import (
    AS_IS,
    CONVERTED,
    TEST_BATCH,
    WAYS,
    Accuracies,
    AdvicePlan,
    AdvisedWay,
    Findings,
    image_error,
)
from afn.advice.recommend import Recommendation, recommend
from afn.advice.ways import Exam, WayHits, batch_sizes, fine_tuned, in_way, num_norms, prices
from afn.advice.where import data_of
from afn.cost.records import describe_machine
from afn.data import ImageData
from afn.own.building import OwnModel, own_model

AdviceProgress = Callable[[float, str], object]
"""Takes the share that is done, from 0 to 1, and what is done next."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """What was measured, and what follows from it.

    Example:
        >>> from afn import Advice
        >>> from afn.advice.findings import AdvicePlan, Findings
        >>> from afn.advice.recommend import recommend
        >>> plain = Findings(
        ...     model="m", dataset="d", machine="", num_images=9, num_norms=0, plan=AdvicePlan(),
        ...     ways=(),
        ... )
        >>> Advice(findings=plain, recommendation=recommend(plain)).recommendation.sentence
        'Keep what you have: it has no batch normalization to replace.'
    """

    findings: Findings
    recommendation: Recommendation

    def to_json(self) -> dict[str, Any]:
        """Plain values; the recommendation is written for readers alone."""
        return {
            "kind": "advice",
            "findings": self.findings.to_json(),
            "recommendation": self.recommendation.to_json(),
        }


def advise(
    source: str | OwnModel,
    data: str | ImageData,
    plan: AdvicePlan | None = None,
    *,
    progress: AdviceProgress = lambda share, what: None,
) -> Advice:
    """Whether a model of one's own should normalize otherwise: measured on one's own data.

    As it is, its BN by the test batch's statistics, and with AFN, ASRNorm and GN in BN's place:
    parameters, time, memory, small batches, and accuracy clean and corrupted before and after a
    short fine-tuning, which the model as it is gets as well, over seeds.

    Args:
        source: As `own_model` takes it, ``my.py:build``; it is executed.
        data: A data set's name, a folder ``CLASS/IMAGE``, an ``.npz`` archive, or arrays. The
            classes are the model's logits, in this order.
        plan: What is measured.
        progress: Is told how far it is.

    Raises:
        ValueError: One line says what is wrong with model, data or plan.
        FileNotFoundError: The data set is not on disk.

    Example:
        >>> from pathlib import Path
        >>> from afn import AdvicePlan, advise
        >>> _ = Path("small.py").write_text('''
        ... from torch import nn
        ... def build():
        ...     layers = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
        ...     return nn.Sequential(*layers, nn.Flatten(), nn.Linear(4, 10))
        ... ''')
        >>> plan = AdvicePlan(seeds=1, steps=2, images=20, rounds=1, corruptions=("contrast",))
        >>> found = advise("small.py:build", "digits8", plan)
        >>> found.recommendation.choice
        'no verdict'
    """
    plan = plan or AdvicePlan()
    given = data if isinstance(data, ImageData) else data_of(data)
    own = source if isinstance(source, OwnModel) else _own(source, given)
    return _Asking(own, given, plan, progress).advice()


def _own(source: str, data: ImageData) -> OwnModel:
    """With the classes of the data and, where nobody says its size, images as large as these."""
    found = own_model(source, classes=data.class_names)
    if any("was assumed" in note for note in found.notes):
        height, width, channels = data.x_test.shape[1:]
        with suppress(ValueError):
            return own_model(source, classes=data.class_names, input=(channels, height, width))
    return found


class _Asking:
    def __init__(
        self, own: OwnModel, data: ImageData, plan: AdvicePlan, progress: AdviceProgress
    ) -> None:
        self.own, self.data, self.plan = own, data, plan
        self.exam = Exam(data, own.image_shape, own.class_names, plan)
        self.num_norms = num_norms(own.model)
        self.names = WAYS if self.num_norms else (AS_IS,)
        self.hits: dict[tuple[str, str], list[WayHits]] = {}
        """By way and "clean" or "corrupted": of each seed."""
        trained = 1 + len(CONVERTED) if self.num_norms else 1
        self.total = 1 + len(self.names) + plan.seeds * trained
        self.done = 0
        self.progress = progress

    def advice(self) -> Advice:
        torch.set_num_threads(1)
        ways = {name: self._before(name) for name in self.names}
        self._tell("timing")
        models = {
            name: in_way(self.own.model, name, seed=0)
            for name, way in ways.items()
            if not way.error
        }
        costs = prices(models, self.own.image_shape, self.plan.rounds)
        after = self._after([name for name, way in ways.items() if not way.error])
        found = tuple(
            AdvisedWay(
                name=name, price=costs.get(name), batches=way.batches, before=way.before,
                after=after.get(name, {}), error=way.error or self.errors.get(name, ""),
            )
            for name, way in ways.items()
        )  # fmt: skip
        findings = Findings(
            model=self.own.name,
            dataset=self.data.name,
            machine=describe_machine().removesuffix(", channels_last"),
            num_images=self.exam.num_images,
            num_norms=self.num_norms,
            plan=self.plan,
            ways=found,
            image_errors=self._image_errors(),
            notes=self.own.notes,
        )
        self.progress(1, "done")
        return Advice(findings=findings, recommendation=recommend(findings))

    def _tell(self, what: str) -> None:
        self.progress(self.done / self.total, what)
        self.done += 1

    def _before(self, name: str) -> AdvisedWay:
        self._tell(f"{name}, before training")
        try:
            model = in_way(self.own.model, name, seed=0)
            tested, _, _ = self.exam.of(model)
        except (ValueError, RuntimeError) as error:
            if name == AS_IS:
                raise
            return AdvisedWay(name=name, error=" ".join(str(error).split())[:200])
        return AdvisedWay(name=name, before=tested, batches=batch_sizes(model, self.exam.images))

    def _after(self, names: list[str]) -> dict[str, dict[int, Accuracies]]:
        after: dict[str, dict[int, Accuracies]] = {name: {} for name in names}
        self.errors: dict[str, str] = {}
        for seed in range(self.plan.seeds):
            for name in names:
                if name == TEST_BATCH or name in self.errors:
                    continue
                self._tell(f"{name}, seed {seed}")
                model = in_way(self.own.model, name, seed=seed)
                try:
                    fine_tuned(model, self.data, self.own.image_shape, self.plan, seed=seed)
                except ArithmeticError as error:
                    if name == AS_IS:
                        raise ArithmeticError(
                            f"the model as it is cannot be fine-tuned: {error}; lower the learning "
                            f"rate"
                        ) from None
                    self.errors[name] = str(error)
                    continue
                self._examine(after, name, model, seed)
                if name == AS_IS and TEST_BATCH in names:
                    self._examine(after, TEST_BATCH, in_way(model, TEST_BATCH, seed=seed), seed)
        return after

    def _examine(
        self, after: dict[str, dict[int, Accuracies]], name: str, model: torch.nn.Module, seed: int
    ) -> None:
        tested, clean, corrupted = self.exam.of(model)
        after[name][seed] = tested
        self.hits.setdefault((name, "clean"), []).append(clean)
        self.hits.setdefault((name, "corrupted"), []).append(corrupted)

    def _image_errors(self) -> dict[str, float]:
        """Of each way over the model as it is and over the test batch: each image's mean gain."""
        return {
            f"{name}, {other}, {what}": image_error(list(np.mean(mine, 0) - np.mean(theirs, 0)))
            for (name, what), mine in self.hits.items()
            for other in (AS_IS, TEST_BATCH)
            if (theirs := self.hits.get((other, what))) and name != other
        }
