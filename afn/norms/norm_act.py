"""A norm, and what a layer did besides normalizing."""

from typing import Any

from torch import Tensor, nn


class NormAct(nn.Module):
    r"""A norm with dropout and activation behind it, :math:`y = act(drop(norm(x)))`.

    `convert_norm` puts it where timm has both in one layer (``BatchNormAct2d``). What it does not
    have itself it reads from its norm, so that ``layer.weight``, ``layer.act`` and ``layer.drop``
    are where they were; checkpoints of the layer that it replaces load.

    Args:
        norm: Such as `AFN2d`.
        act: The activation.
        drop: Between the two; none by default.

    Shape: That of the norm.

    Example:
        >>> import torch
        >>> from afn.norms import AFN2d, NormAct
        >>> layer = NormAct(AFN2d(8), torch.nn.ReLU())
        >>> layer(torch.randn(4, 8, 5, 5)).min().item(), layer.weight is layer.norm.weight
        (0.0, True)
    """

    def __init__(self, norm: nn.Module, act: nn.Module, drop: nn.Module | None = None) -> None:
        super().__init__()
        self.norm = norm
        self.drop = nn.Identity() if drop is None else drop
        self.act = act
        self.register_load_state_dict_pre_hook(_with_norm_in_names)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.act(self.drop(self.norm(x)))
        return y

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name == "norm":  # it is not there yet
                raise
            return getattr(self.norm, name)


def _with_norm_in_names(
    module: nn.Module, state_dict: dict[str, Any], prefix: str, *_: Any
) -> None:
    for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
        if f"{prefix}{name}" in state_dict:
            state_dict[f"{prefix}norm.{name}"] = state_dict.pop(f"{prefix}{name}")
