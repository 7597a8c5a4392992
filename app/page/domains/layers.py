"""How far the domains lie apart in the statistics of a network's layers, drawn."""

from collections.abc import Mapping, Sequence

import streamlit as st

from afn.data import DatasetEntry
from afn.wording import batches_told

from ...kit import families, jobs
from ...kit.draw.domains import domain_words
from ...kit.draw.legend import short_layer
from ...kit.jobs import Job
from ...kit.markdown import plain
from ...kit.plot import caption, csv_button, plot
from . import spread
from .view import COLORS, LABELS, VIEW, TrainedNetworks, source_like, source_words, spread_tasks

_HEIGHT = 900
"""About that of the figures, kept free until they are there."""


def render(
    trained: TrainedNetworks, trained_on: Sequence[str], here: Sequence[DatasetEntry]
) -> None:
    """Draw the section."""
    possible = [source for source in trained_on if any(pair[1] == source for pair in trained)]
    if not possible:
        st.caption("As soon as a network is trained, its layers can be looked at here.")
        return
    if not families.are_here(here):
        st.caption("To look into the layers takes the images, which are not in the data folder.")
        return

    def ask_now() -> tuple[Job]:
        VIEW.keep()
        VIEW.set(source=source_like(VIEW.take().source, possible))
        view = VIEW.take()
        tasks = spread_tasks(view, trained, view.source, here)
        return (jobs.ask("spread", list(tasks.values()), starts=True),)

    def draw(asked: Job) -> None:
        titles = {entry.name: families.title_of(entry) for entry in here}
        VIEW.choice("source", "Trained on", {name: source_words(name, here) for name in possible})
        view = VIEW.take()
        tasks = spread_tasks(view, trained, view.source, here)
        known = {
            name: (LABELS[name], COLORS[name], measured)
            for name, task in tasks.items()
            if (measured := task.read())
        }
        jobs.show("spread", asked)
        if known:
            _separation(list(known.values()))
            _one_layer(list(tasks), known, titles, is_running=asked.is_running)
        elif asked.is_running:
            st.skeleton(height=_HEIGHT)  # lest the page shrinks under the reader
        VIEW.write(VIEW.take())

    jobs.part(ask_now, draw)


def _separation(known: Sequence[spread.Named]) -> None:
    words = spread.separation_reading(known)
    st.markdown(f"**{spread.MEASURE_TITLES['shift'].capitalize()}**")
    plot(
        spread.separation_figure(known), words, "domains.separation",
        about=f"{spread.MEASURE_TITLES['shift'].capitalize()}, over layers",
    )  # fmt: skip


def _one_layer(
    offered: Sequence[str],
    known: Mapping[str, spread.Named],
    titles: Mapping[str, str],
    *,
    is_running: bool,
) -> None:
    with st.container(horizontal=True, gap="medium"):
        VIEW.choice("looked_at", "Norm", offered, titles=LABELS)
        measured = known[name][2] if (name := VIEW.take().looked_at) in known else None
        names = [layer.name for layer in measured.layers] if measured else []
        if measured:
            VIEW.choice("layer", "Layer", names, like=st.selectbox, titles=short_layer, width=200)
    if measured is None:
        if is_running:
            st.skeleton(height=_HEIGHT)
        return
    layer = measured.layers[names.index(VIEW.take().layer)]
    plot(
        spread.spread_figure(layer, titles), spread.spread_reading(layer), "domains.spread",
        about="Images of each domain as points, before and after one layer",
    )  # fmt: skip
    plot(
        spread.profile_figure(layer, titles), spread.profile_reading(layer), "domains.profile",
        about="Mean and standard deviation of every channel in each domain, before and after one "
        "layer",
    )  # fmt: skip
    csv_button("Distances (CSV)", lambda: spread.spread_table(list(known.values())), "layers")
    images = ", ".join(
        f"{n} of {domain_words(name, titles)}"
        for name, n in zip(measured.domains, measured.num_images, strict=True)
    )
    sizes = "; ".join(
        dict.fromkeys(batches_told(measured.batch_size, n) for n in measured.num_images)
    )
    caption(plain(f"Cached · test images: {images} · {sizes}"))
