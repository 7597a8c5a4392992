"""AFN: Adaptive Fusion Normalization."""

from torch import Tensor
from torch.nn.functional import batch_norm

from afn.norms._adaptive import AdaptiveNorm
from afn.norms._transforms import wants_plain_operations, without_autocast


class _AFN(AdaptiveNorm):
    """AFN for inputs of any shape."""

    is_per_image = False

    def _sigma(self, var: Tensor) -> Tensor:
        if self.formula == "reference":
            return var.sqrt() + self.eps
        return super()._sigma(var)

    def _normalize(self, x: Tensor) -> Tensor:
        # Without networks it is batch normalization, for which torch has a kernel, but not for a
        # single value per channel.
        if (
            not self.adaptive
            and not wants_plain_operations(x)
            and not self._is_joint
            and self._measures
            and self._is_usual(x)
            and x.numel() > self.num_features
        ):
            averages: tuple[Tensor | None, Tensor | None] = (None, None)
            momentum = 0.0
            if self._tracks:
                averages, momentum = self._running(), self._weight_of_next_batch()
            return batch_norm(x, *averages, self.weight, self.bias, True, momentum, self.eps)
        return super()._normalize(x)

    def running_affine(self) -> tuple[Tensor, Tensor]:
        averages = self._running()
        with without_autocast(averages[0]):
            of = self._coefficients(*averages)
            scale = of["gamma_hat"] / of["sigma_hat"]
            return scale, of["beta_hat"] - scale * of["mu_hat"]


class AFN2d(_AFN):
    r"""Adaptive Fusion Normalization: batch statistics, refined by an encoder-decoder.

    With :math:`\mu, \sigma` per channel over (N, H, W) and one learned λ of each kind,

    .. math::
        \mu_{stan} &= \mathrm{dec}_\mu(\mathrm{enc}(\mu)), &
        \hat\mu &= \lambda_\mu \mu_{stan} + (1 - \lambda_\mu) \mu \\
        \sigma_{stan} &= \mathrm{ReLU}(\mathrm{dec}_\sigma(\mathrm{enc}(\sigma))), &
        \hat\sigma &= \lambda_\sigma \sigma_{stan} + (1 - \lambda_\sigma) \sigma \\
        \hat\gamma &= \lambda_\gamma \mathrm{sigmoid}(\mathrm{dec}_\gamma(\mathrm{enc}_r(\sigma)))
            + \gamma_{bias}, &
        \hat\beta &= \lambda_\beta \tanh(\mathrm{dec}_\beta(\mathrm{enc}_r(\mu))) + \beta_{bias} \\
        \hat{x} &= (x - \hat\mu) / \hat\sigma, & y &= \hat\gamma \hat{x} + \hat\beta

    where enc is a linear layer with a ReLU and dec a linear layer. All λ at 0 is batch
    normalization; :math:`\lambda_\mu = \lambda_\sigma = 1` uses the networks' statistics alone.

    Variance: biased, :math:`\sigma = \sqrt{var + eps}`, and :math:`\hat\sigma` never falls below
    :math:`\sqrt{eps}`. With ``formula="reference"`` it is unbiased,
    :math:`\sigma = \sqrt{var} + eps`, and nothing bounds :math:`\hat\sigma` or the gradient at a
    constant channel.

    Training normalizes by the batch and tracks running averages of the measured statistics
    (mean and unbiased variance, as torch does). At test time ``eval_stats="batch"`` takes the
    statistics of the test batch; ``"running"`` sends the running averages through the same
    networks, so that the output of an image does not depend on the others.

    The paper's formula runs in a fused form where nothing asks for single operations; with hooks
    on `standardize` or `rescale`, other layers in the place of theirs, or under a tracer or a
    functional transformation, torch's own operations run one by one. Both give the same.
    `trace` shows every intermediate.

    Args:
        num_features: Channels C, at least 1.
        eps: Added to the variance, above 0; the published code uses 1e-6.
        momentum: Weight of the new value in the running averages, in [0, 1]; None weighs all
            batches alike.
        affine: Whether to learn γ_bias and β_bias; without they are 1 and 0.
        track_running_stats: Whether to track running averages; else tests take their batch's.
        device: Where parameters and buffers are made.
        dtype: Of parameters and buffers.
        bias: False leaves out β_bias.
        lambda_init: Where the four λ start.
        stan_width: Hidden width of the standardization networks; max(1, C // 2) by default.
        rescale_width: Hidden width of the rescaling networks; max(1, C // 16) by default.
        stat_dropout: Probability in [0, 1) with which each input of the standardization encoder
            is dropped in training, for mu and sigma independently; the published code uses 0.3.
        adaptive: False is the ablation "encoder-decoder disabled": there are no networks,
            :math:`\hat\mu = \mu, \hat\sigma = \sigma, \hat\gamma = \gamma_{bias},
            \hat\beta = \beta_{bias}`. The λ stay in the state dict, frozen: they have no effect.
        frozen_networks: True is the control "trained frozen": the networks are given the running
            averages, as they are before the batch, instead of what is measured. They learn, but
            answer the same whatever the input is; `stat_dropout` is off. `freeze_networks` does the
            same to a trained model.
        eval_stats: Statistics at test time, "batch" or "running".
        formula: "paper", or the arithmetic of the published code, "reference". That code's λ are
            ``LambdaInit.REFERENCE``; its eps and dropout are given by `eps` and `stat_dropout`.

    Shape: (N, C, H, W) to (N, C, H, W), same dtype and memory format; statistics are computed in
    float32 at least.

    Raises:
        ValueError: An option out of range; input of another shape; a single value per channel with
            ``formula="reference"``.
        TypeError: Input of integers.

    The arguments before `lambda_init` are torch's, in torch's order. An empty batch gives an empty
    output and changes nothing but `num_batches_tracked`.

    Source: arXiv 2308.03321, sections 3.1 and 3.2.

    Deviation: :math:`\hat\sigma` has a floor, since the paper's divides by zero where a channel
    is constant and the ReLU is all zero. Running averages are tracked, since without them there
    is no telling the networks' merit from that of test-batch statistics. Hidden widths are at
    least 1, where the published code's become 0 below 16 channels.

    Example:
        >>> import torch
        >>> from afn import AFN2d
        >>> layer = AFN2d(16)
        >>> layer(torch.rand(8, 16, 28, 28)).shape
        torch.Size([8, 16, 28, 28])
        >>> {name: round(value, 3) for name, value in layer.lambdas().items()}
        {'mu': 0.047, 'sigma': 0.047, 'gamma': 0.007, 'beta': 0.007}
    """


class AFN1d(_AFN):
    r"""`AFN2d` for vectors and sequences: statistics per channel over (N,) or (N, L).

    Args, errors and equations are those of `AFN2d`.

    Shape: (N, C) or (N, C, L) to the same.

    Example:
        >>> import torch
        >>> from afn import AFN1d
        >>> layer = AFN1d(16)
        >>> layer(torch.rand(8, 16)).shape, layer(torch.rand(8, 16, 50)).shape
        (torch.Size([8, 16]), torch.Size([8, 16, 50]))
    """

    axes = (2, 3)


class AFN3d(_AFN):
    r"""`AFN2d` for volumes and clips: statistics per channel over (N, D, H, W).

    Args, errors and equations are those of `AFN2d`.

    Shape: (N, C, D, H, W) to the same, also in the memory format ``channels_last_3d``.

    Example:
        >>> import torch
        >>> from afn import AFN3d
        >>> AFN3d(16)(torch.rand(2, 16, 4, 9, 9)).shape
        torch.Size([2, 16, 4, 9, 9])
    """

    axes = (5,)
