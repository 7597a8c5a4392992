"""What the domains look like: a strip of test images each, one of every class as far as it goes."""

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from afn.ask.pictures import Pictures, PicturesFile
from afn.ask.tasks import PicturesTask
from afn.data import DatasetEntry
from afn.png import data_uri

from ...kit import backend, families, jobs
from ...kit.draw.palette import domain_mark
from ...kit.draw.table import tag
from ...kit.jobs import Job
from ...kit.plot import markup

_LONG = 8
"""Images in a strip."""
_LOOKED_AT = 40
"""Test images, the first ones, of which those are."""
_ROOM = 76
"""Pixels that are kept free for strips to come."""


def render(here: Sequence[DatasetEntry]) -> None:
    """Draw the strips; nothing where the images are not in the data folder."""
    if not families.are_here(here):
        return
    files = {
        entry.name: PicturesFile(
            folder=backend.pictures(), dataset=entry.name, num_images=_LOOKED_AT,
            corruption="contrast",
        )
        for entry in here
    }  # fmt: skip

    def ask_now() -> tuple[Job]:
        tasks = [PicturesTask(file=file) for file in files.values()]
        return (jobs.ask("strips", tasks, starts=True),)

    def draw(asked: Job) -> None:
        known = {name: backend.read_pictures(file) for name, file in files.items()}
        titles = {entry.name: families.title_of(entry) for entry in here}
        if shown := {name: pictures for name, pictures in known.items() if pictures}:
            names = list(files)
            markup(strips_html([(titles[n], *_look(n, names), shown[n]) for n in shown]))
        elif asked.is_running:
            st.skeleton(height=_ROOM)

    jobs.part(ask_now, draw)


def _look(name: str, names: Sequence[str]) -> tuple[str, str]:
    mark = domain_mark(name, names)
    return mark.glyph, mark.color


def strips_html(strips: Sequence[tuple[str, str, str, Pictures]]) -> str:
    """A strip for each domain: its title, its mark and that mark's colour, and its pictures."""
    return tag("div", "".join(_strip(*strip) for strip in strips), css="afn-strips")


def _strip(title: str, glyph: str, color: str, pictures: Pictures) -> str:
    chosen = one_of_each(pictures.labels, _LONG)
    images = "".join(
        tag(
            "img", src=data_uri(pictures.images[0, i]),
            alt=f"{title}: {pictures.class_names[pictures.labels[i]]}",
            title=str(pictures.class_names[pictures.labels[i]]),
        )
        for i in chosen
    )  # fmt: skip
    sign = tag("span", glyph, style=f"color:{color}", aria_hidden="true")
    caption = tag("figcaption", f"{sign} {escape(title)}")
    return tag("figure", f"{caption}<div>{images}</div>")


def one_of_each(labels: np.ndarray, count: int) -> list[int]:
    """The first image of each class, then of what is left the first ones, in the labels' order."""
    _, firsts = np.unique(labels, return_index=True)
    others = [i for i in range(len(labels)) if i not in set(firsts.tolist())]
    chosen = [*firsts.tolist(), *others][:count]
    return sorted(chosen, key=lambda i: (labels[i], i))
