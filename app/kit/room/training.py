"""The class as the experiment: a short training for each phone, behind everything else."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from afn.engine.ready import check_ready
from afn.runs.store import Run
from afn.settings.config import TrainConfig
from afn.stats.over_seeds import OverSeeds
from afn.work.folder import ENDED

from .. import backend

FEWEST = 3
"""Networks that an interval takes, and pairs that a verdict takes."""


def warm_up() -> None:
    """Have the worker there before the first network is asked for, so that it begins at once.

    Where that cannot be, whoever trains is told.
    """
    with suppress(OSError, ValueError, ImportError):
        backend.ready_runner().start()


def start(config: TrainConfig, group: str, number: int, owner: str | None) -> str:
    """Have the network of a phone wait for its turn; the run's id.

    Raises:
        ValueError: It cannot be trained here, or is more than one may have.
        OSError: The disk is full, or there is no worker.
    """
    check_ready(config)
    runner = backend.ready_runner()
    run = backend.store().create(config, name=f"phone {number + 1}", group=group, owner=owner)
    try:
        runner.submit_behind([run])
    except (OSError, ValueError):
        with suppress(FileNotFoundError):
            run.delete()
        raise
    return run.id


@dataclass(frozen=True, slots=True)
class RoomPart:
    """What one phone has trained."""

    config: TrainConfig
    contender: int
    """Its number among the script's."""
    place: int
    """Its number among the script's places, else among its contenders."""


@dataclass(frozen=True, slots=True)
class PhoneNetwork:
    """A phone's network, as it is by now."""

    number: int
    """The phone's among those that train."""
    part: RoomPart
    share: float
    """Of its training that is done, 0 to 1."""
    is_over: bool
    accuracy: float | None = None
    """In percent, on damaged images or, where none are tested, clean ones; None until then."""
    lambda_mu: float | None = None
    """Its mean over channels and layers; None where it has none."""

    @property
    def told(self) -> dict[str, Any]:
        """As a dot of the scatter plot."""
        return {
            "number": self.number,
            "contender": self.part.contender,
            "place": self.part.place,
            "seed": self.part.config.seed,
            "share": round(self.share, 2),
            "is_over": self.is_over,
            "accuracy": None if self.accuracy is None else round(self.accuracy, 1),
            "lambda": None if self.lambda_mu is None else round(self.lambda_mu, 5),
        }


class ClassNetworks:
    """The networks of a class; each is read until it has its result, and then kept.

    Args:
        part: What the phone of a number trains, given what its run says of that.
    """

    def __init__(self, part: Callable[[int, TrainConfig], RoomPart]) -> None:
        self._part = part
        self._ended: dict[tuple[int, str], PhoneNetwork] = {}

    def read(self, run_ids: Sequence[str]) -> list[PhoneNetwork]:
        """Those of these runs that are there, in the order of their phones' numbers."""
        found = []
        for number, run_id in enumerate(run_ids):
            network = self._ended.get((number, run_id)) or self._network(number, run_id)
            if network is None:
                continue  # deleted since
            if network.is_over and network.accuracy is not None:  # others may yet be resumed
                self._ended[number, run_id] = network
            found.append(network)
        return found

    def _network(self, number: int, run_id: str) -> PhoneNetwork | None:
        run = Run(backend.store().root / run_id)
        try:
            config, status = run.config(), run.state().status
        except (OSError, ValueError):
            return None
        history = backend.history(run_id)
        tests = history.latest_by_corruption(config.severity)
        wanted = config.corruptions or (None,)
        accuracy = None
        if all(name in tests for name in wanted):
            accuracy = 100 * sum(tests[name]["accuracy"] for name in wanted) / len(wanted)
        lambdas = history.lambdas if history.num_steps and history.adaptive_layers else None
        return PhoneNetwork(
            number=number,
            part=self._part(number, config),
            share=history.share_done(config.epochs),
            is_over=status in ENDED,
            accuracy=accuracy,
            lambda_mu=None if lambdas is None else float(lambdas[:, 0, -1].mean()),
        )


def by_column(networks: Sequence[PhoneNetwork]) -> dict[tuple[int, int], OverSeeds]:
    """What the networks of each contender and place that are done reached, over their seeds."""
    found: dict[tuple[int, int], dict[int, float]] = defaultdict(dict)
    for each in networks:
        if each.is_over and each.accuracy is not None:
            column = (each.part.contender, each.part.place)
            found[column][each.part.config.seed] = each.accuracy
    return {column: OverSeeds(tuple(sorted(each.items()))) for column, each in found.items()}


def told(networks: Sequence[PhoneNetwork]) -> dict[str, Any]:
    """A dot for each network, and the 95 % interval of each column with `FEWEST` or more."""
    intervals = [
        {
            "contender": contender,
            "place": place,
            "mean": round(found.mean, 2),
            "low": round(max(found.low, 0.0), 2),
            "high": round(min(found.high, 100.0), 2),
        }
        for (contender, place), found in by_column(networks).items()
        if found.n >= FEWEST
    ]
    return {"dots": [each.told for each in networks], "intervals": intervals}
