"""Recording what Hugging Face's Trainer trains: ``Trainer(..., callbacks=[TrainerRecorder()])``."""

import atexit
from pathlib import Path
from typing import Any

from torch import Tensor, is_grad_enabled

from afn.recording.layers import unwrapped
from afn.recording.recorder import INTERVAL, Recorder
from afn.recording.starting import record
from afn.runs.store import RunStore

try:
    from transformers import TrainerCallback
except ImportError as error:
    raise ImportError(
        "TrainerRecorder needs transformers and accelerate: pip install afn[transformers]"
    ) from error

_OURS = frozenset({"loss", "learning_rate", "grad_norm", "epoch", "total_flos", "step"})
"""What the Trainer logs and a step says already."""


class TrainerRecorder(TrainerCallback):
    """Records each training of a Trainer as a run.

    The loss is the model's own output, whose mean is taken where batches are accumulated. What an
    evaluation gives is told as numbers of one's own.

    Args:
        name: A label for people.
        interval: λ and gradients are read every so many steps.
        store: Where to keep runs; that of ``AFN_RUNS_DIR`` by default.
        obeys: Whether the page may pause the training, stop it, and set learning rate and λ.
    """

    def __init__(
        self,
        name: str = "",
        *,
        interval: int = INTERVAL,
        store: RunStore | Path | str | None = None,
        obeys: bool = False,
    ) -> None:
        self._options: dict[str, Any] = {"interval": interval, "store": store}
        self._name, self._obeys = name, obeys
        self._losses: list[Tensor] = []
        self._hook: Any = None
        self.recorder: Recorder | None = None
        """Of the newest training, once it began."""

    def on_train_begin(
        self, args: Any, state: Any, control: Any, model: Any = None, **more: Any
    ) -> None:
        """A run begins."""
        self._end("stopped", "another training began")
        made = record(model, self._name, optimizer=more.get("optimizer"), **self._options)
        self.recorder = made.begin()
        self._hook = unwrapped(model).register_forward_hook(self._take_loss)
        atexit.register(self._end, "stopped", "the program that trained it ended")

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """A step is done; gradients are there still."""
        if self.recorder is None:
            return
        losses, self._losses = self._losses, []
        loss = sum(losses[1:], losses[0]) / len(losses) if losses else None
        self.recorder.step(loss=loss, epoch=int(state.epoch or 0))
        if self._obeys and self.recorder.control().stop:
            control.should_training_stop = True

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any) -> None:
        """What an evaluation gave is told."""
        told = {
            name: float(value)
            for name, value in (logs or {}).items()
            if name not in _OURS and isinstance(value, (int, float))
        }
        is_over = any(name.startswith("train_") for name in told)  # its own summary at the end
        if self.recorder is not None and told and not is_over:
            self.recorder.log(**told)

    def on_train_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """The run ends."""
        self._end("finished", "")

    def _take_loss(self, model: Any, inputs: Any, output: Any) -> None:
        loss = output.get("loss") if hasattr(output, "get") else getattr(output, "loss", None)
        if is_grad_enabled() and isinstance(loss, Tensor) and loss.numel() == 1:
            self._losses.append(loss.detach())

    def _end(self, status: Any, reason: str) -> None:
        if self._hook is not None:
            self._hook.remove()
            self._hook = None
        if self.recorder is not None:
            self.recorder.end(status, reason)
            atexit.unregister(self._end)
