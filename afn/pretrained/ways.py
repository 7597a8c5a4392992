"""One test, and one norm as it is set for it: what accuracies are looked up by. Needs no torch."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from afn.ask.records import Networks
from afn.pretrained.published import PublishedNorm


class Ask(NamedTuple):
    """One test of one kind of model."""

    trained: str
    """The models' names without norm and seed: `mnist-rgb`, `cifar10`."""
    data: str
    corruption: str = "clean"
    severity: int = 0


@dataclass(frozen=True, slots=True)
class Way:
    """A norm, and how it is set when it is asked."""

    norm: PublishedNorm
    statistics: Literal["running", "batch", "own"]
    """"own" where the norm has no choice."""
    networks: Networks = "on"
    variant: str = ""
    """Of the training, as the models' names have it behind the norm: "frozen", "learn", "open"."""
    trained: str = ""
    """Other models than the test names."""

    def stem(self, ask: "Ask") -> str:
        """The name, without seed, of the models that are asked."""
        return "-".join(filter(None, [self.trained or ask.trained, self.norm, self.variant]))


WAYS = {
    "bn": Way("bn", "running"),
    "bn-batch": Way("bn", "batch"),
    "asrnorm": Way("asrnorm", "own"),
    "bin": Way("bin", "own"),
    "afn-running": Way("afn", "running"),
    "afn": Way("afn", "batch"),
    "afn-frozen": Way("afn", "batch", networks="frozen"),
    "afn-off": Way("afn", "batch", networks="off"),
}
"""Each norm as it is published, and what tells the difference between BN and AFN apart."""
