"""Representation self-challenging: as a network trains, what it relies on most is muted."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

BATCH_SHARE = 1 / 3
"""At most this share of a batch is challenged."""
LEAST_FALL = 1e-4
"""By more than this an image's confidence must fall for it to be challenged."""


def challenged(
    features: Tensor,
    labels: Tensor,
    classify: Callable[[Tensor], Tensor],
    share: float,
    generator: torch.Generator,
) -> Tensor:
    r"""The features with the most relied on muted, in the images that suffer most from it.

    Of each image with features z, logits h(z) and label y, either places or channels are scored,

    .. math:: s_{ij} = \sum_c \bar g_c z_{cij} \quad \text{or} \quad s_c = \bar g_c,

    where :math:`\bar g_c` is the mean of :math:`\partial h_y(z) / \partial z` over (H, W); which of
    both is the toss of a coin for each batch. Muted are the :math:`\lceil share \cdot n \rceil`
    largest of n scores: a mask m is 0 there and 1 elsewhere. An image is challenged,

    .. math::
        \tilde z = m \odot z, \quad \text{where} \quad
        \Delta = \mathrm{softmax}(h(z))_y - \mathrm{softmax}(h(m \odot z))_y

    exceeds :math:`10^{-4}` and is among the third of the batch where it is largest; the others keep
    z. The mask is a constant to the gradient, which passes through z wherever m is 1.

    Args:
        features: z, (N, C, H, W).
        labels: y, (N,).
        classify: From features to logits (N, classes); it is to draw nothing and track nothing.
        share: Of the places or channels to mute, in (0, 1).
        generator: Tosses the coin.

    Shape: (N, C, H, W) to the same.

    Source: arXiv 2007.02454, section 3, and the code that it published. Paper and code mute a third
    in a third of the images.

    Deviation: as that code and not the paper does, a place is scored by gradient and feature, since
    behind a pooling the gradient alone is the same everywhere; of equal scores at the threshold
    none is muted, and at least one always stays. That code mutes one channel in 3.2 where it mutes
    one place in 3, and challenges more images every ten epochs, from 0.3 of a batch on; here the
    shares are the same for both and constant.
    """
    z = features.detach().requires_grad_()
    with torch.enable_grad():
        logits = classify(z)
        (gradient,) = torch.autograd.grad(logits.gather(1, labels[:, None]).sum(), z)
    z, weights = z.detach(), gradient.mean((2, 3))  # (N, C)
    if torch.randint(2, (), generator=generator):
        mask = kept(weights, share)[:, :, None, None]
    else:
        scores = torch.einsum("nchw,nc->nhw", z, weights)
        mask = kept(scores.flatten(1), share).view_as(scores)[:, None]
    with torch.no_grad():
        fall = _confidence(logits, labels) - _confidence(classify(z * mask), labels)
        mask |= ~most_fallen(fall)[:, None, None, None]
    return features * mask


def kept(scores: Tensor, share: float) -> Tensor:
    """Whether each score stays: it is no larger than the one behind the share that is muted.

    Args:
        scores: (N, n), of each image by themselves.
        share: In (0, 1).

    Shape: (N, n) bool.
    """
    num = scores.shape[1]
    num_muted = min(math.ceil(share * num - 1e-9), num - 1)
    return scores <= _descending(scores)[:, num_muted, None]


def most_fallen(fall: Tensor) -> Tensor:
    """Which images are challenged: those whose confidence falls most.

    Args:
        fall: (N,), how far it falls.

    Shape: (N,) bool.
    """
    fall = (fall - LEAST_FALL).clamp(min=0)
    return fall > _descending(fall)[round(len(fall) * BATCH_SHARE)]


def _confidence(logits: Tensor, labels: Tensor) -> Tensor:
    return logits.softmax(1).gather(1, labels[:, None])[:, 0]


def _descending(values: Tensor) -> Tensor:
    return values.sort(dim=-1, descending=True).values
