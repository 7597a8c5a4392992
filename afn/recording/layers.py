"""What a model's norm layers did at a step: γ, β, statistics of the batch and running ones.

Everything is measured where a layer is called, before its averages move, and read at once behind
the step: each reading by itself would wait for a GPU.
"""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

from afn.engine.lambdas import LambdaReadings, rows
from afn.engine.snapshots import short
from afn.norms import AdaptiveNorm, Norm
from afn.norms._found import find_norms, name_of
from afn.norms.registry import row_of
from afn.runs.recording import Recording
from afn.settings.norms import ADAPTIVE_NORMS

_KEPT_CALLS = 16
"""Of a layer that is called more often in a step, the last ones count."""
_DIGITS = 5
"""Significant ones of what is told of each channel."""
_ALIKE: dict[type[nn.Module], str] = {
    _BatchNorm: "bn", _InstanceNorm: "in", nn.GroupNorm: "gn", nn.LayerNorm: "ln",
    nn.RMSNorm: "ln",
}  # fmt: skip
"""Which of our norms torch's layers are most alike."""
SeenMoments = tuple[Tensor, Tensor]
"""Mean and standard deviation, eps included; of each channel, or as the layer takes them."""


@dataclass(slots=True)
class _Call:
    """What a layer did with one input; tensors are on its device."""

    trains: bool
    """Whether the pass was one of training, as far as can be told."""
    values: dict[str, Tensor]


@dataclass(slots=True, eq=False)
class _Layer:
    """A norm layer, wherever it is used."""

    path: str
    module: Any
    calls: deque[_Call] = field(default_factory=lambda: deque(maxlen=_KEPT_CALLS))
    num_calls: int = 0


class NormLayers:
    """The norm layers of a model, read while it trains.

    Args:
        model: May be wrapped by torch's `DistributedDataParallel` or compiled.

    Raises:
        ValueError: Its parameters are sharded over processes.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = unwrapped(model)
        if any(hasattr(each, "full_tensor") for each in self.model.parameters()):
            raise ValueError(
                "record reads whole parameters, got a model whose parameters are sharded over "
                "processes: record before sharding, or a loop that uses DistributedDataParallel"
            )
        found = find_norms(self.model)
        self._layers = [_Layer(each.paths[0] or "model", each.layer) for each in found]
        self._hooks: list[Any] = []
        self._called: list[_Layer] = []
        """In the order of their first calls, until that is settled."""
        self._is_settled = False
        self.problem = ""
        """Why the last reading is not whole; empty while it is."""

    @property
    def names(self) -> list[str]:
        """Of all norm layers: in the order in which they were called, behind them the others."""
        return [layer.path for layer in self._ordered]

    @property
    def num_features(self) -> list[int]:
        """How many channels each has."""
        return [_num_features(layer.module) for layer in self._ordered]

    @property
    def adaptive(self) -> dict[str, AdaptiveNorm]:
        """Those with λ."""
        return {
            layer.path: layer.module
            for layer in self._ordered
            if isinstance(layer.module, AdaptiveNorm)
        }

    @property
    def _ordered(self) -> list[_Layer]:
        if self._is_settled:
            return self._layers
        return [*self._called, *(layer for layer in self._layers if layer not in self._called)]

    def settle(self) -> None:
        """Keep to the order of calls seen by now: whatever is told later is told in it."""
        self._layers, self._is_settled = self._ordered, True

    def recording(self, interval: int) -> Recording:
        """What is known of the model."""
        norms = [_norm_of(layer.module) for layer in self._layers]
        by_count = Counter(norms)
        first = [norm for norm in ADAPTIVE_NORMS if norm in by_count] or list(by_count) or ["none"]
        gates = {each.rescale_gate for each in self.adaptive.values()}
        return Recording(
            model=type(self.model).__name__,
            num_parameters=sum(
                parameter.numel()
                for parameter in self.model.parameters()
                if not nn.parameter.is_lazy(parameter)
            ),
            norms=dict(Counter(name_of(layer.module) for layer in self._layers)),
            norm=max(first, key=lambda norm: by_count[norm]),
            gate="linear" if gates == {"linear"} else "sigmoid",
            interval=interval,
        )

    # -- hooks -------------------------------------------------------------------------------------

    def watch(self) -> None:
        """Measure from now on whatever the layers are called with."""
        if self._hooks:
            return
        self.problem = ""
        for layer in self._layers:
            layer.calls.clear()
            layer.num_calls = 0
            hook = _hook(self, layer)
            self._hooks.append(layer.module.register_forward_pre_hook(hook, with_kwargs=True))

    def unwatch(self) -> None:
        """Measure no more."""
        while self._hooks:
            self._hooks.pop().remove()

    def take(self, layer: _Layer, x: Tensor) -> None:
        """A layer is called with `x`."""
        trains = torch.is_grad_enabled()
        if not trains and not self.model.training:
            return  # a test
        with torch.no_grad():
            values = _measured(layer.module, x.detach())
        layer.calls.append(_Call(trains and self.model.training, values))
        layer.num_calls += 1
        if not self._is_settled and layer not in self._called:
            self._called.append(layer)

    # -- readings ----------------------------------------------------------------------------------

    def snapshot(self) -> list[dict[str, Any]]:
        """What each layer did since `watch`, in the order of `names`."""
        told: list[tuple[dict[str, Any], dict[str, Tensor]]] = []
        for layer in self._layers:
            # Of passes that are no training for sure (a test without no_grad) only if there is
            # nothing else: a model may be trained in eval mode.
            sure = [call for call in layer.calls if call.trains]
            calls = sure or list(layer.calls)
            values = _together([call.values for call in calls]) or _parameters(layer.module)
            about: dict[str, Any] = {}
            if layer.num_calls != 1:
                about["calls"] = len(sure) if sure and len(sure) < _KEPT_CALLS else layer.num_calls
            if not layer.module.training:
                about["is_eval"] = True
            if not any(each.requires_grad for each in layer.module.parameters()):
                about["is_frozen"] = True
            told.append((about, {**values, **_gradients(layer.module)}))
        numbers = _read([tensor for _, values in told for tensor in values.values()])
        found = []
        for about, values in told:
            mine = {name: next(numbers) for name in values}
            record = {name: _told(each) for name, each in mine.items() if len(each)}
            found.append({**record, **_drift(mine), **about})
        return found

    def lambdas(self) -> list[list[float]]:
        """Effective λ of the layers that have it."""
        return LambdaReadings(self.adaptive).values() if self.adaptive else []

    def gradients(self) -> tuple[float | None, list[list[float]]]:
        """Norm of the whole gradient (None where there is none), and that on each λ's parameter."""
        grads = [each.grad for each in self.model.parameters() if each.grad is not None]
        if not grads:
            return None, [[0.0] * 4 for _ in self.adaptive]
        norm = nn.utils.get_total_norm(grads)
        adaptive = self.adaptive
        by_lambda = list(LambdaReadings(adaptive).gradients()) if adaptive else []
        values = torch.stack([each.float().cpu() for each in (norm, *by_lambda)]).tolist()
        return short(values[0]), rows(values[1:])


def unwrapped(model: nn.Module) -> nn.Module:
    """The model itself, where it is wrapped for several processes or compiled."""
    wrappers = (nn.parallel.DistributedDataParallel, nn.DataParallel)
    while True:
        if isinstance(model, wrappers):
            model = model.module
        elif isinstance(compiled := getattr(model, "_orig_mod", None), nn.Module):
            model = compiled
        else:
            return model


def _hook(layers: NormLayers, layer: _Layer) -> Any:
    def called(_: nn.Module, inputs: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        x = next((each for each in (*inputs, *named.values()) if isinstance(each, Tensor)), None)
        if x is None or x.numel() == 0:
            return
        try:
            layers.take(layer, x)
        except (ValueError, RuntimeError, IndexError, TypeError) as error:  # training goes on
            text = " ".join(str(error).split())[:200]
            layers.problem = f"the statistics of {layer.path} could not be taken: {text}"

    return called


# -- one layer -------------------------------------------------------------------------------------


def _norm_of(module: nn.Module) -> str:
    if isinstance(module, Norm):
        return row_of(module).name
    return next((name for kind, name in _ALIKE.items() if isinstance(module, kind)), "none")


def _num_features(module: Any) -> int:
    for name in ("num_features", "num_channels"):
        if isinstance(found := getattr(module, name, None), int):
            return found
    weight = getattr(module, "weight", None)
    return weight.numel() if isinstance(weight, Tensor) else 0


def _parameters(module: Any) -> dict[str, Tensor]:
    """γ and β as they are learned, and running statistics; what there is of them."""
    found = {}
    for name, of in (("gamma", "weight"), ("beta", "bias"), ("running_mu", "running_mean")):
        value = getattr(module, of, None)
        if isinstance(value, Tensor) and not nn.parameter.is_lazy(value):
            found[name] = value.detach().flatten().clone()
    var = getattr(module, "running_var", None)
    if isinstance(var, Tensor) and not nn.parameter.is_lazy(var):
        found["running_sigma"] = (var.detach() + getattr(module, "eps", 0.0)).sqrt()
    return found


def _measured(module: Any, x: Tensor) -> dict[str, Tensor]:
    found = _parameters(module)
    if isinstance(module, Norm):
        return found | _of_ours(module, x)
    if moments := _moments(module, x):
        found["mu"], found["sigma"] = moments
    return found


def _of_ours(module: Any, x: Tensor) -> dict[str, Tensor]:
    """γ̂, β̂ and what λ makes of the statistics, too."""
    processes = getattr(module, "_processes", None)
    if processes is not None:  # the others do not ask, so that this one would wait for ever
        module._processes = None
    try:
        trace = module.trace(x)
    finally:
        if processes is not None:
            module._processes = processes
    values = {
        "gamma": trace.gamma_hat, "beta": trace.beta_hat, "mu": trace.mu, "sigma": trace.sigma
    }  # fmt: skip
    found = {name: t if t.dim() == 1 else t.mean(0) for name, t in values.items()}
    if isinstance(module, AdaptiveNorm):
        move = (trace.mu_hat - trace.mu).abs() / trace.sigma
        found["moves"] = torch.stack([move.mean(), (trace.sigma_hat / trace.sigma).mean()])
    if not module.training and "running_mu" in found:  # by its averages, which are not the batch's
        found["mu"], found["sigma"] = _per_channel(module, x)
    return found


def _moments(module: Any, x: Tensor) -> SeenMoments | None:
    """As the layer takes them, on average over images, groups or places; None for another kind."""
    eps = getattr(module, "eps", None) or 0.0
    if isinstance(module, _InstanceNorm):
        batched = x if x.dim() == _axes_of(module) else x[None]
        return _of_rows(batched.flatten(2), eps)
    if isinstance(module, nn.GroupNorm):
        return _of_rows(x.reshape(len(x), module.num_groups, -1), eps)
    if isinstance(module, nn.LayerNorm | nn.RMSNorm):
        shape = tuple(module.normalized_shape)
        if tuple(x.shape[-len(shape) :]) != shape:  # one over the channels of images
            x = x.movedim(1, -1)
        if tuple(x.shape[-len(shape) :]) != shape:
            return None
        return _of_rows(x.reshape(-1, 1, int(np.prod(shape))), eps)
    has_averages = isinstance(getattr(module, "running_mean", None), Tensor)
    if isinstance(module, _BatchNorm) or has_averages:
        return _per_channel(module, x)
    return None


def _axes_of(module: Any) -> int:
    name = next(cls.__name__ for cls in type(module).__mro__ if cls.__name__[-1:] == "d")
    return int(name[-2]) + 2


def _per_channel(module: Any, x: Tensor) -> SeenMoments:
    x, dims = _widened(x), [dim for dim in range(x.dim()) if dim != 1]
    num = x.numel() // x.shape[1]
    mean = x.sum(dims) / num
    # Two passes, as var_mean makes them, at less than half of its time on the CPU.
    away = x - mean.view(-1, *[1] * (x.dim() - 2))
    var = torch.linalg.vector_norm(away, dim=dims).square() / num
    return mean, (var + getattr(module, "eps", 0.0)).sqrt()


def _of_rows(x: Tensor, eps: float) -> SeenMoments:
    """(N, C, L) to (C,): each row by itself, then on average over N."""
    var, mean = torch.var_mean(_widened(x), 2, correction=0)
    return mean.mean(0), (var + eps).sqrt().mean(0)


def _widened(x: Tensor) -> Tensor:
    return x if x.dtype in (torch.float32, torch.float64) else x.float()


def _together(calls: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Of several calls the mean, and of deviations the root mean square; averages as before."""
    if len(calls) < 2:
        return calls[0] if calls else {}
    found = dict(calls[0])
    for name in ("mu", "sigma", "gamma", "beta", "moves"):
        each = [call[name] for call in calls if name in call]
        if each and all(one.shape == each[0].shape for one in each):
            stacked = torch.stack(each)
            mean = stacked.square().mean(0).sqrt() if name == "sigma" else stacked.mean(0)
            found[name] = mean
    return found


def _gradients(module: Any) -> dict[str, Tensor]:
    """Norms of the gradients on γ and β; NaN where there is none."""
    own = [getattr(module, name, None) for name in ("weight", "bias")]
    grads = [each.grad if isinstance(each, Tensor) else None for each in own]
    if all(grad is None for grad in grads):
        return {}
    device = next(grad.device for grad in grads if grad is not None)
    missing = torch.full((), float("nan"), device=device)
    return {"grads": torch.stack([missing if g is None else g.norm().float() for g in grads])}


# -- numbers ---------------------------------------------------------------------------------------


def _read(tensors: list[Tensor]) -> Any:
    """The numbers of all tensors, each as an array; read at once from every device."""
    by_device: dict[torch.device, list[int]] = {}
    for i, tensor in enumerate(tensors):
        by_device.setdefault(tensor.device, []).append(i)
    found: dict[int, np.ndarray] = {}
    for places in by_device.values():
        flat = torch.cat([tensors[i].flatten().float() for i in places]).cpu().numpy()
        ends = np.cumsum([tensors[i].numel() for i in places])
        found |= dict(zip(places, np.split(flat.astype(float), ends[:-1]), strict=True))
    return iter([found[i] for i in range(len(tensors))])


def _drift(values: Mapping[str, np.ndarray]) -> dict[str, list[float]]:
    """How far running statistics are from the batch's: means of |μ − μ̄| / σ̄ and of σ / σ̄."""
    if not {"mu", "sigma", "running_mu", "running_sigma"} <= values.keys():
        return {}
    mean, sigma = values["running_mu"], values["running_sigma"]
    if values["mu"].shape != mean.shape:
        return {}
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.abs(values["mu"] - mean) / sigma
        ratio = values["sigma"] / sigma
    return {"drift": _told(np.array([away.mean(), ratio.mean()]))}


def _told(values: np.ndarray) -> list[float]:
    """Rounded to a few significant digits, in one go."""
    with np.errstate(divide="ignore", invalid="ignore"):
        places = _DIGITS - 1 - np.floor(np.log10(np.abs(values)))
    factor = 10.0 ** np.where(np.isfinite(places), np.clip(places, -300, 300), 0)
    rounded: list[float] = (np.round(values * factor) / factor).tolist()
    return rounded
