"""Recording begins here."""

from pathlib import Path

import torch
from torch import nn

from afn.recording.recorder import INTERVAL, Recorder
from afn.runs.store import RunStore


def record(
    model: nn.Module,
    name: str = "",
    *,
    optimizer: torch.optim.Optimizer | None = None,
    interval: int = INTERVAL,
    store: RunStore | Path | str | None = None,
) -> Recorder:
    """Record a training loop of your own, so that the app shows it while it trains.

    Of every normalization (torch's and this package's) it tells γ, β, the statistics of the batch
    and the running ones, and how far these are apart; of layers with λ, λ and its gradients. See
    ``docs/recording.md``.

    Args:
        model: Any torch model; its normalizations are found wherever they are.
        name: A label for people. Two recordings of one name are two runs.
        optimizer: Its learning rate is told, and set by `Recorder.control`.
        interval: λ and gradients are read every so many steps, channels at most as often.
        store: Where to keep the run; that of ``AFN_RUNS_DIR`` by default.

    Raises:
        TypeError: `model` is no `nn.Module`.
        ValueError: `interval` is less than 1, or parameters are sharded over processes.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from afn import record
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> with record(model, "mine", optimizer=optimizer) as run:
        ...     for _ in range(3):
        ...         optimizer.zero_grad()
        ...         loss = model(torch.randn(16, 4)).square().mean()
        ...         loss.backward()
        ...         optimizer.step()
        ...         run.step(loss=loss)
        >>> run.run.state().status, run.run.state().summary["step"]
        ('finished', 3)
    """
    return Recorder(model, name, optimizer=optimizer, interval=interval, store=store)
