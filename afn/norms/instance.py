"""Instance normalization."""

import torch
from torch import Tensor

from afn.norms._averages import TracksAverages
from afn.norms._moments import Moments
from afn.norms._scale_shift import affine_by, scale_and_shift
from afn.norms.group import GroupNorm2d
from afn.norms.trace import Trace


class InstanceNorm2d(TracksAverages, GroupNorm2d):
    r"""Instance normalization with affine parameters: a group for every channel.

    .. math::
        y = \gamma (x - \mu) / \sqrt{var + eps} + \beta

    Statistics per image and channel over (H, W); the variance is biased. Training and test are
    alike, but with ``track_running_stats=True`` the test takes running averages, over all images,
    of their means and unbiased variances. Unlike torch's layer it has affine parameters by
    default, and takes images of a single pixel, whose output is β.

    Args:
        num_features: Channels C, at least 1.
        eps: Added to the variance, above 0.
        momentum: Weight of the new value in the running averages, in [0, 1]; None weighs all
            batches alike.
        affine: Whether there are γ and β.
        track_running_stats: Whether the test takes running averages.
        device: Where parameters and buffers are made.
        dtype: Of parameters and buffers.
        bias: False leaves out β.

    Shape: (N, C, H, W) to (N, C, H, W).

    Raises:
        ValueError: An option out of range; input of another shape.

    Source: arXiv 1607.08022.

    Deviation: batches are counted, so that ``momentum=None`` is the plain average that torch
    documents; torch's own layer then never moves its averages.

    Example:
        >>> import torch
        >>> from afn.norms import InstanceNorm2d
        >>> y = InstanceNorm2d(3)(torch.rand(2, 3, 8, 8))
        >>> bool(y.mean((2, 3)).abs().max() < 1e-5)  # every channel of every image is centred
        True
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(
            num_features, eps, affine, device, dtype, bias=bias, num_groups=num_features
        )
        self._start_averages(momentum, track_running_stats, device, dtype)

    def reset_parameters(self) -> None:
        """Start γ, β and the running averages anew."""
        super().reset_parameters()
        self.reset_running_stats()

    def _normalize(self, x: Tensor) -> Tensor:
        if self._tracks:
            self._track_images(x)
        if self.training or self.running_mean is None:
            return super()._normalize(x)
        return self._steps(x).y

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, track_running_stats={self.track_running_stats}"
        )

    def running_affine(self) -> tuple[Tensor, Tensor]:
        if self.running_mean is None:
            return super().running_affine()
        return affine_by(self, *self._running())

    def _steps(self, x: Tensor) -> Trace:
        if self.training or self.running_mean is None:
            return super()._steps(x)
        mu, var = self._running()
        gamma, beta = scale_and_shift(self, var)
        sigma = (var + self.eps).sqrt()
        return Trace.direct(x, mu=mu, sigma=sigma, gamma=gamma, beta=beta)

    @torch.no_grad()
    def _track_images(self, x: Tensor) -> None:
        images = Moments.of_images(x)
        num = images.mean.new_full((1,), len(x))
        totals = torch.cat((images.mean.sum(0), images.var.sum(0), num))
        if self._is_joint:
            assert self._processes is not None
            totals = self._processes.sum(totals)
        mean, var = (totals[:-1] / totals[-1]).chunk(2)
        self._track(Moments(mean, var, images.count))
