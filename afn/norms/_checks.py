"""The checks that several layers share; each failure is one line."""

from collections.abc import Collection

from torch import Tensor


def check_counts(**counts: int) -> None:
    """Every count is at least one."""
    for name, value in counts.items():
        if not value >= 1:
            raise ValueError(f"{name} must be at least 1, got {value!r}")


def check_eps(eps: float) -> None:
    """Eps is positive."""
    if not eps > 0:
        raise ValueError(f"eps must be positive, got {eps!r}")


def check_momentum(momentum: float | None) -> None:
    """Momentum is a weight of the new value, in [0, 1], or None for that of a plain average."""
    if momentum is not None and not 0 <= momentum <= 1:
        raise ValueError(
            f"momentum, the weight of the new value, must be in [0, 1], or None for the plain "
            f"average of all batches, got {momentum!r}"
        )


def check_choice(name: str, value: str, known: Collection[str]) -> None:
    """The value is one of the known ones."""
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")


def check_eval_stats(eval_stats: str, has_running: bool) -> None:
    """A known choice, and running averages only where there are some."""
    check_choice("eval_stats", eval_stats, ("batch", "running"))
    if eval_stats == "running" and not has_running:
        raise ValueError(
            'eval_stats="running" takes running averages, and track_running_stats=False leaves '
            'them out: use eval_stats="batch"'
        )


_SPATIAL = {2: "", 3: ", L", 4: ", H, W", 5: ", D, H, W"}
"""What follows N and C in an input of so many axes."""


def check_input(x: Tensor, num_features: int, axes: Collection[int]) -> None:
    """The input is a batch of real values of so many axes, with the layer's channels on axis 1."""
    if not x.is_floating_point():
        raise TypeError(f"expected input of a floating type, got {x.dtype}: images.float() / 255")
    if x.dim() not in axes or x.shape[1] != num_features:
        shapes = " or ".join(f"(N, {num_features}{_SPATIAL[num]})" for num in axes)
        raise ValueError(
            f"expected input of shape {shapes}, got {tuple(x.shape)}: put the "
            f"channels on axis 1, or build the layer with num_features equal to them"
        )


def check_not_empty(x: Tensor) -> None:
    """There is something to measure."""
    if x.numel() == 0:
        raise ValueError(
            f"expected at least one image of at least one pixel, got shape {tuple(x.shape)}: "
            f"skip empty batches"
        )
