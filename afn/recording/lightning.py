"""Recording what Lightning trains: ``Trainer(callbacks=[LightningRecorder("mine")])``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from afn.recording.journal import in_one_line
from afn.recording.recorder import INTERVAL, Recorder
from afn.recording.starting import record
from afn.runs.store import RunStore


def _callback() -> Any:
    """Lightning's class, of the package that is in use: there are two of the same thing."""
    homes = ("pytorch_lightning", "lightning.pytorch")
    for home in sorted(homes, key=lambda name: name not in sys.modules):
        try:
            return __import__(home, fromlist=["Callback"]).Callback
        except ImportError:
            continue
    raise ImportError(
        "LightningRecorder needs Lightning: pip install pytorch-lightning (or afn[lightning])"
    )


if TYPE_CHECKING:
    Callback = object
else:
    Callback = _callback()


class LightningRecorder(Callback):
    """Records each training of a Trainer as a run.

    What a validation logs is told as numbers of one's own.

    Args:
        name: A label for people.
        interval: λ and gradients are read every so many steps.
        store: Where to keep runs; that of ``AFN_RUNS_DIR`` by default.
        obeys: Whether the page may pause the training, stop it, and set learning rate and λ.

    Raises:
        ImportError: Lightning is not installed.
    """

    def __init__(
        self,
        name: str = "",
        *,
        interval: int = INTERVAL,
        store: RunStore | Path | str | None = None,
        obeys: bool = False,
    ) -> None:
        super().__init__()
        self._options: dict[str, Any] = {"interval": interval, "store": store}
        self._name, self._obeys, self._steps = name, obeys, 0
        self.recorder: Recorder | None = None
        """Of the newest training, once it began."""

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """A run begins."""
        optimizer = trainer.optimizers[0] if trainer.optimizers else None
        made = record(pl_module, self._name, optimizer=optimizer, **self._options)
        self.recorder, self._steps = made.begin(), trainer.global_step

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """A step is done, unless gradients are accumulated further."""
        if self.recorder is None or trainer.global_step == self._steps:
            return
        self._steps = trainer.global_step
        loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
        is_number = isinstance(loss, Tensor) and loss.numel() == 1
        self.recorder.step(loss=loss if is_number else None, epoch=trainer.current_epoch)
        if self._obeys and self.recorder.control().stop:
            trainer.should_stop = True

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """What was logged by now is told."""
        if self.recorder is None or not self.recorder.is_open:
            return
        self.recorder.log(**_numbers(trainer.callback_metrics))

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """The run ends."""
        if self.recorder is not None:
            self.recorder.end()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """The run ends failed, or stopped where somebody interrupted it."""
        if self.recorder is None:
            return
        if isinstance(exception, Exception):
            self.recorder.end("failed", in_one_line(exception))
        else:
            self.recorder.end("stopped", "interrupted")


def _numbers(metrics: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in metrics.items()
        if isinstance(value, (int, float)) or (isinstance(value, Tensor) and value.numel() == 1)
    }
