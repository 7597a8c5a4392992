"""Group normalization."""

import torch
from torch import Tensor

from afn.norms._base import Norm
from afn.norms._checks import check_counts, check_eps
from afn.norms._grouped import group_normalized
from afn.norms._moments import Moments
from afn.norms._scale_shift import add_scale_and_shift, reset_scale_and_shift, scale_and_shift
from afn.norms._transforms import wants_plain_operations
from afn.norms.trace import Trace


class GroupNorm2d(Norm):
    r"""Group normalization: each image by itself, channels in groups.

    .. math::
        y = \gamma (x - \mu) / \sqrt{var + eps} + \beta

    Statistics per image and group of C / num_groups neighbouring channels, over these and (H, W);
    the variance is biased. Training and test are alike. Unlike torch's layer it takes a single
    value per group, whose output is β.

    Args:
        num_features: Channels C, at least 1.
        eps: Added to the variance, above 0.
        affine: Whether to learn γ and β.
        device: Where parameters are made.
        dtype: Of parameters.
        bias: False leaves out β.
        num_groups: A divisor of C; the largest of 8, 4, 2 and 1 that divides C by default.

    Shape: (N, C, H, W) to (N, C, H, W).

    Raises:
        ValueError: An option out of range; input of another shape.

    Source: arXiv 1803.08494.

    Example:
        >>> import torch
        >>> from afn.norms import GroupNorm2d
        >>> layer, images = GroupNorm2d(12), torch.rand(2, 12, 8, 8)
        >>> layer.num_groups
        4
        >>> torch.allclose(layer(images), torch.nn.functional.group_norm(images, 4), atol=1e-5)
        True
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        bias: bool = True,
        num_groups: int | None = None,
    ) -> None:
        check_counts(num_features=num_features)
        check_eps(eps)
        if num_groups is None:
            num_groups = next(groups for groups in (8, 4, 2, 1) if num_features % groups == 0)
        check_counts(num_groups=num_groups)
        if num_features % num_groups:
            raise ValueError(
                f"num_groups must divide num_features, got {num_groups} groups of {num_features}"
            )
        super().__init__()
        self.num_features = num_features
        self.num_groups = num_groups
        self.eps = eps
        self.affine = affine
        add_scale_and_shift(self, affine, bias, device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Start γ and β anew."""
        reset_scale_and_shift(self)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, num_groups={self.num_groups}, eps={self.eps}, "
            f"affine={self.affine}"
        )

    def _normalize(self, x: Tensor) -> Tensor:
        if wants_plain_operations(x):
            return self._steps(x).y
        gamma, beta = scale_and_shift(self, x)
        return group_normalized(x, self.num_groups, gamma, beta, self.eps)

    def _steps(self, x: Tensor) -> Trace:
        images = Moments.of_images(x)  # (N, C)
        by_group = (self.num_groups, self.num_features // self.num_groups)
        groups = Moments(
            images.mean.unflatten(1, by_group), images.var.unflatten(1, by_group), images.count
        ).pooled(2)  # (N, num_groups)
        mu = groups.mean.repeat_interleave(by_group[1], dim=1)  # (N, C)
        var = groups.var.repeat_interleave(by_group[1], dim=1)
        sigma = (var + self.eps).sqrt()
        gamma, beta = scale_and_shift(self, sigma)
        return Trace.direct(x, mu=mu, sigma=sigma, gamma=gamma, beta=beta)
