"""A network that adapts to what it is shown."""

import copy
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from afn.adapt.plan import AdaptMethod
from afn.norms._adaptive import AdaptiveNorm
from afn.norms._averages import Averages
from afn.norms._base import Norm, _as_images
from afn.norms._fused import _measure_batch

_Adaptable = _BatchNorm | AdaptiveNorm
_BY_AVERAGES = ("running", "mix", "prior", "moving")
"""Ways in which layers normalize by what is written where their running averages were."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchMovement:
    """What a batch did to a network; see `StreamStep`."""

    moved: float
    rescaled: float
    lambdas: dict[str, float]


@dataclass(kw_only=True, slots=True, eq=False)
class _Watched:
    """A layer, what it had learned, and what it took for the last batch."""

    layer: _Adaptable
    mean: Tensor
    """(C,), tracked in training, like `var`."""
    var: Tensor
    weight: Tensor | None
    """(C,), as trained, like `bias`; None where the layer has none."""
    bias: Tensor | None
    used: tuple[Tensor, Tensor] | None = field(default=None)


class Adapter:
    r"""A copy of a model that adapts, batch by batch; the model itself stays as it is.

    With the batch's statistics :math:`\mu_b, var_b` (biased, per channel) and those tracked in
    training :math:`\mu_0, var_0`, each batch normalization, and AFN, takes

    .. math::
        \hat\mu = (1 - w)\,\mu_0 + w\,\mu_b, \qquad \hat{var} = (1 - w)\,var_0 + w\,var_b

    where w is

    - ``running``: 0, as BN is trained to be tested;
    - ``batch``: 1, the test batch alone. Of AFN it is the layer as it is, networks and all;
    - ``mix=α``: α;
    - ``prior=N``: n / (n + N) for a batch of n images (arXiv 2006.16971, equation 2);
    - ``moving=momentum``: the momentum, and the result takes the place of :math:`\mu_0, var_0`
      for the next batch, so that averages follow the stream.

    Two ways more:

    - ``frozen``: AFN by the test batch, with its networks given the running averages;
    - ``tent=lr``: by the test batch, and behind each batch one step of Adam (betas 0.9 and 0.999)
      on γ and β of every such layer, which lowers the mean entropy of the batch's answers
      (arXiv 2006.10726, section 3). Answers are those from before the step.

    Deviation: TENT's authors put the model into training mode, where dropout is active; here it
    stays in evaluation mode. Of AFN, γ_bias and β_bias learn, the networks do not.

    Args:
        model: Images (N, C, H, W) to logits (N, classes); any torch module with batch
            normalizations that tracked averages, of torch's or ours, or AFN. Other norms stay as
            they are.
        method: As `AdaptMethod.read` takes it, ``"tent"`` or ``"mix=0.3"``; or one.

    Raises:
        ValueError: There is nothing to adapt in the model; ``frozen`` and it has no AFN's networks;
            ``tent`` and nothing has γ or β; or no such way.

    Example:
        >>> import torch
        >>> from afn import Adapter, load_pretrained
        >>> model, images = load_pretrained("mnist5k-bn"), torch.rand(8, 1, 28, 28)
        >>> adapter = Adapter(model, "mix=0")
        >>> torch.allclose(adapter(images), model(images), atol=1e-5)
        True
        >>> tent = Adapter(model, "tent")
        >>> first = tent(images)
        >>> torch.equal(tent(images), first)
        False
        >>> tent.reset()
        >>> torch.equal(tent(images), first)
        True
    """

    def __init__(self, model: nn.Module, method: str | AdaptMethod = "batch") -> None:
        self.method = AdaptMethod.read(method) if isinstance(method, str) else method
        self._source = copy.deepcopy(model).eval()
        for parameter in self._source.parameters():
            parameter.requires_grad_(False)
            parameter.grad = None
        self._watched: list[_Watched] = []
        self._optimizer: torch.optim.Optimizer | None = None
        self.reset()

    def reset(self) -> None:
        """Put it back to what was trained."""
        self.model = copy.deepcopy(self._source)
        self._watched = [_watch(layer) for layer in _layers(self.model)]
        if not self._watched:
            raise ValueError(
                "adapting is about batch normalizations with running averages, and AFN; got a "
                'model without any: convert_norm(model, "bn") first'
            )
        name = self.method.name
        for watched in self._watched:
            layer = watched.layer
            if name in _BY_AVERAGES:
                if isinstance(layer, Norm):
                    layer.eval_stats = "running"
                layer.register_forward_pre_hook(self._write)
            else:
                layer.register_forward_pre_hook(self._look)
                _by_batch(layer)
        if name == "frozen":
            self._freeze()
        if name == "tent":
            learning = [
                parameter.requires_grad_(True)
                for watched in self._watched
                for parameter in (watched.layer.weight, watched.layer.bias)
                if parameter is not None
            ]
            if not learning:
                raise ValueError("TENT learns γ and β of norm layers, got a model without any")
            self._optimizer = torch.optim.Adam(learning, lr=self.method.value or 0.0)

    def __call__(self, images: Tensor) -> Tensor:
        """Logits (N, classes) of a batch; then it has learned from it.

        Raises:
            ValueError: A layer that takes the batch's statistics has one value per channel of it.
        """
        if self._optimizer is None:
            with torch.no_grad():
                logits: Tensor = self.model(images)
            return logits
        with torch.inference_mode(False), torch.enable_grad():
            answers: Tensor = self.model(images.clone() if images.is_inference() else images)
            entropy = -(answers.softmax(1) * answers.log_softmax(1)).sum(1).mean()
            self._optimizer.zero_grad()
            entropy.backward()
            self._optimizer.step()
        return answers.detach()

    @torch.no_grad()
    def movement(self) -> BatchMovement:
        """What the last batch did to it."""
        moved, rescaled, lambdas = [], [], []
        for watched in self._watched:
            layer, sigma = watched.layer, (watched.var + watched.layer.eps).sqrt()
            mean, var = watched.used or (watched.mean, watched.var)
            if isinstance(layer, AdaptiveNorm):
                now = layer._coefficients(mean, var, averages=layer._averages_given())
                trained = layer._coefficients(watched.mean, watched.var)
                differences = [
                    now["gamma_hat"] - trained["gamma_hat"],
                    now["beta_hat"] - trained["beta_hat"],
                ]
                for own, bias in ((layer.weight, watched.weight), (layer.bias, watched.bias)):
                    if own is not None and bias is not None:  # both have what TENT has learned
                        differences.append(own - bias)
                means = now["mu_hat"] - trained["mu_hat"]
                lambdas.append(layer.lambdas())
            else:
                means = mean - watched.mean
                pairs = ((layer.weight, watched.weight), (layer.bias, watched.bias))
                differences = [
                    own - before for own, before in pairs if own is not None and before is not None
                ]
            moved.append(float((means.abs() / sigma).mean()))
            squares = [each.square().mean() for each in differences]
            rescaled.append(float(torch.stack(squares).mean().sqrt()) if squares else 0.0)
        names = lambdas[0] if lambdas else ()
        return BatchMovement(
            moved=sum(moved) / len(moved),
            rescaled=sum(rescaled) / len(rescaled),
            lambdas={name: sum(each[name] for each in lambdas) / len(lambdas) for name in names},
        )

    def _of(self, layer: nn.Module) -> _Watched:
        return next(each for each in self._watched if each.layer is layer)

    @torch.no_grad()
    def _write(self, layer: nn.Module, given: tuple[Tensor, ...]) -> None:
        """Lay the statistics that it is to take where its running averages are."""
        watched, (x, *_) = self._of(layer), given
        weight = self._weight(len(x))
        mean, var = layer.get_buffer("running_mean"), layer.get_buffer("running_var")
        if weight:
            batch_mean, batch_var = _moments(x)
            if self.method.name != "moving":
                mean.copy_(watched.mean)
                var.copy_(watched.var)
            mean.lerp_(batch_mean.to(mean.dtype), weight)
            var.lerp_(batch_var.to(var.dtype), weight)
        watched.used = mean, var

    def _weight(self, num_images: int) -> float:
        """Of the batch in what normalizes it."""
        value = self.method.value or 0.0
        return num_images / (num_images + value) if self.method.name == "prior" else value

    @torch.no_grad()
    def _look(self, layer: nn.Module, given: tuple[Tensor, ...]) -> None:
        self._of(layer).used = _moments(given[0])

    def _freeze(self) -> None:
        frozen = [
            each.layer
            for each in self._watched
            if isinstance(each.layer, AdaptiveNorm) and each.layer.adaptive
        ]
        if not frozen:
            raise ValueError("frozen is about AFN's networks, got a model without any")
        for layer in frozen:
            layer._check_averages()
            layer.frozen_networks = True


def _layers(model: nn.Module) -> list[_Adaptable]:
    """Those that can take either statistics, in the order of registration."""
    return [
        layer
        for layer in model.modules()
        if isinstance(layer, _BatchNorm | AdaptiveNorm)
        and not isinstance(layer, Averages)
        and not (isinstance(layer, AdaptiveNorm) and layer.is_per_image)
        and layer.running_mean is not None
    ]


def _watch(layer: _Adaptable) -> _Watched:
    mean, var = layer.get_buffer("running_mean"), layer.get_buffer("running_var")
    return _Watched(
        layer=layer,
        mean=mean.clone(),
        var=var.clone(),
        weight=None if layer.weight is None else layer.weight.detach().clone(),
        bias=None if layer.bias is None else layer.bias.detach().clone(),
    )


def _by_batch(layer: _Adaptable) -> None:
    """Have it normalize by the batch, in evaluation mode."""
    if isinstance(layer, Norm):
        layer.eval_stats = "batch"
    else:  # torch's take the batch's where they have no averages
        layer.running_mean = layer.running_var = None


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance per channel, (C,) each, of (N, C, …)."""
    x = _as_images(x) if x.dim() != 4 else x
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    if wide.device.type == "cpu":  # as batch norm measures them, several times as quick
        mean, var = _measure_batch(wide, *wide.new_zeros(2, wide.shape[1]).unbind(), 0.0)
    else:
        var, mean = torch.var_mean(wide, (0, 2, 3), correction=0)
    return mean, var
