"""ASRNorm: Adaptive Standardization and Rescaling Normalization."""

from torch import Tensor

from afn.norms._adaptive import AdaptiveNorm


class ASRNorm2d(AdaptiveNorm):
    r"""Adaptive Standardization and Rescaling Normalization: AFN's equations, image by image.

    The equations are those of `AFN2d`, with :math:`\mu, \sigma` over (H, W), one of each per
    image and channel. All λ at 0 is instance normalization with affine parameters.

    Variance: biased, :math:`\sigma = \sqrt{var + eps}`, and :math:`\hat\sigma` never falls below
    :math:`\sqrt{eps}`. With ``formula="reference"`` it is unbiased, under the same root, and
    nothing bounds :math:`\hat\sigma`.

    Training and test are alike: every image is normalized by itself. Running averages over
    (N, H, W) are tracked all the same, so that a trained layer can be converted, and so is
    :math:`\sigma`'s mean over images, which is what `frozen_networks` are given.

    Args:
        num_features: Channels C, at least 1.
        eps: Added to the variance, above 0; the published code uses 1e-6.
        momentum: Weight of the new value in the running averages, in [0, 1]; None weighs all
            batches alike.
        affine: As in `AFN2d`.
        track_running_stats: Whether to track running averages; the output does not depend on them.
        device: Where parameters and buffers are made.
        dtype: Of parameters and buffers.
        bias: False leaves out β_bias.
        lambda_init: Where the four λ start.
        stan_width: Hidden width of the standardization networks; max(1, C // 2) by default.
        rescale_width: Hidden width of the rescaling networks; max(1, C // 16) by default.
        stat_dropout: As in `AFN2d`; the published code has none here.
        adaptive: As in `AFN2d`.
        frozen_networks: As in `AFN2d`; what is given for :math:`\sigma` is its mean over
            images, not the root of the running variance.
        eval_stats: Taken so that all layers are built alike; without effect.
        formula: "paper", or the arithmetic of the published code, "reference".

    Shape: (N, C, H, W) to (N, C, H, W), same dtype and memory format; statistics are computed in
    float32 at least.

    Raises:
        ValueError: An option out of range; input of another shape; images of a single pixel with
            ``formula="reference"``.
        TypeError: Input of integers.

    Source: arXiv 2106.01899; as a contender, arXiv 2308.03321, section 3.

    Deviation: the floor under :math:`\hat\sigma` and the least hidden width, as in `AFN2d`.

    Example:
        >>> import torch
        >>> from afn import ASRNorm2d
        >>> layer, images = ASRNorm2d(16), torch.rand(8, 16, 28, 28)
        >>> alone = layer(images[:1])  # an image's output does not depend on its batch
        >>> torch.allclose(alone, layer(images)[:1], atol=1e-5)
        True
    """

    is_per_image = True


class ASRNorm1d(AdaptiveNorm):
    r"""`ASRNorm2d` for sequences: statistics per sequence and channel over (L,).

    Args, errors and equations are those of `ASRNorm2d`.

    Shape: (N, C, L) to the same. As with torch's `InstanceNorm1d`, not (N, C): of a single value
    per image and channel nothing but β would be left.

    Example:
        >>> import torch
        >>> from afn import ASRNorm1d
        >>> ASRNorm1d(16)(torch.rand(8, 16, 50)).shape
        torch.Size([8, 16, 50])
    """

    is_per_image = True
    axes = (3,)

    def _check_input(self, x: Tensor) -> None:
        if x.dim() == 2:
            raise ValueError(
                f"expected input of shape (N, {self.num_features}, L), got {tuple(x.shape)}: a "
                f"single value per channel is its own mean, so that only β is left; take AFN1d"
            )
        super()._check_input(x)


class ASRNorm3d(AdaptiveNorm):
    r"""`ASRNorm2d` for volumes and clips: statistics per volume and channel over (D, H, W).

    Args, errors and equations are those of `ASRNorm2d`.

    Shape: (N, C, D, H, W) to the same, also in the memory format ``channels_last_3d``.

    Example:
        >>> import torch
        >>> from afn import ASRNorm3d
        >>> ASRNorm3d(16)(torch.rand(2, 16, 4, 9, 9)).shape
        torch.Size([2, 16, 4, 9, 9])
    """

    is_per_image = True
    axes = (5,)
