r"""What weight decay alone would have left of a network's matrices. Needs no torch.

SGD as it trains here, with learning rate :math:`r_t`, momentum m and decay d, but with no gradient:

.. math::
    v_t = m\,v_{t-1} + d\,w_{t-1}, \qquad w_t = w_{t-1} - r_t\,v_t.

Every element of a matrix obeys the same two lines, so that the matrix keeps its direction and its
norm is multiplied by one number. It is computed here step by step, momentum included, and no
approximation but float64's; for a small :math:`r_t d` it is near
:math:`\prod_t (1 - r_t d / (1 - m))`. Biases have no decay.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from afn.ask.sources import Source, config_of
from afn.runs.history import History
from afn.runs.origin import ForkedFrom
from afn.runs.progress import progress_of
from afn.runs.store import Run, RunStore
from afn.settings.config import TrainConfig

_NETWORKS = (".standardize.", ".rescale.")
_FOUR_DIGITS = 1e-3
"""A pretrained model tells its steps' learning rates in four digits."""


@dataclass(frozen=True, slots=True)
class DecayAlone:
    """The norm of the small networks' matrices over that at the start, had they had no gradient."""

    ratio: float | None
    """None where the learning rates are not known."""
    why: str = ""
    """They are not, in a few words."""


def decay_alone(
    source: Source, history: History | None = None, store: RunStore | None = None
) -> DecayAlone:
    """What weight decay alone would have left of the small networks of a run or pretrained model.

    The learning rate of every step is the one that was recorded, changes by hand included; of a
    fork, that of the runs before it as well. A pretrained model tells some of its steps: the others
    follow from the schedule, if it was kept to.

    Args:
        source: The run, up to its newest checkpoint; or the pretrained model.
        history: What it tells, where that is read already.
        store: Where the runs are from which it was forked; that of ``AFN_RUNS_DIR`` by default.

    Raises:
        ValueError: The run has no weights yet, or is damaged.
        FileNotFoundError: It was deleted.

    Example:
        >>> from afn import find
        >>> from afn.stats.decay import decay_alone
        >>> decay_alone(find("mnist5k-afn"))  # it was trained without weight decay
        DecayAlone(ratio=1.0, why='')
    """
    config = config_of(source)
    decay = config.weight_decay * config.network_decay_factor
    if not decay:
        return DecayAlone(1.0)
    until = progress_of(source.require_weights())["step"] if isinstance(source, Run) else None
    try:
        rates = _rates(source, history or History.of(source), until, store or RunStore())
    except _UnknownError as error:
        return DecayAlone(None, str(error))
    return DecayAlone(
        shrunk(
            (rate * config.network_lr_factor for rate in rates),
            decay=decay,
            momentum=config.momentum,
        )
    )


def shrunk(rates: Iterable[float], *, decay: float, momentum: float) -> float:
    """The norm of a matrix without gradient over what it was, after steps of these learning rates.

    Example:
        >>> from afn.stats.decay import shrunk
        >>> shrunk([0.5, 0.5], decay=0.1, momentum=0)  # (1 - 0.05)², without momentum
        0.9025
    """
    weight, velocity = 1.0, 0.0
    for rate in rates:
        velocity = momentum * velocity + decay * weight
        weight -= rate * velocity
    return abs(weight)


def scheduled_rates(config: TrainConfig, num_train: int) -> list[float]:
    """The learning rate of every step, where nobody changes it or the batch size.

    Args:
        config: What is trained.
        num_train: Training images.
    """
    per_epoch, total = num_train // config.batch_size, config.epochs * num_train
    return [
        config.lr * config.lr_factor((epoch * num_train + step * config.batch_size) / total)
        for epoch in range(config.epochs)
        for step in range(per_epoch)
    ]


class _UnknownError(Exception):
    """Why the learning rates are not known."""


def _rates(source: Source, history: History, until: int | None, store: RunStore) -> Sequence[float]:
    """Of every step since the networks' start."""
    if not isinstance(source, Run):
        return _of_card(history, source.config, source.steps)
    own = history.steps <= (history.step if until is None else until)
    steps, rates = history.steps[own].tolist(), history.columns["lr"][own].tolist()
    last = history.first_step if until is None else until
    if steps != list(range(history.first_step + 1, last + 1)) or not all(map(math.isfinite, rates)):
        raise _UnknownError("not every step's learning rate was recorded")
    return [*_before(source.origin(), history, store), *rates]


def _of_card(history: History, config: TrainConfig, num_steps: int) -> list[float]:
    rates = scheduled_rates(config, (history.start or {}).get("num_train", 0))
    told = zip(history.steps.tolist(), history.columns["lr"].tolist(), strict=True)
    if num_steps > len(rates) or not all(
        0 < step <= num_steps and math.isclose(rates[step - 1], rate, rel_tol=_FOUR_DIGITS)
        for step, rate in told
    ):
        raise _UnknownError("its learning rate was changed, and not every step's is told")
    return rates[:num_steps]


def _before(origin: ForkedFrom | None, history: History, store: RunStore) -> Sequence[float]:
    """Of the steps before a fork; none where its networks started there."""
    if origin is None:
        return []
    fresh = (history.start or {}).get("forked_from", {}).get("fresh", [])
    if any(part in name for name in fresh for part in _NETWORKS):
        return []
    try:
        parent = store.open(origin.run)
        return _rates(parent, History.of(parent), origin.step, store)
    except (FileNotFoundError, ValueError):
        raise _UnknownError(f"the run {origin.run}, from which it was forked, is gone") from None
