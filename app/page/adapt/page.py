"""Adapting: networks live on a stream of test images, side by side, and some of them fall."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from afn.adapt.plan import ORDER_WORDS, STREAM_ORDERS, STREAM_WAYS
from afn.pretrained.cards import Card

from ...kit import backend, jobs, measured, routes
from ...kit.batch_controls import corruption
from ...kit.draw.live_chart import live_chart, told_by
from ...kit.jobs import Job
from ...kit.markdown import plain, warn
from ...kit.plot import caption, csv_button, heading, plot, say
from ...kit.stage import without_numbers
from ...kit.take import offer
from ...kit.view import in_session
from . import charts, published, take
from .living import Flow, fall_words, lambda_words, stream_table
from .view import (
    BATCHES,
    CORRUPTIONS,
    IMAGES,
    NUMBERS,
    VIEW,
    AdaptView,
    Arrivals,
    all_tasks,
    groups,
    sheets_task,
    stream_tasks,
    title_of,
)
from .words import ABOUT, HELP

TITLE, PATH = "Adapting", "adapt"
"""In the tab, and in the address."""
_HAND, _BATCH = "adapt.hand", "adapt.batch"


def render() -> None:
    """Draw the page."""
    arrives, problems = VIEW.begin()
    in_session(Arrivals).number += arrives
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
        VIEW.choice("ways", "Contenders", STREAM_WAYS, like=st.pills, wrap=True)
        for way in VIEW.take().contenders:
            if number := NUMBERS.get(way):
                field, label, values = number
                VIEW.choice(field, label, values, like=st.selectbox, width=110)


def _draw(asked: Job) -> None:
    view = VIEW.take()
    tasks = stream_tasks(view)
    titles = {way: title_of(way, view) for way in tasks}
    classes = next(iter(tasks.values())).network.class_names
    flow = Flow(tasks, titles, classes, is_running=asked.is_running)
    jobs.show("adapt", asked)
    known = min(len(each.steps) for each in flow.look())
    if not (known or asked.is_running):
        VIEW.write(view)
        return
    if not asked.is_running and view.at >= known:
        VIEW.set(at=0)  # the newest
        view = VIEW.take()
    VIEW.write(view)
    with st.container():  # beyond it, the hand is not in the way
        _figures(view, flow, known)


def _figures(view: AdaptView, flow: Flow, known: int) -> None:
    plan, sheets = view.plan, sheets_task(view)
    key = (tuple(f"{task.name}" for task in flow.tasks.values()), tuple(flow.titles.values()))
    say(f"**{plain(fall_words(flow.look(), flow.classes, is_over=flow.is_over))}**")
    left, right = st.columns(2, gap="medium")
    with left:
        heading(
            "Accuracy", "adapt.accuracy", ABOUT["accuracy"], kind="live" if flow.is_running else ""
        )
        make = partial(charts.accuracy_chart, flow, plan)
        live_chart("adapt.accuracy", "Accuracy", key, make)
    with right:
        heading("What they answer", "adapt.answers", ABOUT["answers"])
        make = partial(charts.answers_chart, flow, plan)
        live_chart("adapt.answers", "What they answer", key, make)
    waits = flow.is_running and view.at > known
    with st.container(key="adapt-hand"):
        live_chart(
            _HAND, "Batches", key, partial(charts.hand_chart, flow, plan, sheets.id),
            props={
                "at": view.at or "", "plays": False,
                "arrival": None if waits else in_session(Arrivals).number,
            },
            told={"step": _choose},
        )  # fmt: skip
    heading("A batch", "adapt.batch", ABOUT["batch"])
    live_chart(
        _BATCH, "A batch", key, partial(charts.batch_chart, flow, plan, sheets),
        props={} if flow.is_running else {"resets": HELP["reset"]}, told={"reset": _put_back},
    )  # fmt: skip
    if view.resets:
        st.button(
            "Without resets", icon=":material/undo:", key="adapt.undo", type="tertiary",
            on_click=lambda: VIEW.set(resets=()),
        )  # fmt: skip
    heading("What moves", "adapt.moves", ABOUT["moves"])
    live_chart("adapt.moves", "What moves", key, partial(charts.moves_chart, flow, plan))
    live_chart("adapt.table", "All contenders", key, partial(charts.table_chart, flow))
    if words := lambda_words(flow.look()):
        caption(plain(words))
    sorting = ", then sorted by class" if plan.order == "sorted" else ""
    csv_button(
        "Every batch (CSV)", lambda: stream_table(flow.look()), "adapting",
        f"{view.group}-bn and {view.group}-afn, one training each; the first {plan.images:,} test "
        f"images, shuffled by seed 0{sorting}.",
    )  # fmt: skip
    offer("adapt", lambda: [take.program(view, flow)])


def _choose() -> None:
    step = told_by(_HAND, "step")
    VIEW.set(at=int(step) if step else 0)


def _put_back() -> None:
    at = int(told_by(_BATCH, "reset"))
    resets = dict.fromkeys([*VIEW.take().resets, str(at)])
    VIEW.set(resets=sorted(resets, key=int), at=at)


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
        with without_numbers("published"):
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
