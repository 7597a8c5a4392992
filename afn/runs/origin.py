"""Where a fork began: at a checkpoint of another run. Readable without torch."""

from dataclasses import dataclass, field
from typing import Any

from afn.settings.commands import Timed, check_command
from afn.settings.config import TrainConfig

CHECKPOINT = "origin.safetensors"
"""The other run's checkpoint, kept in the fork's own folder: the other run may be deleted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ForkedFrom:
    """What a fork's ``config.json`` says under ``forked_from``."""

    run: str
    """The other run's id."""
    step: int
    file: str
    """Name of the checkpoint among the other run's; of a branch from the start, empty."""
    config: TrainConfig
    """The other run's: by it the parameters in the checkpoint are numbered."""
    logits: dict[str, float] = field(default_factory=dict)
    """λ set in all layers, by name; the others go on from what they had become."""
    script: tuple[Timed, ...] = ()
    """Of a branch: commands by the step at which it obeys them; see `afn.runs.branch`."""

    @property
    def branches_at(self) -> int:
        """The step up to which it goes the other run's way."""
        return self.script[-1][0] if self.script else self.step

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "run": self.run,
            "step": self.step,
            "file": self.file,
            "lambda": self.logits,
            "config": self.config.to_json(),
            **({"script": [[*each] for each in self.script]} if self.script else {}),
        }

    @classmethod
    def from_json(cls, values: Any) -> "ForkedFrom":
        """The inverse of `to_json`.

        Raises:
            ValueError: Something is missing or of the wrong kind.
        """
        try:
            return cls(
                run=str(values["run"]),
                step=int(values["step"]),
                file=str(values["file"]),
                config=TrainConfig.from_json(values["config"]),
                logits={str(name): float(value) for name, value in values["lambda"].items()},
                script=tuple(
                    (int(at), check_command(dict(command)))
                    for at, command in values.get("script", ())
                ),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"what the run was forked from is damaged: {error}") from error
