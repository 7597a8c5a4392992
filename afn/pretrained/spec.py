"""What a pretrained model is to be: how it is trained, and what it is asked. Needs no torch."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from afn.ask.records import Networks
from afn.settings.config import TrainConfig
from afn.settings.norms import SWITCHABLE_NORMS


@dataclass(frozen=True, kw_only=True, slots=True)
class Mode:
    """How a trained model is set when it is asked."""

    stats: Literal["running", "batch"] | None = None
    """Whose statistics its norms use; None where they have no choice."""
    networks: Networks = "on"


@dataclass(frozen=True, kw_only=True, slots=True)
class Spec:
    """One model to be trained and tested."""

    name: str
    """As in `mnist-rgb-afn`; seeds but the first end in -s1, -s2."""
    group: str
    """digits, cifar10, deciding, pacs, lambda, batch, widths, code, imagenet or mnist5k."""
    config: TrainConfig
    domains: tuple[str, ...]
    """Whose clean test images it is asked."""
    domain_images: int
    """At most so many of each."""
    grid_images: int = 0
    """So many test images of its own data set under 19 corruptions × 5 severities; 0: none."""
    setting: str = ""
    """The paper's setting of channels, where there are two."""
    keeps_weights: bool = True
    """False: of all seeds the results alone, and of the first which images it got right."""

    @property
    def stem(self) -> str:
        """Its name without the seed."""
        return self.name.removesuffix(f"-s{self.config.seed}")

    @property
    def is_shipped(self) -> bool:
        """Whether its weights are kept in the repository, not only its results."""
        return self.config.seed == 0 and self.keeps_weights

    def modes(self) -> Iterator[Mode]:
        """Each statistics mode that its norm has; measuring its input also frozen and without."""
        if self.config.norm not in SWITCHABLE_NORMS:
            own = Mode()
        else:
            yield Mode(stats="running")
            own = Mode(stats="batch")
        yield own
        if self.config.is_adaptive:
            if not self.config.frozen_networks:
                yield replace(own, networks="frozen")
            yield replace(own, networks="off")
