"""Checkpoints of the authors' own implementation, in this package's layers."""

import math
import warnings
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from afn.norms._adaptive import AdaptiveNorm
from afn.norms._base import norm_layers
from afn.settings.lambda_init import LAMBDAS

_MODULES = {
    "standard_encoder": "standardize.encoder",
    "standard_mean_decoder.1": "standardize.mu_decoder",
    "standard_std_decoder.1": "standardize.sigma_decoder",
    "rescale_encoder": "rescale.encoder",
    "rescale_gamma_decoder.1": "rescale.gamma_decoder",
    "rescale_beta_decoder.1": "rescale.beta_decoder",
}
_NAMES = {
    "bias_gamma": "weight",
    "bias_beta": "bias",
    **{f"lambda_{name}": f"lambda_{name}_logit" for name in LAMBDAS},
    **{
        f"{theirs}.{kind}": f"{ours}.{kind}"
        for theirs, ours in _MODULES.items()
        for kind in ("weight", "bias")
    },
}
"""The published names of a layer's tensors, and ours."""
_AVERAGES = ("running_mean", "running_var", "num_batches_tracked")


def load_published(
    model: nn.Module, state_dict: Mapping[str, Tensor], *, is_gated: bool = True
) -> nn.Module:
    """Load a checkpoint of the published code, AFN (`ASRNormBN2d`) or ASRNorm (`ASRNormIN`).

    The tensors of every AFN and ASRNorm layer have other names there; all other names are the
    model's own. To compute what the published code does, build the layers with ``eps=1e-6,
    lambda_init=LambdaInit.REFERENCE, formula="reference"``; to train on as it does, with
    ``stat_dropout=0.3`` for AFN.

    That code tracks no running averages. So these are as in a new layer, and not to be tested by:
    `recalibrate` measures them, from a loader of training images.

    Args:
        model: Its layers get the tensors.
        state_dict: Of the published code, from ``torch.load``.
        is_gated: Whether that version of the code took λ_μ and λ_σ through a sigmoid. Versions of
            `ASRNormBN2d` without exist, and their checkpoints do not tell: with False the shares
            themselves are loaded.

    Returns:
        The model.

    Raises:
        ValueError: The model has no AFN or ASRNorm; a layer gates λ_γ and λ_β, which the published
            code does not; tensors are missing, unexpected or of another shape; a share of
            ``is_gated=False`` is not between 0 and 1. Then nothing is loaded.

    Warns:
        UserWarning: A layer is set to running averages at test time.

    Source: the code that arXiv 2308.03321 published.

    Example:
        >>> import torch
        >>> from afn import AFN2d, LambdaInit, load_published
        >>> layer = AFN2d(32, eps=1e-6, lambda_init=LambdaInit.REFERENCE, formula="reference")
        >>> try:
        ...     load_published(layer, {"bias_gamma": torch.ones(32)})
        ... except ValueError as error:
        ...     print(str(error)[:63])
        not a checkpoint of such a model: it lacks bias_beta, lambda_mu
    """
    layers = {
        path: layer for path, layer in norm_layers(model).items() if isinstance(layer, AdaptiveNorm)
    }
    if not layers:
        raise ValueError("expected a model with AFN or ASRNorm layers, got one without any")
    names: dict[str, str] = {}
    fresh: dict[str, Tensor] = {}
    for path, layer in layers.items():
        prefix = f"{path}." if path else ""
        if layer.rescale_gate != "linear":
            raise ValueError(
                f"{path or 'the layer'} takes λ_γ and λ_β through a sigmoid, which the published "
                f"code does not: build it with lambda_init=LambdaInit.REFERENCE"
            )
        names |= {f"{prefix}{theirs}": f"{prefix}{ours}" for theirs, ours in _NAMES.items()}
        if layer.track_running_stats:
            values = torch.zeros(()), torch.ones(()), torch.tensor(0)
            for name, value in zip(_AVERAGES, values, strict=True):
                fresh[f"{prefix}{name}"] = value.expand_as(layer.get_buffer(name))
        if layer.is_per_image and layer.track_running_stats:
            sigma = layer.get_buffer("running_sigma")
            fresh[f"{prefix}running_sigma"] = sigma.new_full((), math.nan).expand_as(sigma)
    own = model.state_dict()
    given = {names.get(name, name): value for name, value in state_dict.items()}
    if not is_gated:
        given |= _as_logits(given, names)
    _check(own, given, fresh, {ours: theirs for theirs, ours in names.items()})
    model.load_state_dict(given | fresh)
    for path, layer in layers.items():
        if layer.eval_stats == "running" and not layer.is_per_image:
            warnings.warn(
                f"{path or 'the layer'} is set to running averages, which published checkpoints "
                f"lack: recalibrate(model, loader) before a test",
                stacklevel=2,
            )
            break
    return model


def _as_logits(given: Mapping[str, Tensor], names: Mapping[str, str]) -> dict[str, Tensor]:
    """The logits of λ_μ and λ_σ that are given as shares."""
    logits = {}
    for theirs, ours in names.items():
        if theirs.rpartition(".")[2] in ("lambda_mu", "lambda_sigma") and ours in given:
            share = given[ours]
            if not bool(((share > 0) & (share < 1)).all()):
                raise ValueError(
                    f"{theirs} is no share between 0 and 1, got {share.tolist()}: it went through "
                    f"a sigmoid, load it with is_gated=True"
                )
            logits[ours] = share.logit()
    return logits


def _check(
    own: Mapping[str, Tensor],
    given: Mapping[str, Tensor],
    fresh: Mapping[str, Tensor],
    published: Mapping[str, str],
) -> None:
    """All that the model needs is there, and nothing else."""

    def known(name: str) -> str:
        return published.get(name, name)

    lacking = [known(name) for name in own if name not in given and name not in fresh]
    surplus = [known(name) for name in given if name not in own or name in fresh]
    misfits = [
        f"{known(name)} of shape {tuple(value.shape)} instead of {tuple(own[name].shape)}"
        for name, value in given.items()
        if name in own and value.shape != own[name].shape
    ]
    kinds = {"it lacks ": lacking, "has no place for ": surplus, "has ": misfits}
    if problems := [f"{what}{_some(found)}" for what, found in kinds.items() if found]:
        raise ValueError(f"not a checkpoint of such a model: {'; '.join(problems)}")


def _some(found: Sequence[str]) -> str:
    rest = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return f"{', '.join(found[:3])}{rest}"
