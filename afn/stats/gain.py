r"""How loud a layer of AFN can get, and how large its gradients, by its λ. Needs no torch.

**Gradients of the networks and of the logits.** Of :math:`\hat\sigma = \lambda_\sigma
\sigma_{stan} + (1 - \lambda_\sigma) \sigma` with :math:`\lambda_\sigma = \mathrm{sigmoid}(l)`
follow, for weights θ of the standardization network and a loss L,

.. math::
    \frac{\partial L}{\partial \theta} = \lambda_\sigma
        \sum_c \frac{\partial L}{\partial \hat\sigma_c}
        \frac{\partial \sigma_{stan,c}}{\partial \theta}, \qquad
    \frac{\partial L}{\partial l} = \lambda_\sigma (1 - \lambda_\sigma)
        \sum_c (\sigma_{stan,c} - \sigma_c) \frac{\partial L}{\partial \hat\sigma_c},

and the same of μ, γ and β. So a small λ makes networks learn slowly, and λ itself as slowly.

**One layer.** Batch normalization divides by σ, AFN by :math:`\hat\sigma`. Its output is louder by

.. math::
    \frac{\sigma}{\hat\sigma} = \frac{1}{1 - \lambda_\sigma
        + \lambda_\sigma \sigma_{stan} / \sigma} \le \frac{1}{1 - \lambda_\sigma},

since :math:`\sigma_{stan} \ge 0` behind its ReLU; where the ReLU gives 0 it is the limit itself,
unless :math:`\hat\sigma` is at its floor :math:`\sqrt{eps}`, which only makes it quieter.

**Many layers.** The product of the limits bounds the product of the gains. It says little of a
network's gradients, since the gains do not multiply. Let every ReLU give 0,
:math:`\lambda_\mu = \lambda_\gamma = \lambda_\beta = 0`, and a be one layer's limit, the same in
all. Then every layer's output is a times that of BN, not :math:`a^l` times: the next layer's own σ
is a times as large, too, and divides it out. On the way back a layer multiplies by
:math:`a / (a \sigma)`, which is BN's :math:`1 / \sigma`. A kernel's gradient is the product of its
input, a times BN's, and of what comes back, which is BN's for the same error at the logits: **a
times BN's in whatever depth**. It takes that nothing between the norms but homogeneous operations
(convolution, ReLU, pooling, shortcuts) acts, with β = 0, as at the start.

Neither holds once λ_μ is large: then part of the mean stays in the output, and in the gradient.
"""

import math
from collections.abc import Iterable


def gain_limit(lambda_sigma: float) -> float:
    r"""How much louder than BN a layer can get, :math:`1 / (1 - \lambda_\sigma)`.

    Raises:
        ValueError: λ_σ is not in [0, 1).

    Example:
        >>> from afn.stats.gain import gain_limit
        >>> [round(gain_limit(value), 2) for value in (0.047, 0.5, 0.95)]
        [1.05, 2.0, 20.0]
    """
    if not 0 <= lambda_sigma < 1:
        raise ValueError(f"λ_σ must be in [0, 1), where a sigmoid ends, got {lambda_sigma!r}")
    return 1 / (1 - lambda_sigma)


def stacked_limit(lambda_sigmas: Iterable[float]) -> float:
    """The product of the limits of several layers: a bound that networks stay far from.

    Example:
        >>> from afn.stats.gain import stacked_limit
        >>> stacked_limit([0.5] * 19)  # ResNet-20 with every λ_σ at one half
        524288.0
    """
    return math.prod(map(gain_limit, lambda_sigmas))


def logit_slope(value: float) -> float:
    r"""How far λ moves with its logit, :math:`\lambda (1 - \lambda)`; at most 0.25, at λ = 0.5.

    Example:
        >>> from afn.stats.gain import logit_slope
        >>> [round(logit_slope(value), 3) for value in (0.0067, 0.0474, 0.5)]
        [0.007, 0.045, 0.25]
    """
    return value * (1 - value)
