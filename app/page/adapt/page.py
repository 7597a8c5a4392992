"""Adapting: networks live on a stream of test images, side by side, and some of them fall."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from afn.adapt.plan import ORDER_WORDS, STREAM_ORDERS, STREAM_WAYS
from afn.pretrained.cards import Card

from ...kit import backend, jobs, measured, routes
from ...kit.batch_controls import corruption
from ...kit.draw.legend import legend_html
from ...kit.jobs import Job
from ...kit.markdown import plain, warn
from ...kit.plot import caption, csv_button, heading, markup, plot, say
from . import charts, published
from .charts import QUANTITIES, Living
from .view import (
    BATCHES,
    CORRUPTIONS,
    IMAGES,
    NUMBERS,
    VIEW,
    AdaptView,
    all_tasks,
    command_of,
    groups,
    sheets_task,
    stream_tasks,
    title_of,
)
from .words import ABOUT, HELP

TITLE, PATH = "Adapting", "adapt"
"""In the tab, and in the address."""
_HEIGHT = 520
"""Pixels that are kept free for figures to come."""


def render() -> None:
    """Draw the page."""
    _, problems = VIEW.begin()
    st.title("Adapting", anchor=False)
    say(
        "Tested on a **stream**, a network can adapt as it goes, without being told what is right. "
        "Who gains, and who falls?"
    )
    offered = groups()
    named = VIEW.take().group
    if VIEW.settle("group", offered) != named:
        problems.append(f"In the link, of={named[:40]}: no such pair here. The default is used.")
    warn(problems)
    _controls(offered)
    if not VIEW.take().ways:
        st.info("Choose who is to live on the stream.", icon=":material/arrow_upward:")
        VIEW.write(VIEW.take())
        return
    backend.runner().start()

    def ask_now() -> tuple[Job]:
        VIEW.keep()
        return (jobs.ask("adapt", all_tasks(VIEW.take()), starts=True),)

    jobs.part(ask_now, _draw)
    _published()


def _controls(offered: Mapping[str, Card]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        VIEW.choice("group", "Networks", list(offered), like=st.selectbox, width=130)
        VIEW.choice(
            "order", "Order", STREAM_ORDERS, like=st.selectbox,
            titles=lambda order: ORDER_WORDS[order], width=250,
        )  # fmt: skip
        card = offered[VIEW.take().group]
        corruption(VIEW, CORRUPTIONS, card.config.dataset, card.inputs.image_shape)
        st.slider("Severity", 0, 5, key=VIEW.key("severity"), help=HELP["severity"], width=130)
        if VIEW.take().order != "one at a time":
            VIEW.choice("batch_size", "Batch", BATCHES, like=st.selectbox, width=90)
        VIEW.choice("images", "Images", IMAGES, like=st.selectbox, width=100)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        VIEW.choice("ways", "Contenders", STREAM_WAYS, like=st.pills)
        for way in VIEW.take().contenders:
            if number := NUMBERS.get(way):
                field, label, values = number
                VIEW.choice(field, label, values, like=st.selectbox, width=110)


def _draw(asked: Job) -> None:
    view = VIEW.take()
    tasks = stream_tasks(view)
    living = [
        Living(way=way, title=title_of(way, view), steps=task.steps())
        for way, task in tasks.items()
    ]
    jobs.show("adapt", asked)
    known = min(len(each.steps) for each in living)
    if not known:
        if asked.is_running:
            st.skeleton(height=_HEIGHT)
        VIEW.write(view)
        return
    at = known if asked.is_running or not 0 < view.at <= known else view.at
    classes = next(iter(tasks.values())).network.class_names
    _figures(view, living, known, at, classes, is_running=asked.is_running)
    view = VIEW.take()
    is_newest = not asked.is_running and at == known
    VIEW.write(replace(view, at=0) if is_newest else view)


def _figures(
    view: AdaptView,
    living: Sequence[Living],
    known: int,
    at: int,
    classes: Sequence[str],
    *,
    is_running: bool,
) -> None:
    plan = view.plan
    say(f"**{plain(charts.fall_words(living, classes))}**")
    left, right = st.columns(2, gap="medium")
    with left:
        heading("Accuracy", "adapt.accuracy", ABOUT["accuracy"], kind="live" if is_running else "")
        markup(legend_html(each.entry for each in living))
        words = charts.accuracy_reading(living)
        plot(charts.accuracy_figure(living, plan, at), words, "adapt.accuracy")
    with right:
        heading("What they answer", "adapt.answers", ABOUT["answers"])
        words = charts.answers_reading(living, classes)
        plot(charts.answers_figure(living, plan, at, classes), words, "adapt.answers")
    _hand(view, known, at, is_running=is_running)
    sheet = sheets_task(view)
    if sheets := sheet.sheets():
        heading(f"Batch {at}", "adapt.batch", ABOUT["batch"], taken="A batch")
        markup(charts.batch_html(living, at, sheets[at - 1], classes, sheet.image_shape[0]))
    heading("What moves", "adapt.moves", ABOUT["moves"])
    for pair in (("entropy", "pull"), ("moved", "rescaled")):
        for column, quantity in zip(st.columns(2), pair, strict=True):
            with column:
                plot(
                    charts.quantity_figure(living, plan, at, quantity),
                    charts.quantity_reading(living, quantity), f"adapt.{quantity}",
                    about=QUANTITIES[quantity][0], is_told=True,
                )  # fmt: skip
    markup(charts.living_table(living))
    if words := charts.lambda_words(living):
        caption(plain(words))
    csv_button(
        "Every batch (CSV)", lambda: charts.stream_table(living), "adapting",
        f"{view.group}-bn and {view.group}-afn, one training each; the first {plan.images:,} test "
        "images, shuffled by seed 0.",
    )  # fmt: skip
    st.code(command_of(view), language="shell", wrap_lines=True)


def _hand(view: AdaptView, known: int, at: int, *, is_running: bool) -> None:
    """The batch that is looked at, and what puts networks back."""
    if is_running or known < 2:
        return
    VIEW.set(at=at)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.slider("Batch", 1, known, key=VIEW.key("at"), width="stretch")
        st.button(
            f"Reset at batch {at}", icon=":material/restart_alt:", key="adapt.reset",
            on_click=_put_back, args=(at,), disabled=at == 1, help=HELP["reset"],
        )  # fmt: skip
        if view.resets:
            st.button(
                "Without resets", icon=":material/undo:", key="adapt.undo", type="tertiary",
                on_click=lambda: VIEW.set(resets=()),
            )  # fmt: skip


def _put_back(at: int) -> None:
    resets = dict.fromkeys([*VIEW.take().resets, str(at)])
    VIEW.set(resets=sorted(resets, key=int))


def _published() -> None:
    """The benchmark's protocol: here, and in print."""
    try:
        results = measured.streams()
    except (ValueError, OSError) as error:
        warn([str(error)])
        return
    heading("By the benchmark’s protocol", "adapt.published", ABOUT["published"],
            kind="precomputed")  # fmt: skip
    rows = published.protocol_rows(results)
    if rows:
        reading = published.protocol_reading(rows)
        plot(published.protocol_figure(rows), reading, "adapt.published")
        caption(plain(published.protocol_source(rows)))
    if told := published.lacking_words(rows):
        caption(plain(told))
    csv_button(
        "All of its errors (CSV)", lambda: published.protocol_table(results), "adapting-protocol"
    )
    st.page_link(
        routes.to("ablations"), query_params={"sweep": "adapting-batch-size"},
        label="Ablations of adapting", icon=":material/tune:",
    )  # fmt: skip
