"""Paper: what theory says of gains and gradients, beside what was measured."""

import streamlit as st

from ...kit.markdown import lettered, plain
from ...kit.plot import caption, csv_button, heading, plot, say
from . import evidence
from .charts import theory as charts
from .charts.theory import first_steps
from .words import ABOUT


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
    say(lettered(charts.failing(steps)))
    if words := charts.logits_reading(steps):
        say(plain(words))
    caption(plain(f"{told} · first batch and first step, before anything is learned"))
    st.markdown("[The derivation, and try it: do gains multiply?](./lessons?lesson=gain)")
    csv_button("Gains and limits (CSV)", lambda: charts.theory_table(steps), "gains")
