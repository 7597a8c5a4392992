"""Whose values a norm takes one statistic of, by the norm's name."""

from dataclasses import dataclass

from afn.settings.norms import NORM_ROWS

CHANNEL, HALF, MAP = "channel", "half", "map"
IMAGE, GROUP, VALUE = "image", "group", "value"
WORDS = {
    CHANNEL: "one channel, all images",
    HALF: "one channel, this ghost batch's images",
    MAP: "one channel, one image",
    IMAGE: "all channels, one image",
    GROUP: "a group of channels, one image",
    VALUE: "each value for itself",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Sharing:
    """A norm's sets, each with a statistic of its own, and what it makes of them."""

    training: tuple[str, ...]
    formula: str
    """In LaTeX."""
    test: tuple[str, ...] | None = None
    """None where it is as in training."""
    is_kept: bool = False
    """Whether tests take running averages."""
    takes: str = "μσ"
    """What is taken of the values of a set: mean μ, spread σ, size ν."""


_BY_MAP = r"\gamma\,\frac{x-\mu_{nc}}{\sigma_{nc}}+\beta"
_BY_GROUP = r"\gamma\,\frac{x-\mu_{ng}}{\sigma_{ng}}+\beta"
SHARING = {
    "afn": Sharing(
        training=(CHANNEL,),
        formula=r"\hat\gamma\,\frac{x-\hat\mu_c}{\hat\sigma_c}+\hat\beta,\quad "
        r"\hat\mu_c=(1-\lambda)\,\mu_c+\lambda\,\mathrm{net}(\mu)",
    ),
    "asrnorm": Sharing(
        training=(MAP,),
        formula=r"\hat\gamma\,\frac{x-\hat\mu_{nc}}{\hat\sigma_{nc}}+\hat\beta,\quad "
        r"\hat\mu_{nc}=(1-\lambda)\,\mu_{nc}+\lambda\,\mathrm{net}(\mu_n)",
    ),
    "bn": Sharing(
        training=(CHANNEL,), test=(), is_kept=True,
        formula=r"\gamma\,\frac{x-\mu_c}{\sigma_c}+\beta",
    ),
    "in": Sharing(training=(MAP,), formula=_BY_MAP),
    "gn": Sharing(training=(GROUP,), formula=_BY_GROUP),
    "ln": Sharing(training=(IMAGE,), formula=r"\gamma\,\frac{x-\mu_n}{\sigma_n}+\beta"),
    "bin": Sharing(
        training=(MAP, CHANNEL), test=(MAP,), is_kept=True,
        formula=r"\gamma\left(\rho\,\frac{x-\mu_c}{\sigma_c}"
        r"+(1-\rho)\frac{x-\mu_{nc}}{\sigma_{nc}}\right)+\beta",
    ),
    "sn": Sharing(
        training=(MAP, IMAGE, CHANNEL), test=(MAP, IMAGE), is_kept=True,
        formula=r"\gamma\,\frac{x-\sum_k w_k\mu_k}{\sqrt{\sum_k w'_k\sigma_k^2}}+\beta",
    ),
    "frn": Sharing(
        training=(MAP,), takes="ν",
        formula=r"\max\!\left(\gamma\,\frac{x}{\sqrt{\overline{x^2}_{nc}}}+\beta,\ \tau\right)",
    ),
    "evos0": Sharing(
        training=(GROUP,), takes="σ",
        formula=r"\gamma\,\frac{x\cdot\mathrm{sigmoid}(v x)}{\sigma_{ng}}+\beta"
    ),
    "evob0": Sharing(
        training=(MAP, CHANNEL), test=(MAP,), is_kept=True, takes="σ",
        formula=r"\gamma\,\frac{x}{\max(\sigma_c,\ v x+\sigma_{nc})}+\beta",
    ),
    "dyt": Sharing(training=(VALUE,), formula=r"\gamma\,\tanh(\alpha x)+\beta"),
    "brn": Sharing(
        training=(CHANNEL,), test=(), is_kept=True,
        formula=r"\gamma\left(\frac{x-\mu_c}{\sigma_c}\,r+d\right)+\beta",
    ),
    "wsgn": Sharing(training=(GROUP,), formula=_BY_GROUP + r",\quad x=\hat W * z"),
    "gbn": Sharing(
        training=(HALF,), test=(), is_kept=True, formula=r"\gamma\,\frac{x-\mu_g}{\sigma_g}+\beta"
    ),
    "none": Sharing(training=(VALUE,), formula="x"),
}  # fmt: skip


def sets_of(norm: str, *, is_test: bool) -> tuple[str, ...]:
    """What shares a statistic; nothing where all is remembered."""
    of = SHARING[norm]
    return of.training if not is_test or of.test is None else of.test


def is_kept(norm: str, *, is_test: bool) -> bool:
    """Whether what training measured is taken, now."""
    return is_test and SHARING[norm].is_kept


def proposes(norm: str) -> bool:
    """Whether small networks read statistics, and propose others."""
    return NORM_ROWS[norm].is_adaptive
