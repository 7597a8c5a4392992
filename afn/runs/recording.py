"""What is known of a model whose training was recorded in a loop of somebody's own. No torch."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from afn.settings.config import TrainConfig
from afn.settings.norms import ADAPTIVE_NORMS, NORM_ROWS
from afn.wording import enumerate_words

RunKind = Literal["trained", "recorded"]
RECORDED: Literal["recorded"] = "recorded"
"""The ``kind`` in ``config.json``."""
_STEERED = "steered"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """A model whose training was recorded."""

    model: str
    """Its class."""
    num_parameters: int
    norms: dict[str, int]
    """How many norm layers it has of each class."""
    norm: str = "none"
    """That of our norms which its layers are, or are most alike; one with λ goes first."""
    gate: str = "sigmoid"
    """Of λ_γ and λ_β."""
    interval: int = 1
    """λ and gradients were read every so many steps."""
    source: str = ""
    """What it was imported from, as TensorBoard; empty for what was recorded here."""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Recording":
        """What `to_json` gave, also by a later version.

        Raises:
            ValueError: It is damaged.
        """
        try:
            found = cls(**{name: values[name] for name in cls.__slots__ if name in values})
            if found.norm not in NORM_ROWS or not isinstance(found.norms, dict):
                raise TypeError(f"unknown norm {found.norm!r}")
        except TypeError as error:
            raise ValueError(f"what was recorded of the model is damaged: {error}") from None
        return found

    @property
    def has_lambdas(self) -> bool:
        """Whether some of its layers have λ."""
        return self.norm in ADAPTIVE_NORMS

    @property
    def kind_words(self) -> str:
        """How its run came to be."""
        return f"imported from {self.source}" if self.source else "recorded here"

    @property
    def words(self) -> str:
        """The model in a few words."""
        if self.source:
            return f"{self.model}, its scalars alone"
        norms = enumerate_words([f"{count} {name}" for name, count in self.norms.items()])
        return f"{self.model}, {self.num_parameters:,} parameters, {norms or 'no norm layer'}"


Setup = TrainConfig | Recording
"""What is known of a training beforehand: all of it, or what its model is."""


def gate_of(setup: Setup) -> str:
    """That of λ_γ and λ_β: sigmoid or linear."""
    return setup.gate if isinstance(setup, Recording) else setup.lambda_init.rescale_gate


def has_no_config(run_id: str) -> str:
    """Why a page that needs a configuration cannot take a run."""
    return (
        f"run {run_id} was recorded here, in a loop of somebody's own, and has no configuration: "
        "Runs, λ dynamics and γ/β show it"
    )


def steer(run: Path) -> None:
    """Say that a run's loop asks what is wanted of it.

    Args:
        run: Its folder.

    Raises:
        OSError: It cannot be written, or was deleted.
    """
    (run / _STEERED).touch()


def is_steered(run: Path) -> bool:
    """Whether a run's loop asks what is wanted of it."""
    return (run / _STEERED).exists()
