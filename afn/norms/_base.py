"""What all norm layers have in common."""

from dataclasses import replace
from typing import ClassVar, Literal, get_args

import torch
from torch import Tensor, fx, nn

from afn.norms._checks import check_input, check_not_empty
from afn.norms._transforms import is_traced
from afn.norms.trace import Trace

EvalStats = Literal["batch", "running"]
"""Statistics at test time: those of the test batch, or the averages tracked in training.

Example:
    >>> from typing import get_args
    >>> from afn.norms import EvalStats
    >>> get_args(EvalStats)
    ('batch', 'running')
"""
EVAL_STATS: tuple[EvalStats, ...] = get_args(EvalStats)


class Norm(nn.Module):
    """A normalization that can show its steps: of images (N, C, H, W), or of inputs like them.

    A subclass says in `_steps` how images become a `Trace`; the output is ``Trace.y``, unless its
    `_normalize` knows a quicker way. Inputs of other `axes` are laid out as images before.

    Example:
        >>> from afn.norms import NORMS, Norm
        >>> all(isinstance(make(8), Norm) for make in NORMS.values())
        True
    """

    axes: ClassVar[tuple[int, ...]] = (4,)
    """How many an input may have, N and C counted in."""
    activates: ClassVar[bool] = False
    """Whether it is an activation, too, so that no ReLU belongs behind it."""
    standardizes_weights: ClassVar[bool] = False
    """Whether it wants the kernels of its network's convolutions standardized."""
    num_features: int
    eval_stats: EvalStats | None = None
    """None where there is nothing to switch."""

    def forward(self, input: Tensor) -> Tensor:
        if isinstance(input, fx.Proxy):  # symbols have no shape: to them the layer is one step
            tracer = input.tracer
            path = tracer.path_of_module(self)
            return tracer.create_proxy("call_module", path, (input,), {})
        if not is_traced():
            self._check_input(input)
            if input.numel() == 0:
                return self._of_nothing(input)
        if input.dim() == 4:
            return self._normalize(input)
        return self._normalize(_as_images(input)).reshape(input.shape)

    @torch.no_grad()
    def trace(self, x: Tensor) -> Trace:
        """Every intermediate for `x`, by the statistics that the present mode would use.

        Changes nothing: no dropout, no update of running averages, no gradient.

        Raises:
            ValueError: The shape does not fit, or there is no image.
        """
        self._check_input(x)
        check_not_empty(x)
        x = x.detach()
        return replace(self._steps(_as_images(x)).snapshot(), x=x)

    def lambdas(self) -> dict[str, float]:
        """The effective λ by name; none for a layer without λ."""
        return {}

    def running_affine(self) -> tuple[Tensor, Tensor]:
        r"""What running statistics make of the layer, :math:`y = scale \cdot x + shift`.

        Whatever mode and ``eval_stats`` the layer is in, without dropout.

        Returns:
            Scale and shift, each (C,).

        Raises:
            ValueError: The layer takes statistics of each input, so that no fixed map is its own.
        """
        raise ValueError(
            f"{type(self).__name__} takes statistics of each image, so that no fixed scale and "
            f"shift are its own: use AFN2d or BatchNorm2d"
        )

    def _normalize(self, x: Tensor) -> Tensor:
        """The output, side effects of training included."""
        return self._steps(x).y

    def _of_nothing(self, x: Tensor) -> Tensor:
        """An empty output from which all that learns gets a gradient of zero, as from torch's."""
        return x + sum(values.sum() for values in self.parameters() if values.requires_grad)

    def _steps(self, x: Tensor) -> Trace:
        """The equations, without side effects unless asked for by a subclass's own switch."""
        raise NotImplementedError

    def _check_input(self, x: Tensor) -> None:
        check_input(x, self.num_features, self.axes)


def _as_images(x: Tensor) -> Tensor:
    """(N, C), (N, C, L) or (N, C, D, H, W) as (N, C, H, W); a view in all of torch's formats."""
    if x.dim() == 2:
        return x[..., None, None]
    # The new axis stands before L: behind it, its stride would say neither memory format, for
    # which torch's kernel of batch normalization has a wrong gradient.
    return x[:, :, None] if x.dim() == 3 else x.flatten(3)


def norm_layers(model: nn.Module) -> dict[str, Norm]:
    """The model's norm layers by name, in the order of registration.

    In the backbones of this package that is the order of the forward pass. Torch's own layers
    are not among them: `convert_norm` a foreign model first.

    Example:
        >>> from afn import load_pretrained
        >>> from afn.norms import norm_layers
        >>> list(norm_layers(load_pretrained("mnist5k-afn")))
        ['backbone.blocks.0.norm', 'backbone.blocks.1.norm']
    """
    return {name: layer for name, layer in model.named_modules() if isinstance(layer, Norm)}
