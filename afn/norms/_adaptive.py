"""What AFN and ASRNorm share: everything but the axes of the statistics."""

import math
from typing import Any, ClassVar, Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout

from afn.norms._averages import TracksAverages
from afn.norms._base import EvalStats
from afn.norms._checks import check_choice, check_counts, check_eps, check_eval_stats
from afn.norms._fused import fusable_parameters, fused, fused_by_averages
from afn.norms._lean import affine
from afn.norms._moments import Moments
from afn.norms._networks import Rescale, Standardize, bounded
from afn.norms._scale_shift import add_scale_and_shift, reset_scale_and_shift, scale_and_shift
from afn.norms._transforms import is_traced, wants_plain_operations, without_autocast
from afn.norms.trace import Trace
from afn.settings.lambda_init import LAMBDAS, LambdaInit

Formula = Literal["paper", "reference"]


class AdaptiveNorm(TracksAverages):
    """Normalization whose statistics and rescaling are partly the work of small networks.

    Example:
        >>> from afn import AFN2d, ASRNorm2d
        >>> from afn.norms import AdaptiveNorm
        >>> [issubclass(kind, AdaptiveNorm) for kind in (AFN2d, ASRNorm2d)]
        [True, True]
        >>> AFN2d.is_per_image, ASRNorm2d.is_per_image
        (False, True)
    """

    is_per_image: ClassVar[bool]
    """Whether each image is normalized by its own statistics."""
    _version = 3  # 3 tracks ASRNorm's running_sigma

    weight: nn.Parameter | None
    bias: nn.Parameter | None
    lambda_mu_logit: nn.Parameter
    lambda_sigma_logit: nn.Parameter
    lambda_gamma_logit: nn.Parameter
    lambda_beta_logit: nn.Parameter
    running_sigma: Tensor | None
    """ASRNorm: the running mean over images of σ, (C,); NaN where averages came without it."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        bias: bool = True,
        lambda_init: LambdaInit = LambdaInit.PAPER,
        stan_width: int | None = None,
        rescale_width: int | None = None,
        stat_dropout: float = 0.0,
        adaptive: bool = True,
        frozen_networks: bool = False,
        eval_stats: EvalStats = "batch",
        formula: Formula = "paper",
    ) -> None:
        check_counts(num_features=num_features)
        stan_width = max(1, num_features // 2) if stan_width is None else stan_width
        rescale_width = max(1, num_features // 16) if rescale_width is None else rescale_width
        check_counts(stan_width=stan_width, rescale_width=rescale_width)
        check_eps(eps)
        check_eval_stats(eval_stats, track_running_stats or self.is_per_image)
        check_choice("formula", formula, get_args(Formula))
        if not 0 <= stat_dropout < 1:
            raise ValueError(f"stat_dropout must be in [0, 1), got {stat_dropout!r}")
        if frozen_networks and not track_running_stats:
            raise ValueError(
                "frozen networks are given running averages, got track_running_stats=False: "
                "leave it on"
            )
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.affine = affine
        self.lambda_init = lambda_init
        self.rescale_gate = lambda_init.rescale_gate
        self.stat_dropout = stat_dropout
        self.adaptive = adaptive
        self.frozen_networks = frozen_networks
        self.eval_stats = eval_stats
        self.formula = formula
        self.lambda_overrides: dict[str, float] = {}
        """λ forced from outside by `override_lambdas`, by name."""

        given: dict[str, Any] = {"device": device, "dtype": dtype}
        add_scale_and_shift(self, affine, bias, **given)  # γ_bias, β_bias
        for name in LAMBDAS:
            logit = torch.tensor([self._start(name)], **given)
            is_off = getattr(lambda_init, name) == -math.inf
            parameter = nn.Parameter(logit, requires_grad=adaptive and not is_off)
            self.register_parameter(f"lambda_{name}_logit", parameter)
        if adaptive:
            self.standardize = Standardize(num_features, stan_width, **given)
            self.rescale = Rescale(num_features, rescale_width, **given)
        if self.is_per_image:
            sigma = torch.ones(num_features, **given) if track_running_stats else None
            self.register_buffer("running_sigma", sigma)
        self._start_averages(momentum, track_running_stats, **given)

    def _normalize(self, x: Tensor) -> Tensor:
        if wants_plain_operations(x) or (self._is_joint and (not self.is_per_image or not len(x))):
            return self._steps(x, self._kept(x), tracks=self.training).y
        by_averages = not self._measures
        if by_averages and torch.is_grad_enabled():
            return self._steps(x).y
        if self._is_usual(x) and (parameters := fusable_parameters(self)):
            if by_averages:
                return fused_by_averages(self, x, parameters)
            return fused(self, x, self._kept(x), parameters)
        if by_averages:
            scale, shift = self.running_affine()
            return affine(x, scale.view(1, -1, 1, 1), shift.view(1, -1, 1, 1)).to(x.dtype)
        return self._steps(x, self._kept(x), tracks=self.training).y

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Start anew: γ_bias, β_bias, λ, the networks (drawn again) and the running averages."""
        self.reset_running_stats()
        reset_scale_and_shift(self)
        for name in LAMBDAS:
            getattr(self, f"lambda_{name}_logit").fill_(self._start(name))
        for module in self.modules():
            if isinstance(module, nn.Linear):
                module.reset_parameters()

    def is_gated(self, name: str) -> bool:
        """Whether the λ of that name is the sigmoid of its parameter, and so in (0, 1)."""
        return name in ("mu", "sigma") or self.rescale_gate == "sigmoid"

    def lambdas(self) -> dict[str, float]:
        """The effective λ: mu, sigma, gamma, beta; overrides included.

        Where parameters are sharded over processes, all of these have to ask.
        """
        values: Any = self.lambda_values()
        if hasattr(values, "full_tensor"):
            values = values.full_tensor()
        return dict(zip(LAMBDAS, values.tolist(), strict=True))

    @torch.no_grad()
    def lambda_values(self) -> Tensor:
        """The same as one tensor, (4,), in that order: read on the device without waiting."""
        if self.rescale_gate == "sigmoid" and not self.lambda_overrides:  # all alike: one call
            logits = [getattr(self, f"lambda_{name}_logit") for name in LAMBDAS]
            return torch.cat(logits).sigmoid_()
        return torch.cat([self._lambda(name) for name in LAMBDAS])

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, track_running_stats={self.track_running_stats}, "
            f"stat_dropout={self.stat_dropout}, adaptive={self.adaptive}, "
            f"frozen_networks={self.frozen_networks}, "
            f"eval_stats={self.eval_stats!r}, formula={self.formula!r}, "
            f"rescale_gate={self.rescale_gate!r}"
        )

    @property
    def _measures(self) -> bool:
        """Whether statistics are those of the input, not the running averages."""
        uses_input = self.training or self.is_per_image or self.eval_stats == "batch"
        return uses_input or self.running_mean is None

    def _is_usual(self, x: Tensor) -> bool:
        """Whether it is the paper's formula, in the parameters' own dtype."""
        widened = torch.float64 if x.dtype == torch.float64 else torch.float32
        return self.formula == "paper" and self._dtype == widened

    @property
    def _dtype(self) -> torch.dtype:
        """That of the parameters."""
        return self.lambda_mu_logit.dtype

    def _kept(self, x: Tensor) -> Tensor | None:
        """The mask of statistic dropout, (2, n, C), for n images or one batch; None without."""
        if not (self.training and self.adaptive and self.stat_dropout) or self.frozen_networks:
            return None
        num = len(x) if self.is_per_image else 1
        ones = self.lambda_mu_logit.new_ones(2, num, self.num_features)
        return dropout(ones, self.stat_dropout)

    def _start(self, name: str) -> float:
        """Where the parameter of that λ starts."""
        start: float = getattr(self.lambda_init, name)
        return 0.0 if start == -math.inf and not self.is_gated(name) else start

    def _averages_given(self) -> Tensor | None:
        """What frozen networks are given whatever the input, (2, C); None for others.

        To be asked before an input moves the averages.

        Raises:
            ValueError: The averages are not known.
        """
        if not (self.frozen_networks and self.adaptive):
            return None
        if not is_traced():
            self._check_averages()
        mean, var = self._running()
        sigma = self.get_buffer("running_sigma") if self.is_per_image else self._sigma(var)
        return torch.stack((mean, sigma))

    def _check_averages(self) -> None:
        """Raise ValueError unless all is known that frozen networks are given."""
        self._running()
        if self.is_per_image and bool(self.get_buffer("running_sigma").isnan().any()):
            raise ValueError(
                "frozen networks are given the mean of σ over training images, which these weights "
                "came without: recalibrate(model, loader) measures it"
            )

    def _steps(
        self,
        x: Tensor,
        kept: Tensor | None = None,
        averages: Tensor | None = None,
        *,
        tracks: bool = False,
    ) -> Trace:
        if averages is None:
            averages = self._averages_given()
        # Autocast would run the small networks in half precision.
        with without_autocast(x):
            mu, var = self._mean_and_var(x, tracks=tracks)
            return Trace(x=x, **self._coefficients(mu, var, kept, averages))

    def _coefficients(
        self,
        mu: Tensor,
        var: Tensor,
        kept: Tensor | None = None,
        averages: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """The fields of the trace that follow from measured or tracked statistics.

        Args:
            mu: (C,) or (N, C).
            var: As mu.
            kept: Mask of the standardization's inputs, (2, n, C), or None.
            averages: What frozen networks are given instead, (2, C), or None.
        """
        sigma = self._sigma(var)
        gamma_bias, beta_bias = scale_and_shift(self, self.lambda_mu_logit)
        if not self.adaptive:
            return {
                "mu": mu, "sigma": sigma, "mu_hat": mu, "sigma_hat": sigma,
                "gamma_hat": gamma_bias, "beta_hat": beta_bias,
            }  # fmt: skip
        # standardization: the network's statistics, mixed with the measured ones
        given_mu, given_sigma = (mu, sigma) if averages is None else averages
        statistics = tuple(
            bounded(each.to(self._dtype).expand_as(mu)) for each in (given_mu, given_sigma)
        )
        given = statistics if kept is None else (kept.view(2, *mu.shape) * torch.stack(statistics))
        mu_stan, sigma_stan = self.standardize(*given)
        lambda_mu, lambda_sigma = self._lambda("mu"), self._lambda("sigma")
        mu_hat = lambda_mu * mu_stan + (1 - lambda_mu) * mu
        sigma_hat = lambda_sigma * sigma_stan + (1 - lambda_sigma) * sigma
        if self.formula == "paper":
            sigma_hat = sigma_hat.clamp(min=math.sqrt(self.eps))

        # rescaling: the network's bounded part beside the learned biases
        gamma_net, beta_net = self.rescale(*statistics)
        gamma_hat = self._lambda("gamma") * gamma_net + gamma_bias
        beta_hat = self._lambda("beta") * beta_net + beta_bias
        return {
            "mu": mu, "sigma": sigma, "mu_stan": mu_stan, "sigma_stan": sigma_stan,
            "mu_hat": mu_hat, "sigma_hat": sigma_hat,
            "gamma_net": gamma_net, "beta_net": beta_net,
            "gamma_hat": gamma_hat, "beta_hat": beta_hat,
        }  # fmt: skip

    def _mean_and_var(self, x: Tensor, *, tracks: bool) -> tuple[Tensor, Tensor]:
        if not self._measures:
            return self._running()
        images = Moments.of_images(x) if self.is_per_image else None  # (N, C)
        used = self._of_batch(x) if images is None else images
        if tracks:
            self._track(used if images is None else self._of_batch(x.detach(), images), images)
        if self.formula == "paper":
            return used.mean, used.var
        if not is_traced() and used.count == 1:
            raise ValueError(
                f"formula='reference' takes the unbiased variance, which needs more than one value "
                f"per statistic, got input of shape {tuple(x.shape)}: use formula='paper'"
            )
        return used.mean, used.unbiased_var

    @torch.no_grad()
    def _track(self, batch: Moments, images: Moments | None = None) -> None:
        if not self._tracks:
            return
        weight = self._weight_of_next_batch()
        batch.update(*self._running(), weight)
        if images is not None:
            running, sigma = self.get_buffer("running_sigma"), self._mean_sigma(images)
            running.copy_(torch.where(running.isnan(), sigma, running.lerp(sigma, weight)))

    def _mean_sigma(self, images: Moments) -> Tensor:
        """Over the images of all processes, (C,), in the averages' dtype."""
        var = images.var if self.formula == "paper" else images.unbiased_var
        sigma = self._sigma(var).to(self._dtype)
        if not self._is_joint:
            return sigma.mean(0)
        assert self._processes is not None
        count = sigma.new_full((1,), len(sigma))
        totals = self._processes.sum(torch.cat((sigma.sum(0), count)))
        return totals[:-1] / totals[-1]

    def reset_running_stats(self) -> None:
        super().reset_running_stats()
        if self.is_per_image and self.track_running_stats:
            self.get_buffer("running_sigma").fill_(1)

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *args: Any
    ) -> None:
        sigma, version = self._buffers.get("running_sigma"), local_metadata.get("version")
        if sigma is not None and (version is None or version < 3):
            state_dict.setdefault(f"{prefix}running_sigma", torch.full_like(sigma, math.nan))
        for name in LAMBDAS:  # scalars in checkpoints of old
            key = f"{prefix}lambda_{name}_logit"
            if key in state_dict and state_dict[key].dim() == 0:
                state_dict[key] = state_dict[key].reshape(1)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)

    def _sigma(self, var: Tensor) -> Tensor:
        return (var + self.eps).sqrt()

    def _lambda(self, name: str) -> Tensor:
        parameter: Tensor = getattr(self, f"lambda_{name}_logit")
        if name in self.lambda_overrides:
            return torch.full_like(parameter, self.lambda_overrides[name])
        return parameter.sigmoid() if self.is_gated(name) else parameter
