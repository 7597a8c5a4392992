"""What-if on a whole model: other λ for a while, other statistics at test time."""

import math
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from afn.norms._adaptive import AdaptiveNorm
from afn.norms._base import EVAL_STATS, EvalStats, Norm, norm_layers
from afn.norms._checks import check_choice, check_eval_stats
from afn.norms._found import find_norms

Model = TypeVar("Model", bound=nn.Module)


@contextmanager
def override_lambdas(
    model: nn.Module,
    *,
    mu: float | None = None,
    sigma: float | None = None,
    gamma: float | None = None,
    beta: float | None = None,
) -> Iterator[None]:
    """Force the effective λ of every adaptive layer; what was before comes back at the end.

    Parameters stay untouched, so that 0 and 1 are exact. Blocks nest: the inner one wins.

    Args:
        model: Holds the layers, or is one.
        mu: λ_μ in [0, 1]; None leaves it.
        sigma: λ_σ in [0, 1]; None leaves it.
        gamma: λ_γ in [0, 1], any finite value with a linear gate; None leaves it.
        beta: λ_β in [0, 1], any finite value with a linear gate; None leaves it.

    Raises:
        ValueError: No layer has networks for λ to act on, or a value is out of range.

    Example:
        >>> from afn import AFN2d, override_lambdas
        >>> layer = AFN2d(16)
        >>> with override_lambdas(layer, mu=0.5):
        ...     layer.lambdas()["mu"]
        0.5
        >>> round(layer.lambdas()["mu"], 3)
        0.047
    """
    given = {"mu": mu, "sigma": sigma, "gamma": gamma, "beta": beta}
    values = {name: value for name, value in given.items() if value is not None}
    layers = _with_networks(model)
    with ExitStack() as stack:
        for layer in layers:
            stack.enter_context(_overridden(layer, values))
        yield


@contextmanager
def _overridden(layer: AdaptiveNorm, values: dict[str, float]) -> Iterator[None]:
    for name, value in values.items():
        if layer.is_gated(name) and not 0 <= value <= 1:
            raise ValueError(f"λ_{name} is a share and must be in [0, 1], got {value!r}")
        if not math.isfinite(value):
            raise ValueError(f"λ_{name} must be finite, got {value!r}")
    before = layer.lambda_overrides
    layer.lambda_overrides = {**before, **values}
    try:
        yield
    finally:
        layer.lambda_overrides = before


@contextmanager
def freeze_networks(model: nn.Module) -> Iterator[None]:
    """Give the networks of every adaptive layer the running averages for a while.

    Whatever the input is, they then answer as they do to the average of the training data, so that
    what a test loses by it is what their adapting is worth. λ, γ_bias and β_bias stay, where
    ``override_lambdas`` with zeros takes away what grew up beside the networks too.

    Args:
        model: Holds the layers, or is one.

    Raises:
        ValueError: No layer has networks, or one has no running averages (of ASRNorm: trained
            before the mean of σ was tracked, see `recalibrate`).

    Example:
        >>> import torch
        >>> from afn import AFN2d, freeze_networks
        >>> layer, images = AFN2d(16), torch.rand(8, 16, 28, 28)
        >>> with freeze_networks(layer):
        ...     one, other = layer.trace(images), layer.trace(3 * images)
        >>> bool((one.mu_stan == other.mu_stan).all())
        True
    """
    layers = _with_networks(model)
    for layer in layers:
        layer._check_averages()
    before = [layer.frozen_networks for layer in layers]
    for layer in layers:
        layer.frozen_networks = True
    try:
        yield
    finally:
        for layer, was_frozen in zip(layers, before, strict=True):
            layer.frozen_networks = was_frozen


def _with_networks(model: nn.Module) -> list[AdaptiveNorm]:
    layers = [
        layer for layer in model.modules() if isinstance(layer, AdaptiveNorm) and layer.adaptive
    ]
    if not layers:
        raise ValueError(
            "λ act in AFN and ASRNorm layers with networks, got a model without any: "
            'use convert_norm(model, "afn") or adaptive=True'
        )
    return layers


def set_eval_stats(model: Model, eval_stats: EvalStats) -> Model:
    """Choose the statistics at test time of every layer that has the choice; returns the model.

    Both work after any training that tracked running averages, as layers do by default. Torch's
    own layers do not have the choice: ``convert_norm(model, "bn")`` first. Layers that measure
    each image have nothing to choose.

    Raises:
        ValueError: Neither "batch" nor "running"; or "running", and a layer that would take them
            has no running averages; or the model has none of this package's layers. Then no layer
            is changed.

    Warns:
        UserWarning: Layers of torch's in the model take other statistics than those chosen.

    Example:
        >>> import torch
        >>> from afn import load_pretrained, set_eval_stats
        >>> model, images = load_pretrained("mnist5k-bn"), torch.rand(4, 1, 28, 28)
        >>> tracked = model(images)
        >>> torch.allclose(set_eval_stats(model, "batch")(images), tracked)
        False
    """
    check_choice("eval_stats", eval_stats, EVAL_STATS)
    norms = norm_layers(model)
    if not norms:
        raise ValueError(
            "statistics at test time are chosen in this package's norm layers, got a model without "
            'any: use convert_norm(model, "bn")'
        )
    layers = {path: layer for path, layer in norms.items() if layer.eval_stats}
    for path, layer in layers.items():
        is_per_image = isinstance(layer, AdaptiveNorm) and layer.is_per_image
        try:
            check_eval_stats(eval_stats, layer.running_mean is not None or is_per_image)
        except ValueError as error:
            raise ValueError(f"cannot switch {path or 'the model'}: {error}") from None
    for layer in layers.values():
        layer.eval_stats = eval_stats
    _warn_of_others(model, eval_stats)
    return model


def _warn_of_others(model: nn.Module, eval_stats: EvalStats) -> None:
    others = [
        found.paths[0] or "the model"
        for found in find_norms(model)
        if isinstance(found.layer, _BatchNorm)
        and not isinstance(found.layer, Norm)
        and (found.layer.running_mean is not None) is (eval_stats == "batch")
    ]
    if others:
        warnings.warn(
            f"{len(others)} of torch's batch normalizations do not take {eval_stats} statistics at "
            f"test time ({', '.join(others[:3])}{', …' if len(others) > 3 else ''}): "
            f"convert_norm them too",
            stacklevel=3,
        )
