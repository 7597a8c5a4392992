"""Accuracy under corruptions, and where a gain comes from: networks or test-batch statistics."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from afn.ask.records import Place
from afn.data import dataset_entry
from afn.png import data_uri
from afn.wording import count_words, percent

from ...kit import backend, card_view, cards, families, jobs, learned, networks, routes
from ...kit.batch_controls import BATCH_SIZES, ORDERS, STATISTICS
from ...kit.draw.corruptions import group_title
from ...kit.draw.estimates import Tested
from ...kit.draw.legend import Entry, legend_html
from ...kit.handout.screen import screen
from ...kit.jobs import Job
from ...kit.learned import never_learned
from ...kit.markdown import plain, warn
from ...kit.networks import Chosen
from ...kit.offers import Choice, newest
from ...kit.plot import caption, heading, markup, plot, say
from ...kit.stage import StageNumber, stage_numbers
from ...kit.take import offer
from . import grid_section, label_shift
from . import take as corruptions
from .charts import batches, samples, steps
from .view import (
    CLEAN,
    IMAGES,
    KINDS,
    MAX_MODELS,
    VIEW,
    RobustnessView,
    as_shipped,
    batch_points,
    batch_tasks,
    corruptions_for,
    datasets_of,
    fitting,
    largest_batch,
    misfits,
    num_corruptions,
    pictures_file,
    shift_tasks,
    start,
    starts,
    tested,
    way_steps,
    whole_grid,
)
from .words import ABOUT

TITLE, PATH = "Robustness", "robustness"
"""In the navigation, and in the address."""

_PICTURES = {"flipped": "that flip", "disagree": "models disagree on", "first": "the first"}
_THAT = {"flipped": "that flips", "disagree": "that the models disagree on", "first": "at all"}
_CARDS = 12
_WAY_HEIGHT, _BATCHES_HEIGHT = 238, 400
"""Pixels that are kept free for the figures to come."""
_NO_IMAGE = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="


def render() -> None:
    """Draw the page."""
    is_asked, problems = VIEW.begin()
    st.title("Robustness", anchor=False)
    say("Images that are noisy, blurred, foggy or pale: who still answers right, and **why**?")
    offered = [
        each
        for each in networks.choices()
        if each.config.dataset
        or (each.is_own and families.own_fitting(networks.network_of(each.id)))
    ]
    if not offered:
        routes.nothing_yet(
            "**No trained network yet.** Train some in the Playground, BN and AFN among them; "
            "once they have ended they can be tested here."
        )
        return
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        _models(offered)
    chosen, missing = networks.opened(VIEW.take().models)
    if is_asked and chosen:
        problems += misfits(chosen, VIEW.take())
    if VIEW.take().baseline not in [each.network.id for each in chosen]:
        VIEW.set(baseline="")
    warn([*problems, *missing])
    if not chosen:
        st.info("Choose a model above.", icon=":material/arrow_upward:")
        return
    trained = [each for each in chosen if each.network.rebuilt is None]
    screen().configs = {each.label: each.network.config for each in trained}
    _controls(chosen, row)
    shown = [cards.card_of(each.network.id) for each in chosen if each.is_pretrained]
    chosen, others = fitting(chosen, VIEW.take().dataset, backend.data_words)
    warn(others)
    VIEW.write(VIEW.take())
    if not _has_answers(chosen):
        st.markdown(
            "The records of these models hold no answers to corrupted images, so there is nothing "
            "to show without the images. How pretrained models do on other **domains** is on the "
            "Domains page."
        )
        return
    backend.runner().start()
    _shift(chosen)
    st.page_link(routes.to("adapt"), label="See them adapt to a stream", icon=":material/water:")
    card_view.cards(shown, key="robustness")
    label_shift.render(chosen)
    grid_section.render(chosen)


def _has_answers(chosen: Sequence[Chosen]) -> bool:
    """Whether images can be asked about here, or were asked about for the models' cards."""
    view = VIEW.take()
    return families.is_here(view.dataset) or any(
        num_corruptions(whole_grid(each, view.question(each.network))) for each in chosen
    )


def _models(offered: Sequence[Choice]) -> None:
    titles = {choice.id: choice.title for choice in offered}
    first = ("bn", "asrnorm", "afn")
    VIEW.propose("models", newest(offered, MAX_MODELS, first=first, at_least=2))
    VIEW.pick("models", "Models", titles, max_selections=MAX_MODELS)


def _controls(chosen: Sequence[Chosen], place: DeltaGenerator) -> None:
    datasets = datasets_of(chosen)
    dataset = VIEW.settle("dataset", datasets)
    offered = corruptions_for(chosen, dataset)
    VIEW.settle("corruption", offered, RobustnessView().corruption)
    is_fixed = not families.is_here(dataset)
    if is_fixed:
        VIEW.set(**as_shipped(chosen))
        entry = dataset_entry(dataset)
        st.info(
            plain(
                f"The images of {entry.title} are not in the data folder. What the pretrained "
                f"models were asked for their cards is shown; to see images and to test otherwise: "
                f"{entry.how_to_get}."
            ),
            icon=":material/inventory_2:",
        )
    with place, st.popover("How they are tested", icon=":material/tune:"):
        VIEW.choice("stats", "Statistics", STATISTICS)
        VIEW.choice(
            "batch_size", "Test batch", BATCH_SIZES, like=st.select_slider, width=220,
            disabled=is_fixed,
        )  # fmt: skip
        VIEW.choice("order", "Batches", ORDERS, disabled=is_fixed)
        VIEW.choice(
            "images", "Test images", IMAGES, like=st.selectbox, width=110, disabled=is_fixed
        )
        VIEW.choice(
            "dataset", "Data set", datasets, like=st.selectbox, titles=backend.data_words, width=160
        )


# -- one corruption up close -----------------------------------------------------------------------


def _shift(chosen: Sequence[Chosen]) -> None:
    entries = [Entry(each.label, each.color) for each in chosen]
    heading(
        "One corruption, up close", "robustness.shift", ABOUT["shift"],
        side=lambda: markup(legend_html(entries), width="content"),
    )  # fmt: skip
    folder, is_here = backend.pictures(), families.is_here(VIEW.take().dataset)

    def ask_now() -> tuple[Job, Job]:
        VIEW.keep()
        view = VIEW.take()
        near = shift_tasks(chosen, view, folder)
        sizes = batch_tasks(chosen, view)
        return (
            jobs.ask("shift", near, starts=is_here),
            jobs.ask("batches", sizes, starts=is_here and starts("batches")),
        )

    def draw(near: Job, sizes: Job) -> None:
        with st.container(horizontal=True, gap="medium"):
            offered = corruptions_for(chosen, VIEW.take().dataset)
            VIEW.choice(
                "corruption", "Corruption", offered, like=st.selectbox, titles=group_title,
                width=200,
            )  # fmt: skip
            st.slider("Severity", 0, 5, key=VIEW.key("severity"), width=220)
            VIEW.choice("pictures", "Images", KINDS, titles=_PICTURES)
        view = VIEW.take()
        VIEW.write(view)
        known = [tested(each, view.question(each.network)) for each in chosen]
        learned.warn_of(
            each.label
            for each in known
            if CLEAN in each.cells and never_learned(each.cells[CLEAN].accuracy, view.dataset)
        )
        _numbers(view, known)
        _pictures(view, known, near)
        jobs.show("shift", near)
        _way(chosen, view, near)
        if is_here:
            _batches(chosen, view, sizes)
        if trained := networks.of_runs(chosen):
            offer("robustness.shift", lambda: corruptions.near(trained, view))

    jobs.part(ask_now, draw)


def _numbers(view: RobustnessView, known: Sequence[Tested]) -> None:
    """How many each reads right in what is shown, then on clean images, for the stage."""
    stage_numbers(
        StageNumber(each.label, percent(each.cells[place].accuracy), each.color, _about(place))
        for place in dict.fromkeys([view.place, CLEAN])
        for each in known
        if place in each.cells
    )


def _about(place: Place) -> str:
    return "clean" if place == CLEAN else f"{group_title(place[0])} {place[1]}"


def _pictures(view: RobustnessView, tested: Sequence[Tested], asked: Job) -> None:
    file = pictures_file(view, backend.pictures())
    pictures = backend.read_pictures(file)
    if pictures is None or not any(view.place in each.cells for each in tested):
        if asked.is_running:
            st.markdown("The networks are being tested on this corruption …")
            st.html(_blank_cards(len(tested)))
        elif any(view.place in each.cells for each in tested):
            say(plain(samples.flips_reading(tested, view.place)))
        return
    kept = len(pictures.labels)
    first = f"first {count_words(kept, 'image')}"
    those = samples.interesting(tested, view.place, _CARDS, view.pictures, limit=kept)
    names = pictures.class_names
    markup(
        samples.samples_html(
            [data_uri(pictures.images[view.severity, i]) for i in those],
            [names[pictures.labels[i]] for i in those],
            [samples.answers_of(tested, view.place, i, names) for i in those],
        )
    )
    say(plain(samples.flips_reading(tested, view.place)))
    if view.pictures == "disagree" and len(tested) < 2:
        st.caption("It takes two models to disagree. Choose another above.")
    elif not those:
        st.caption(f"Among the {first} there is none {_THAT[view.pictures]}.")
    elif len(those) < _CARDS and view.pictures != "first":
        st.caption(f"These are all {_THAT[view.pictures]} among the {first}.")


def _blank_cards(num_models: int) -> str:
    """What takes as much room as the cards to come."""
    nothing = samples.Guess("", "transparent", "…", 0, is_right=True)
    cards = samples.samples_html(
        [_NO_IMAGE] * _CARDS, ["…"] * _CARDS, [[nothing] * num_models] * _CARDS
    )
    return f'<div class="afn-blank" aria-hidden="true">{cards}</div>'


def _way(chosen: Sequence[Chosen], view: RobustnessView, asked: Job) -> None:
    heading("Where the gain comes from", "robustness.steps", ABOUT["steps"])
    if not {"bn", "afn"} <= {each.network.config.norm for each in chosen}:
        st.caption("Choose a BN and an AFN model to see what lies between them.")
        return
    way = way_steps(chosen, view)
    if not way:
        if asked.is_running:
            st.skeleton(height=_WAY_HEIGHT)
        else:
            st.caption("Not all of its steps are tested.")
        return
    words = steps.steps_reading(way)
    plot(steps.steps_figure(way), words, "robustness.steps")


def _batches(chosen: Sequence[Chosen], view: RobustnessView, asked: Job) -> None:
    heading("The size of the test batch", "robustness.batches", ABOUT["batches"])
    if not any(each.network.has_choice for each in chosen):
        caption(
            "None of these models takes statistics from a test batch, so its size changes nothing. "
            "BN and AFN can."
        )
        return
    if not asked.is_done and not starts("batches"):
        st.button(
            f"Test batches of 1 to {largest_batch(view)}", icon=":material/play_arrow:",
            key="robustness.start.batches", on_click=start, args=("batches",),
        )  # fmt: skip
        return
    jobs.show("batches", asked)
    points = batch_points(chosen, view)
    if asked.is_running:
        st.skeleton(height=_BATCHES_HEIGHT)
        return
    if len({point.batch_size for point in points if point.mode == "batch"}) < 2:
        return
    words = batches.batch_reading(points)
    markup(legend_html(batches.batch_legend(points)))
    plot(batches.batch_figure(points), words, "robustness.batches")
    where = "clean images"
    if view.severity:
        where = f"{group_title(view.corruption)} at severity {view.severity}"
    num_images = points[0].cell.n
    caption(
        plain(
            f"{where} · first {num_images} test images of {backend.data_words(view.dataset)} · "
            f"where a size does not divide {num_images}, its last batch holds what is left"
        )
    )
