"""Robustness: what it costs that a test batch holds few classes."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from statistics import fmean

import streamlit as st

from afn.ask.network import Network
from afn.ask.records import COUNTED, Cell, Question
from afn.ask.tasks import GridTask, Task

from ...kit import backend, families, folders, jobs, networks
from ...kit.draw.legend import legend_html
from ...kit.jobs import Job
from ...kit.markdown import plain
from ...kit.networks import Chosen
from ...kit.plot import caption, csv_button, heading, markup, plot
from ...kit.take import offer
from . import take as experiments
from .charts import label_shift as charts
from .charts.label_shift import Shifted, ShiftMode, ShiftPoint
from .view import CLEAN, VIEW, RobustnessView, cells_of, start, starts
from .words import ABOUT

REFERENCE = folders.REFERENCE / "label-shift.jsonl"
"""What ``python -m benchmarks.label_shift`` has measured."""


def asks(
    network: Network, question: Callable[..., Question]
) -> list[tuple[ShiftMode, int, Question]]:
    """What is asked of a model: mode, classes of a batch (0: as they come), question.

    Args:
        network: The model.
        question: From ``stats``, ``order`` and ``networks``, as `Network.question` takes them.
    """
    if not network.has_choice:
        return [("per image", 0, question())]
    counted = [each for each in COUNTED.items() if each[1] <= network.num_classes]
    return [
        ("running", 0, question(stats="running")),
        *(("batch", number, question(stats="batch", order=order)) for order, number in counted),
        ("batch", 0, question(stats="batch", order="by label")),
        *(
            ("frozen", number, question(stats="batch", order=order, networks="frozen"))
            for order, number in counted
            if network.config.is_adaptive and not network.config.frozen_networks
        ),
    ]


def point_of(mode: ShiftMode, classes: int, question: Question, cell: Cell) -> ShiftPoint:
    """An answer to one of `asks`."""
    is_sorted, size = question.order == "by label", question.batch_size
    labels = sorted(cell.true.tolist())
    in_batches = [len(set(labels[at : at + size])) for at in range(0, cell.n, size)]
    return ShiftPoint(
        mode=mode, classes=round(fmean(in_batches), 2) if is_sorted else classes,
        batch_size=size, n=cell.n, correct=cell.correct, is_sorted=is_sorted,
    )  # fmt: skip


def tasks(chosen: Sequence[Chosen], view: RobustnessView) -> list[Task]:
    """Clean images in every kind of batch."""
    return [
        GridTask(network=each.network, question=question, places=(CLEAN,))
        for each in chosen
        for _, _, question in _asks(each, view)
    ]


def shifted(chosen: Sequence[Chosen], view: RobustnessView) -> list[Shifted]:
    """What is known of it here, model by model."""
    found = []
    for each in chosen:
        points = [
            point_of(mode, classes, question, cell)
            for mode, classes, question in _asks(each, view)
            if (cell := cells_of(each.network, question).get(CLEAN))
        ]
        found.append(_named(each, points))
    return found


def precomputed(chosen: Sequence[Chosen]) -> list[Shifted]:
    """What came along of these models; none of those that are not in it."""
    known = _reference(REFERENCE, REFERENCE.stat().st_mtime_ns) if REFERENCE.exists() else {}
    return [
        _named(each, known[each.network.sha256]) for each in chosen if each.network.sha256 in known
    ]


def kept_line(network: Network, points: Sequence[ShiftPoint]) -> str:
    """A model's line of `REFERENCE`."""
    record = {"model": network.id, "sha256": network.sha256, "points": list(map(asdict, points))}
    return json.dumps(record)


def _named(chosen: Chosen, points: Sequence[ShiftPoint]) -> Shifted:
    return Shifted(
        label=chosen.label, color=chosen.color, norm=chosen.network.config.norm,
        points=tuple(points),
    )  # fmt: skip


def _asks(chosen: Chosen, view: RobustnessView) -> list[tuple[ShiftMode, int, Question]]:
    network = chosen.network
    return asks(network, lambda **changes: view.question(network, **{"order": "mixed"} | changes))


@lru_cache(maxsize=2)
def _reference(path: Path, modified: int) -> dict[str, list[ShiftPoint]]:
    records = map(json.loads, path.read_text().splitlines())
    return {each["sha256"]: [ShiftPoint(**point) for point in each["points"]] for each in records}


_HEIGHT = 360
"""Pixels that are kept free for the figure to come."""


def render(chosen: Sequence[Chosen]) -> None:
    """Draw the section; nothing where no model depends on the batch."""
    having = [each for each in chosen if each.network.has_choice]
    is_here = families.is_here(VIEW.take().dataset)
    if not having or not (is_here or precomputed(having)):
        return
    heading("How many classes a test batch holds", "robustness.classes", ABOUT["classes"])

    def ask_now() -> tuple[Job]:
        asked = tasks(chosen, VIEW.take())
        return (jobs.ask("classes", asked, starts=is_here and starts("classes")),)

    def draw(asked: Job) -> None:
        view = VIEW.take()
        is_live = asked.is_done or asked.is_running
        models = shifted(chosen, view) if is_live else precomputed(chosen)
        if is_here and not asked.is_done and not starts("classes"):
            st.button(
                "Test batches of 1 to 10 classes", icon=":material/play_arrow:",
                key="robustness.start.classes", on_click=start, args=("classes",),
            )  # fmt: skip
        jobs.show("classes", asked)
        if asked.is_running:
            st.skeleton(height=_HEIGHT)
        elif any(model.points for model in models):
            seeds = networks.seeds_of(chosen)
            _draw(models, view, seeds, is_live=is_live)
            if is_here and (trained := networks.of_runs(chosen)):
                offer("robustness.classes", lambda: experiments.classes(trained, view))

    jobs.part(ask_now, draw)


def _draw(models: Sequence[Shifted], view: RobustnessView, seeds: str, *, is_live: bool) -> None:
    words = charts.shift_reading(models)
    markup(legend_html(charts.shift_legend(models)))
    plot(charts.shift_figure(models), words, "robustness.classes")
    point = next(point for model in models for point in model.points)
    sizes = {p.batch_size for model in models for p in model.of("batch")}
    caption(
        plain(
            f"{'Cached' if is_live else 'Precomputed'} · clean images · first {point.n:,} test "
            f"images of {backend.data_words(view.dataset)} · seed {seeds} · test batches of at "
            f"most {max(sizes, default=128)}, of the same sizes for every number of "
            "classes · bands: 95 % intervals over images"
        )
    )
    csv_button("Classes in a batch (CSV)", lambda: charts.shift_table(models), "classes-in-a-batch")
