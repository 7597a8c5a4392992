"""What a recorded loop is told while it trains: its learning rate, λ, a pause, an end."""

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import distributed, nn

from afn.norms import AdaptiveNorm
from afn.settings.commands import Command, FileControls, check_command

TAKEN = ("pause", "resume", "stop", "set")
"""Commands that a recorded loop takes; of ``set`` those of lr and λ."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Control:
    """What is wanted of a loop since it asked last."""

    lr: float | None = None
    """The learning rate of the optimizer's first group; the others go with it."""
    lambdas: dict[str, float] = field(default_factory=dict)
    """Of mu, sigma, gamma, beta, the logits (λ itself where the gate is linear)."""
    stop: bool = False
    """Whether to end."""


class Steering:
    """Reads the commands of a run, and puts what they set where it belongs.

    Args:
        controls: Where they come from; None where another process asks for all of them.
        optimizer: Gets the learning rate.
    """

    def __init__(
        self, controls: FileControls | None, optimizer: torch.optim.Optimizer | None
    ) -> None:
        self._controls = controls
        self._optimizer = optimizer
        self.is_paused = False
        self.is_stopped = False

    def poll(self, model: nn.Module) -> tuple[Control, list[Command]]:
        """What came since, obeyed by now; each command as an event says it, with its error."""
        lr, lambdas, told = None, dict[str, float](), list[Command]()
        for command in self._controls.poll() if self._controls else ():
            try:
                _check(command, model)
            except ValueError as error:
                told.append({**command, "error": str(error)})
                continue
            told.append(command)
            match command["command"]:
                case "pause":
                    self.is_paused = True
                case "resume":
                    self.is_paused = False
                case "stop":
                    self.is_paused, self.is_stopped = False, True
                case "set":
                    lr = command.get("lr", lr)
                    lambdas |= command.get("lambda", {})
        return Control(lr=lr, lambdas=lambdas, stop=self.is_stopped), told

    def obey(self, control: Control, model: nn.Module) -> None:
        """Set what is to be set."""
        if control.lr is not None and self._optimizer is not None:
            set_lr(self._optimizer, control.lr)
        if control.lambdas:
            with torch.no_grad():
                for layer in _adaptive(model):
                    for name, logit in control.lambdas.items():
                        getattr(layer, f"lambda_{name}_logit").fill_(logit)


def set_lr(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Have the first group learn at this rate, and the others at as many times it as before."""
    groups = optimizer.param_groups
    before = float(groups[0]["lr"])
    for group in groups:
        rate = lr if before == 0 else lr * float(group["lr"]) / before
        if isinstance(group["lr"], torch.Tensor):  # a compiled or captured optimizer's
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


def shared(control: Control | None) -> Control:
    """The first process's, in all processes; each has to ask."""
    box: list[Any] = [control]
    if several():
        distributed.broadcast_object_list(box, src=0)
    assert isinstance(box[0], Control)
    return box[0]


def several() -> bool:
    """Whether several processes train together."""
    known = distributed.is_available() and distributed.is_initialized()
    return known and distributed.get_world_size() > 1


def is_first() -> bool:
    """Whether this process is the one that records."""
    return not several() or distributed.get_rank() == 0


def _adaptive(model: nn.Module) -> list[AdaptiveNorm]:
    return [layer for layer in model.modules() if isinstance(layer, AdaptiveNorm)]


def _check(command: Command, model: nn.Module) -> None:
    check_command(command)
    name = command["command"]
    is_known = name in TAKEN and not command.keys() & {"batch_size", "lambda_lr_factor"}
    if not is_known or command.keys() - {"command", "reason", "at", "lr", "lambda"}:
        raise ValueError("a recorded loop takes pause, resume, stop, lr and lambda alone")
    if "lambda" in command and not _adaptive(model):
        raise ValueError("the model has no λ to set")
    if not math.isfinite(command.get("lr", 0.0)):
        raise ValueError("lr must be finite")
