"""Models of one's own on each domain: as they are, converted, with averages measured anew."""

from collections.abc import Sequence

import streamlit as st

from afn.ask.network import Network
from afn.ask.records import Question
from afn.ask.tasks import GridTask
from afn.data import DatasetEntry
from afn.wording import enumerate_words

from ...kit import families, jobs, networks, own
from ...kit.draw.domains import MatrixRow, matrix_table
from ...kit.jobs import Job
from ...kit.markdown import plain
from ...kit.networks import Chosen
from ...kit.plot import caption, csv_button, heading, markup
from . import matrix
from .view import CLEAN, VIEW, DomainsView, images_words, left_out_words, statistics_words
from .words import ABOUT

_MOST = 8
"""Models that are tested."""


def render(here: Sequence[DatasetEntry]) -> None:
    """Draw what they answer; nothing where there is no such model, or no image."""
    found, problems = networks.opened([each.id for each in own.models()][:_MOST])
    if not (found or problems) or not families.are_here(here):
        return
    classes = {name for entry in here for name in entry.class_names}
    here = [
        *here,
        *(
            entry
            for entry in families.own_entries()
            if classes & set(entry.class_names)
            or any(entry.name in families.own_fitting(each.network) for each in found)
        ),
    ]
    fitting = [each for each in found if _known(each, here)]
    heading("Your model", "domains.yours", ABOUT["yours"])
    lines = [*problems, *_unfit(found, fitting)]
    if not fitting:
        _tell(lines)
        return

    def ask_now() -> tuple[Job]:
        return (jobs.ask("own matrix", _tasks(VIEW.take(), fitting, here), starts=True),)

    def draw(asked: Job) -> None:
        view = VIEW.take()
        rows = _rows(view, fitting, here)
        names = [entry.name for entry in here if any(_knows(each, entry) for each in fitting)]
        titles = {entry.name: families.title_of(entry) for entry in here}
        with st.columns(2)[0]:
            markup(matrix.matrix_html(rows, names, caption="Yours", titles=titles))
        jobs.show("own matrix", asked)
        if not asked.is_running:
            told = {"": rows}
            how = f"{images_words(told, here, view.images)} · statistics: {statistics_words(told)}"
            _tell([f"Live · {how}", *left_out_words(told, here), *lines])
            csv_button("Your model (CSV)", lambda: matrix_table(rows, names), "domains-yours")

    jobs.part(ask_now, draw)


def _tell(lines: Sequence[str]) -> None:
    for line in lines:
        caption(plain(line))


def _knows(chosen: Chosen, domain: DatasetEntry) -> bool:
    """Whether it can be right there: it has classes of that domain."""
    return bool(set(_asked(chosen, domain).class_names) & set(domain.class_names))


def _asked(chosen: Chosen, domain: DatasetEntry) -> Network:
    """The network for a domain; where nobody named its classes, one's own pictures do."""
    if domain.name not in families.own_fitting(chosen.network):
        return chosen.network
    return families.as_asked(chosen.network, domain.name)


def _known(chosen: Chosen, here: Sequence[DatasetEntry]) -> list[DatasetEntry]:
    return [entry for entry in here if _knows(chosen, entry)]


def _unfit(found: Sequence[Chosen], fitting: Sequence[Chosen]) -> list[str]:
    """One line about those that cannot be tested here."""
    others = [each.label for each in found if each not in fitting]
    if not others:
        return []
    know = "knows" if len(others) == 1 else "know"
    return [
        f"{enumerate_words(others)} {know} none of these classes by name. Their names are said as "
        f"the app is started: --model my.py:build,classes=NAME."
    ]


def _question(view: DomainsView, chosen: Chosen, domain: DatasetEntry) -> Question:
    return _asked(chosen, domain).question(
        dataset=domain.name,
        classes=domain.class_names,
        num_images=view.images,
        batch_size=view.batch_size,
    )


def _tasks(
    view: DomainsView, chosen: Sequence[Chosen], here: Sequence[DatasetEntry]
) -> list[GridTask]:
    return [
        GridTask(
            network=_asked(each, entry), question=_question(view, each, entry), places=(CLEAN,)
        )
        for entry in here
        for each in chosen
        if _knows(each, entry)
    ]  # fmt: skip


def _rows(
    view: DomainsView, chosen: Sequence[Chosen], here: Sequence[DatasetEntry]
) -> list[MatrixRow]:
    rows = []
    for each in chosen:
        cells, statistics = {}, ""
        for entry in _known(each, here):
            asked = _question(view, each, entry)
            statistics = asked.statistics
            if cell := each.network.file(asked).cells().get(CLEAN):
                cells[entry.name] = cell
        rows.append(
            MatrixRow(
                label=each.label, norm=each.network.config.norm, statistics=statistics,
                color=each.color, train="", cells=cells,
            )
        )  # fmt: skip
    return rows
