"""Instance normalization."""

from afn.norms.group import GroupNorm2d


class InstanceNorm2d(GroupNorm2d):
    r"""Instance normalization with affine parameters: a group for every channel.

    .. math::
        y = \gamma (x - \mu) / \sqrt{var + eps} + \beta

    Statistics per image and channel over (H, W); the variance is biased. Training and test are
    alike. Unlike torch's layer it takes images of a single pixel, whose output is β.

    Args:
        num_features: Channels C, at least 1.
        eps: Added to the variance, above 0.

    Shape: (N, C, H, W) to (N, C, H, W).

    Raises:
        ValueError: An option out of range; input of another shape or empty.

    Source: arXiv 1607.08022.
    """

    def __init__(self, num_features: int, *, eps: float = 1e-5) -> None:
        super().__init__(num_features, eps=eps, num_groups=num_features)
