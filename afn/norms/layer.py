"""Layer normalization."""

import torch

from afn.norms.group import GroupNorm2d


class LayerNorm2d(GroupNorm2d):
    r"""Layer normalization of images: one group of all channels.

    .. math::
        y = \gamma (x - \mu) / \sqrt{var + eps} + \beta

    Statistics per image over (C, H, W), parameters per channel; the variance is biased. Training
    and test are alike.

    Args:
        num_features: Channels C, at least 1.
        eps: Added to the variance, above 0.
        affine: Whether to learn γ and β.
        device: Where parameters are made.
        dtype: Of parameters.
        bias: False leaves out β.

    Shape: (N, C, H, W) to (N, C, H, W).

    Raises:
        ValueError: An option out of range; input of another shape.

    Source: arXiv 1607.06450; for images, arXiv 1803.08494, section 3.1.

    Example:
        >>> import torch
        >>> from afn.norms import LayerNorm2d
        >>> y = LayerNorm2d(3)(torch.rand(2, 3, 8, 8))
        >>> bool(y.mean((1, 2, 3)).abs().max() < 1e-5)  # every image is centred as a whole
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
    ) -> None:
        super().__init__(num_features, eps, affine, device, dtype, bias=bias, num_groups=1)
