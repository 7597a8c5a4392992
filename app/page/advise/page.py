"""Should I use it? A model of one's own in every way, and a recommendation by rules."""

import streamlit as st

from afn.advice.findings import TEST_BATCH
from afn.advice.recommend import Recommendation, way_words
from afn.wording import count_words

from ...kit import backend
from ...kit.draw.legend import Entry, legend_html
from ...kit.draw.table import tag
from ...kit.markdown import plain, warn
from ...kit.plot import caption, heading, markup, plot, say
from . import asking, charts, pasted
from .view import VIEW, known, reference
from .words import ABOUT

TITLE, PATH = "Should I use it?", "advise"
"""In the tab, and in the address."""
COMMAND = "python -m afn advise my.py:build --data FOLDER"
_ICONS = {
    "keep": ":material/check_circle:", "test batch": ":material/groups:",
    "convert": ":material/swap_horiz:", "trade": ":material/balance:",
    "no verdict": ":material/help:",
}  # fmt: skip


def render() -> None:
    """Draw the page."""
    _, problems = VIEW.begin()
    asking.settle()
    st.title("Should I use it?", anchor=False)
    asking.render()
    found = known()
    named = VIEW.take().of
    if VIEW.settle("of", found) != named and named:
        problems.append("In the link: there is no such advice here. Another is shown.")
    if len(found) > 1:
        titles = {
            name: f"{each.findings.model} on {backend.data_words(each.findings.dataset)}"
            for name, each in found.items()
        }
        VIEW.choice("of", "Model", titles)
    warn(problems)
    chosen = found[VIEW.take().of]
    VIEW.write(VIEW.take())
    findings, recommended = chosen.findings, chosen.recommendation
    say(f"{_ICONS[recommended.choice]} **{plain(recommended.sentence)}**")
    plan = findings.plan
    caption(
        plain(
            f"{findings.model} on {backend.data_words(findings.dataset)}: "
            f"{count_words(plan.seeds, 'seed')} of {plan.steps:,} steps, "
            f"{findings.num_images:,} test images, {findings.machine}."
        )
    )
    if charts.compared(findings):
        is_ours = chosen is reference()
        heading(
            "What it gains", "advise.gain", ABOUT["gain"], kind="precomputed" if is_ours else ""
        )
        marks = "".join(tag("span", each) for each in ("● under corruption", "○ clean"))
        markup(tag("div", marks, css="afn-key"))
        plot(charts.gain_figure(findings), charts.gain_reading(findings), "advise.gain")
        heading("In small batches", "advise.batches", ABOUT["batches"])
        markup(
            legend_html(
                Entry(way_words(way.name), charts.color_of(way.name),
                      "dashed" if way.name == TEST_BATCH else "line")
                for way in findings.ways if way.batches
            )
        )  # fmt: skip
        plot(charts.batches_figure(findings), charts.batches_reading(findings), "advise.batches")
    heading("All numbers", "advise.ways", ABOUT["ways"])
    markup(charts.ways_table(findings))
    _limits(recommended)
    st.markdown("Your own model, on your own data:")
    st.code(COMMAND, language="shell", wrap_lines=True)
    pasted.render()


def _limits(recommended: Recommendation) -> None:
    for title, lines in {
        "It rests on": recommended.rests_on, "It does not show": recommended.does_not_show,
    }.items():  # fmt: skip
        if lines:
            say("\n".join([f"**{title}**", "", *(f"- {plain(line)}" for line in lines)]))
