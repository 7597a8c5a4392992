"""Another run's checkpoint in a network that may differ from that run's."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn, optim

from afn.engine.checkpoints import read_checkpoint, restore_momentum
from afn.engine.parameters import numbered_names
from afn.settings.config import TrainConfig


@dataclass(frozen=True, slots=True)
class Graft:
    """What came of it."""

    progress: dict[str, Any]
    """As the checkpoint has it."""
    fresh: list[str]
    """Tensors that the checkpoint has not, or in another shape: they are as at a start."""
    dropped: list[str]
    """Tensors of the checkpoint that found no place."""


def graft(
    path: Path,
    model: nn.Module,
    optimizer: optim.Optimizer,
    config: TrainConfig,
    *,
    donor: nn.Module,
    donor_config: TrainConfig,
    kept: frozenset[str] = frozenset(),
) -> Graft:
    """Take over every tensor of the same name and shape, and the momentum of parameters by name.

    Args:
        path: The checkpoint.
        model: Gets the tensors; what it does not get stays as it is.
        optimizer: Gets the momentum.
        config: The model's.
        donor: A network like the one in the checkpoint; it gets the checkpoint's values.
        donor_config: Its configuration.
        kept: Last parts of names: such tensors stay the model's own. Their momentum is taken.

    Raises:
        ValueError: The file is damaged, or no checkpoint of a network like `donor`.
    """
    found = read_checkpoint(path)
    try:
        donor.load_state_dict(found.weights)  # its layers know how checkpoints of old were
    except RuntimeError as error:
        reason = str(error).strip().rpartition("\n")[2].strip()
        raise ValueError(
            f"cannot fork from {path.name}: its tensors are not those of the run's configuration: "
            f"{reason}"
        ) from error
    given: dict[str, Tensor] = donor.state_dict()
    own: dict[str, Tensor] = model.state_dict()
    shared = {
        name for name, tensor in own.items() if name in given and given[name].shape == tensor.shape
    }
    taken = {n: given[n] for n in shared if n.rpartition(".")[2] not in kept}
    model.load_state_dict(own | taken)

    theirs = numbered_names(donor, donor_config)
    momentum = {theirs[number]: state for number, state in found.momentum.items()}
    state = {
        number: momentum[name]
        for number, name in enumerate(numbered_names(model, config))
        if name in shared and name in momentum
    }
    restore_momentum(optimizer, state)
    return Graft(
        found.progress,
        fresh=[name for name in own if name not in shared],
        dropped=[name for name in given if name not in shared],
    )
