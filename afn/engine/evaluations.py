"""The tests of a run: on its own test images, corrupted or not, and on those of other domains."""

from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn

from afn.ask.evaluate import corrupted, evaluate
from afn.corruptions.severities import constants_for
from afn.engine.snapshots import short
from afn.engine.tensors import TensorData, domain_tensors
from afn.settings.config import TrainConfig
from afn.settings.corruptions import RULE


class Evaluator:
    """Asks a model, and keeps the newest result of each kind.

    A result is what an ``evaluation`` or ``domain`` event says besides the epoch: data set,
    corruption, severity, the rule of corruptions and whose constants, statistics mode, number of
    images and of correct answers, accuracy and loss; and under ``left_out``, of a domain of which
    the network does not know all classes, how many of its images were not asked about, in words.
    """

    def __init__(self, config: TrainConfig, data: TensorData, model: nn.Module) -> None:
        self._config = config
        self._data = data
        self._model = model
        self._newest: dict[tuple[str, str | None], dict[str, Any]] = {}

    @property
    def results(self) -> list[dict[str, Any]]:
        """The newest of each kind, in the order in which kinds were first asked."""
        return list(self._newest.values())

    @property
    def clean_accuracy(self) -> float | None:
        """The newest on its own images as they are, 0 to 1; None before the first test."""
        newest = self._newest.get((self._config.dataset, None))
        return newest["accuracy"] if newest else None

    def restore(self, results: Iterable[dict[str, Any]]) -> None:
        """Go on with the results of a run that was interrupted."""
        self._newest = {(each["dataset"], each["corruption"]): each for each in results}

    def own(self, corruption: str | None, severity: int) -> dict[str, Any]:
        """Ask on the run's own test images: clean (None) or corrupted."""
        images = corrupted(self._data.test_images, corruption, severity)
        of: dict[str, Any] = {"severity": None, "rule": None}
        if corruption is not None:
            height, width, _ = self._data.image_shape
            constants = constants_for(height, width)
            of = {"severity": severity, "rule": RULE, "constants": constants}
        own = self._config.dataset
        return self._ask(images, self._data.test_labels, dataset=own, corruption=corruption, **of)

    def domain(self, name: str) -> dict[str, Any]:
        """Ask on the clean test images of another data set."""
        images, labels, left_out = domain_tensors(name, self._data, self._config.eval_images)
        of = {"dataset": name, "corruption": None, "severity": None, "rule": None}
        return self._ask(images, labels, **of, **({"left_out": left_out} if left_out else {}))

    def _ask(self, images: Tensor, labels: Tensor, **of: Any) -> dict[str, Any]:
        self._model.eval()
        score = evaluate(self._model, images, labels, self._config.eval_batch_size)
        self._model.train()
        result = {
            **of,
            "statistics": self._config.statistics,
            "n": score.n,
            "correct": score.correct,
            "accuracy": score.accuracy,
            "loss": short(score.loss),
        }
        self._newest[of["dataset"], of["corruption"]] = result
        return result
