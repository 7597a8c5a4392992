"""Start values of the four λ, free of torch so that configurations can be read anywhere."""

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

LAMBDAS = ("mu", "sigma", "gamma", "beta")
"""The four λ by name, in the order that records and tensors of all four keep."""
GREEK = {"mu": "λ_μ", "sigma": "λ_σ", "gamma": "λ_γ", "beta": "λ_β"}
"""As people write them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LambdaInit:
    r"""Where the λ of AFN and ASRNorm start.

    The fields are logits, :math:`\lambda = \mathrm{sigmoid}(\text{field})`; minus infinity is
    λ = 0 exactly and freezes that λ. With ``rescale_gate="linear"`` the fields ``gamma`` and
    ``beta`` are λ themselves, without a sigmoid (unbounded, as in the published code).

    Presets: ``PAPER`` (0.0474 and 0.0067), ``REFERENCE`` (the published code's real start: 0.512,
    rescaling λ 0.0067 and ungated), ``OPEN`` (0.5 each), ``OFF`` (0, frozen).

    Source: arXiv 2308.03321, sections 3.1 and 3.2.

    Example:
        >>> from afn import AFN2d, LambdaInit
        >>> AFN2d(16, lambda_init=LambdaInit.OPEN).lambdas()
        {'mu': 0.5, 'sigma': 0.5, 'gamma': 0.5, 'beta': 0.5}
        >>> half = LambdaInit(mu=0.0, sigma=0.0, gamma=float("-inf"), beta=float("-inf"))
        >>> AFN2d(16, lambda_init=half).lambdas()
        {'mu': 0.5, 'sigma': 0.5, 'gamma': 0.0, 'beta': 0.0}
    """

    mu: float = -3.0
    """Logit of λ_μ, the share of the network's mean."""
    sigma: float = -3.0
    """Logit of λ_σ, the share of the network's standard deviation."""
    gamma: float = -5.0
    """Logit of λ_γ (or λ_γ itself with a linear gate)."""
    beta: float = -5.0
    """Logit of λ_β (or λ_β itself with a linear gate)."""
    rescale_gate: Literal["sigmoid", "linear"] = "sigmoid"
    """How λ_γ and λ_β are read from their parameters."""

    PAPER: ClassVar["LambdaInit"]
    REFERENCE: ClassVar["LambdaInit"]
    OPEN: ClassVar["LambdaInit"]
    OFF: ClassVar["LambdaInit"]
    PRESETS: ClassVar[dict[str, "LambdaInit"]]

    def __post_init__(self) -> None:
        if self.rescale_gate not in ("sigmoid", "linear"):
            raise ValueError(
                f"rescale_gate must be 'sigmoid' or 'linear', got {self.rescale_gate!r}"
            )
        for name in LAMBDAS:
            value = getattr(self, name)
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not is_number or math.isnan(value) or value == math.inf:
                raise ValueError(
                    f"the start of λ_{name} must be a finite logit, or -inf for 0, got {value!r}"
                )
            object.__setattr__(self, name, float(value))  # of a whole number no parameter is made

    def to_text(self) -> str:
        """The preset's name, or the logits, as a link says them; the inverse of `from_text`."""
        for name, preset in self.PRESETS.items():
            if self == preset:
                return name
        values = [repr(getattr(self, name)).removesuffix(".0") for name in LAMBDAS]
        return "_".join([*values, *(["linear"] if self.rescale_gate == "linear" else [])])

    @classmethod
    def from_text(cls, text: str) -> "LambdaInit":
        """A start from a preset's name or ``mu_sigma_gamma_beta``, ``_linear`` behind it or not.

        Raises:
            ValueError: It is neither.
        """
        if text in cls.PRESETS:
            return cls.PRESETS[text]
        *values, last = text.split("_")
        gate: Literal["linear", "sigmoid"] = "linear" if last == "linear" else "sigmoid"
        try:
            numbers = [float(value) for value in (values if gate == "linear" else [*values, last])]
        except ValueError:
            numbers = []
        if len(numbers) != 4:
            raise ValueError(
                f"the λ start is one of {', '.join(cls.PRESETS)} or four logits "
                f"(mu_sigma_gamma_beta), got {text[:40]!r}"
            )
        mu, sigma, gamma, beta = numbers
        return cls(mu=mu, sigma=sigma, gamma=gamma, beta=beta, rescale_gate=gate)

    def to_json(self) -> dict[str, float | str]:
        """Plain JSON values, which know no infinity."""
        return {name: "-inf" if v == -math.inf else v for name, v in asdict(self).items()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "LambdaInit":
        """The inverse of `to_json`."""
        found: dict[str, Any] = {n: -math.inf if v == "-inf" else v for n, v in values.items()}
        return cls(**found)

    @property
    def is_off(self) -> bool:
        """Whether all four λ are exactly zero and frozen."""
        return all(value == -math.inf for value in (self.mu, self.sigma, self.gamma, self.beta))


def _sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-logit))


LambdaInit.PAPER = LambdaInit()
LambdaInit.REFERENCE = LambdaInit(
    mu=_sigmoid(-3.0),
    sigma=_sigmoid(-3.0),
    gamma=_sigmoid(-5.0),
    beta=_sigmoid(-5.0),
    rescale_gate="linear",
)
LambdaInit.OPEN = LambdaInit(mu=0.0, sigma=0.0, gamma=0.0, beta=0.0)
LambdaInit.OFF = LambdaInit(mu=-math.inf, sigma=-math.inf, gamma=-math.inf, beta=-math.inf)
LambdaInit.PRESETS = {
    "paper": LambdaInit.PAPER,
    "reference": LambdaInit.REFERENCE,
    "open": LambdaInit.OPEN,
    "off": LambdaInit.OFF,
}
