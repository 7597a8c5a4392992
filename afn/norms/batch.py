"""Batch normalization with a choice of statistics at test time."""

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm
from torch.nn.modules.batchnorm import _BatchNorm

from afn.norms._averages import TracksAverages
from afn.norms._base import EvalStats
from afn.norms._checks import check_counts, check_eps, check_eval_stats, check_momentum
from afn.norms._scale_shift import affine_by, scale_and_shift
from afn.norms._transforms import is_traced
from afn.norms.trace import Trace


class _SwitchedBatchNorm(TracksAverages, _BatchNorm):
    """Batch normalization for inputs of any shape."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        bias: bool = True,
        eval_stats: EvalStats | None = None,
    ) -> None:
        check_counts(num_features=num_features)
        check_eps(eps)
        check_momentum(momentum)
        if eval_stats is None:
            eval_stats = "running" if track_running_stats else "batch"
        check_eval_stats(eval_stats, track_running_stats)
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype)
        if not bias:
            self.register_parameter("bias", None)
        self.eval_stats = eval_stats

    def _normalize(self, x: Tensor) -> Tensor:
        if self._is_joint:
            return self._steps(x, tracks=True).y
        if self._uses_batch and not self.training:
            if is_traced():  # the exporter to ONNX knows no batch norm without averages
                return self._steps(x).y
            return batch_norm(x, None, None, self.weight, self.bias, training=True, eps=self.eps)
        return _BatchNorm.forward(self, x)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, eval_stats={self.eval_stats!r}"

    def running_affine(self) -> tuple[Tensor, Tensor]:
        return batch_norm_affine(self)

    @property
    def _uses_batch(self) -> bool:
        return self.training or self.eval_stats == "batch" or self.running_mean is None

    def _of_nothing(self, x: Tensor) -> Tensor:
        return self._normalize(x)

    def _steps(self, x: Tensor, *, tracks: bool = False) -> Trace:
        if self._uses_batch:
            batch = self._of_batch(x)
            mu, var = batch.mean, batch.var
            if tracks:
                self._track(batch)
        else:
            mu, var = self._running()
        sigma = (var + self.eps).sqrt()
        gamma, beta = scale_and_shift(self, sigma)
        return Trace.direct(x, mu=mu, sigma=sigma, gamma=gamma, beta=beta)

    def _check_input_dim(self, input: Tensor) -> None:
        """Torch's own check: all is an image by then."""

    def _check_input(self, x: Tensor) -> None:
        super()._check_input(x)
        if self._uses_batch and x.numel() == self.num_features and not self._is_joint:
            raise ValueError(
                f"batch normalization needs more than one value per channel to take statistics of "
                f"the batch, got input of shape {tuple(x.shape)}: use larger batches or images, "
                f'or, at test time, eval_stats="running"'
            )


class BatchNorm2d(_SwitchedBatchNorm, nn.BatchNorm2d):
    r"""Torch's batch normalization, plus the switch to test-batch statistics.

    .. math::
        y = \gamma (x - \mu) / \sqrt{var + eps} + \beta

    Statistics per channel over (N, H, W); the variance is biased in the equation and unbiased in
    the running average. Training normalizes by the batch. At test time ``eval_stats="running"``
    takes the running averages; ``"batch"`` takes the test batch and leaves all buffers alone.

    Args:
        num_features: Channels C, at least 1.
        eps: Added to the variance, above 0.
        momentum: Weight of the new value in the running averages, in [0, 1]; None weighs all
            batches alike.
        affine: Whether to learn γ and β.
        track_running_stats: Whether to track running averages; else tests take their batch's.
        device: Where parameters and buffers are made.
        dtype: Of parameters and buffers.
        bias: False leaves out β.
        eval_stats: Statistics at test time, "running" or "batch"; by default the running ones
            where they are tracked.

    Shape: (N, C, H, W) to (N, C, H, W).

    Raises:
        ValueError: An option out of range; input of another shape; a single value per channel where
            the batch's statistics are used.
        TypeError: Input of integers.

    Source: arXiv 1502.03167.

    Example:
        >>> import torch
        >>> from afn import BatchNorm2d
        >>> layer = BatchNorm2d(16, eval_stats="batch").eval()
        >>> y = layer(3 + torch.rand(8, 16, 28, 28))  # the test batch's own statistics
        >>> bool(y.mean().abs() < 1e-4)
        True
    """


class BatchNorm1d(_SwitchedBatchNorm, nn.BatchNorm1d):
    """`BatchNorm2d` for vectors and sequences; its Args and errors are the same.

    Shape: (N, C) or (N, C, L) to the same.

    Example:
        >>> import torch
        >>> from afn import BatchNorm1d
        >>> BatchNorm1d(16, eval_stats="batch").eval()(torch.rand(8, 16)).shape
        torch.Size([8, 16])
    """

    axes = (2, 3)


class BatchNorm3d(_SwitchedBatchNorm, nn.BatchNorm3d):
    """`BatchNorm2d` for volumes and clips; its Args and errors are the same.

    Shape: (N, C, D, H, W) to the same.

    Example:
        >>> import torch
        >>> from afn import BatchNorm3d
        >>> BatchNorm3d(16, eval_stats="batch").eval()(torch.rand(2, 16, 4, 9, 9)).shape
        torch.Size([2, 16, 4, 9, 9])
    """

    axes = (5,)


def batch_norm_affine(layer: _BatchNorm) -> tuple[Tensor, Tensor]:
    """Scale and shift, each (C,), of the layer with running statistics; torch's or ours.

    Raises:
        ValueError: It has no running statistics.
    """
    if layer.running_mean is None or layer.running_var is None:
        raise ValueError(
            "batch normalization without running statistics takes those of each batch, so that no "
            "fixed scale and shift are its own: train it with track_running_stats=True"
        )
    return affine_by(layer, layer.running_mean, layer.running_var)
