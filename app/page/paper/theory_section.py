"""Paper: what theory says of gains and gradients, beside what was measured."""

import streamlit as st

from ...kit.heading import heading
from ...kit.markdown import plain
from ...kit.plot import csv_button, plot
from . import evidence
from .charts import theory as charts
from .charts.theory import first_steps
from .words import ABOUT

_DERIVATION = r"""
**Networks and logits.** With $\lambda_\sigma = \mathrm{sigmoid}(l)$ and

$$
\hat\sigma = \lambda_\sigma\,\sigma_{stan} + (1 - \lambda_\sigma)\,\sigma
$$

the chain rule gives, for the networks' weights θ and the logit,

$$
\frac{\partial L}{\partial \theta} = \lambda_\sigma \sum_c
\frac{\partial L}{\partial \hat\sigma_c}\,\frac{\partial \sigma_{stan,c}}{\partial \theta},
\qquad
\frac{\partial L}{\partial l} = \lambda_\sigma (1 - \lambda_\sigma) \sum_c
(\sigma_{stan,c} - \sigma_c)\,\frac{\partial L}{\partial \hat\sigma_c}.
$$

A small λ makes the networks learn slowly, and λ itself as slowly.

**One layer.** BN divides by σ, AFN by $\hat\sigma$. Behind its ReLU $\sigma_{stan} \ge 0$, so

$$
\frac{\sigma}{\hat\sigma} = \frac{1}{1 - \lambda_\sigma + \lambda_\sigma\,\sigma_{stan}/\sigma}
\le \frac{1}{1 - \lambda_\sigma} = a,
$$

1.05, 2 and 20 for $\lambda_\sigma$ = 0.047, 0.5 and 0.95; where the ReLU gives 0 it is the limit.

**Many layers.** Multiplied over $n$ layers the limit is $a^n$. Let every ReLU give 0, and all other
λ be 0. Layer $k$ then puts out $a$ times what BN does. The next convolution carries that on, and
the next layer's own deviation is $a\,\sigma_{k+1}$: it is divided out, and $a$ times BN comes out
again, not $a^2$. On the way back a layer multiplies by

$$
\frac{a}{a\,\sigma_{k+1}} = \frac{1}{\sigma_{k+1}},
$$

as BN does. A kernel's gradient is its input ($a$ times BN's) times what comes back (BN's, for the
same error at the logits): **$a$ times BN's in any depth.** Convolutions, ReLU, pooling and
shortcuts pass a factor on, and at the start $\beta = 0$. The arithmetic is `afn.stats.gain`; its
tests hold it against autograd.

**Where it fails.** With $\lambda_\mu > 0$ the mean is not all subtracted:
$x - \hat\mu = (x - \mu) + \lambda_\mu (\mu - \mu_{stan})$. What stays is the same for all pixels,
adds up over layers, and stays in the gradient, too. With all λ open
$\hat\gamma \le 1 + \lambda_\gamma$ makes layers louder besides; and louder logits err alike on all
images. `python -m benchmarks.first_gradients` takes these apart.
"""


def render(network: str, told: str) -> None:
    """Draw the section; nothing where no start of λ was trained beside BN."""
    steps = first_steps(evidence.courses(network))
    if not steps:
        return
    heading(
        "What theory says of that", "paper.theory", ABOUT["theory"], kind="precomputed",
        is_part=True,
    )  # fmt: skip
    left, right = st.columns(2)
    with left:
        words = charts.gain_reading(steps)
        st.markdown(r"**One layer:** how loud beside BN, by $\lambda_\sigma$; a dot is a layer")
        plot(charts.gain_figure(steps), words, "paper.gain")
    with right:
        words = charts.gradient_reading(steps)
        st.markdown("**The network:** measured (dot), a layer's limit (tick), product (bar)")
        plot(charts.gradient_figure(steps), words, "paper.first")
    st.markdown(charts.failing(steps))
    if words := charts.logits_reading(steps):
        st.markdown(plain(words))
    st.caption(plain(f"{told} · first batch and first step, before anything is learned"))
    st.markdown("[Try it: do gains multiply?](./lessons?lesson=gain)")
    with st.expander("The derivation", icon=":material/function:"):
        st.markdown(_DERIVATION)
    csv_button(
        "Gains and limits (CSV)", lambda: charts.theory_table(steps), "gains", key="csv.gains",
    )  # fmt: skip
