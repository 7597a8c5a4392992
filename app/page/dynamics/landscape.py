"""λ as a map: accuracy over λ_μ and λ_σ, with the way that training took and a point to drag."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from afn.ask.lambda_maps import LambdaMap
from afn.ask.map_task import NUM_IMAGES, MapTask, task_of
from afn.corruptions.applying import applicable
from afn.runs.course import Track, track
from afn.settings.corruptions import CORRUPTION_NAMES
from afn.wording import count_words, percent, statistics_told

from ...kit import backend, families, histories, jobs
from ...kit.components.scripts import module_line
from ...kit.draw.chart import Shown
from ...kit.draw.corruptions import CLEAN, group_title
from ...kit.draw.legend import short_layer
from ...kit.handout.parts import Drawing
from ...kit.handout.screen import screen
from ...kit.jobs import Job
from ...kit.markdown import plain
from ...kit.plot import csv_button, heading
from ...kit.take import offer
from ...kit.view import said
from . import take
from .view import CLEAN_IMAGES, SEVERITIES, VIEW, DynamicsView
from .words import ABOUT

_SECTION = "dynamics.landscape"
_MOST_STEPS = 200
"""About so many steps of the way are drawn."""


def render(trained: Sequence[Shown]) -> None:
    """The section of the λ page: of one of the networks that have λ and have ended."""
    mapped = [each for each in trained if each.config.is_adaptive and not each.is_live]
    if not mapped:
        return
    first = next((each for each in mapped if families.is_here(each.config.dataset)), mapped[0])
    offered = {"": first} | {each.id: each for each in mapped if each is not first}
    heading("λ as a map", _SECTION, ABOUT["map"])
    with st.container(horizontal=True, gap="medium"):
        VIEW.choice(
            "map", "Network", list(offered), like=st.selectbox, width=240,
            titles={name: each.label for name, each in offered.items()},
        )  # fmt: skip
        shown = offered[VIEW.take().map]
        VIEW.choice(
            "corruption", "Images", _corruptions(shown), like=st.selectbox, width=200,
            titles=lambda name: CLEAN if name == CLEAN_IMAGES else group_title(name),
        )  # fmt: skip
        if VIEW.take().corruption != CLEAN_IMAGES:
            VIEW.choice("severity", "Severity", SEVERITIES)
    try:
        asked_of(shown, VIEW.take())
    except (ValueError, OSError) as error:
        st.warning(plain(f"{shown.label}: {error}."), icon=":material/warning:")
        return
    backend.runner().start()

    def ask_now() -> tuple[Job]:
        VIEW.keep()
        return (jobs.ask(_SECTION, [asked_of(shown, VIEW.take())], starts=True),)

    def draw(asked: Job) -> None:
        view = VIEW.take()
        VIEW.write(view)
        task = asked_of(shown, view)
        jobs.show(_SECTION, asked)
        if found := task.read():
            _draw(shown, task, found, asked)
        elif asked.is_running:
            st.skeleton(height=480)

    jobs.part(ask_now, draw)


def _corruptions(shown: Shown) -> list[str]:
    """Those that change the images of the network's data set, and clean ones."""
    known: Sequence[str] = CORRUPTION_NAMES
    try:
        shape = histories.network_of(shown).image_shape
    except (ValueError, OSError):  # which the section says
        return [CLEAN_IMAGES, *known]
    every = [(name, severity) for name in known for severity in SEVERITIES]
    changing = {name for name, _ in applicable(every, shown.config.dataset, shape)}
    return [CLEAN_IMAGES, *(name for name in known if name in changing)]


def asked_of(shown: Shown, view: DynamicsView) -> MapTask:
    """What is asked of the network, and at the visitor's point or the end of its way."""
    is_clean = view.corruption == CLEAN_IMAGES
    return task_of(
        histories.network_of(shown),
        corruption=None if is_clean else view.corruption,
        severity=0 if is_clean else view.severity,
        num_images=NUM_IMAGES,
        beside=(view.at or _end(_way(shown)),),
    )


def _draw(shown: Shown, task: MapTask, found: LambdaMap, asked: Job) -> None:
    way = _way(shown)
    told = _reading(shown, found)
    statistics = statistics_told(task.question.statistics, found.trained.n)
    data = _data(shown, found, way, task.beside[0]) | {
        "title": f"Accuracy of {shown.label} over λ_μ and λ_σ, {found.where}",
        "words": told,
        "key": f"{task.file.path}",
        "state": f"{len(found.points)} points measured" + (", refining …" * asked.is_running),
    }
    screen().say(
        Drawing(
            script=_NAME, css="afn-lambda-map", data=lambda: data, title=str(data["title"]),
            words=told,
        )
    )  # fmt: skip

    def moved() -> None:
        mu, sigma = said(_SECTION).point
        VIEW.set(point=(f"{mu:g}", f"{sigma:g}"))

    _component(key=_SECTION, data=data, on_point_change=moved)
    csv_button(
        "These points (CSV)", found.rows, "lambda-map",
        f"The map: measured here on {count_words(found.trained.n, 'test image')}, "
        f"{found.trained.told_source} · statistics: {statistics} · the network: "
        f"{histories.provenance([shown])}",
    )  # fmt: skip
    offer(_SECTION, lambda: [take.program(shown, task, found)])


def _way(shown: Shown) -> Track:
    """λ of every layer over the steps."""
    return track(shown.history, shown.config, "lambda")


def _end(way: Track) -> tuple[float, float]:
    """λ_μ and λ_σ at the end, means over the layers, as the point can stand."""
    means = _means(way)
    mu, sigma = means[-1].round(2) if len(means) else (0.5, 0.5)
    return float(mu), float(sigma)


def _means(way: Track) -> NDArray[np.floating[Any]]:
    """λ_μ and λ_σ over the layers, (steps, 2), where all are known."""
    means = way.values[:, :2].mean(0).T if way.values.size else np.empty((0, 2))
    known: NDArray[np.floating[Any]] = means[np.isfinite(means).all(1)]
    return known


def _data(shown: Shown, found: LambdaMap, way: Track, here: tuple[float, float]) -> dict[str, Any]:
    """What the browser draws; accuracies in %."""
    path: list[list[float]] = []
    layers: list[tuple[str, float, float]] = []
    if len(means := _means(way)):
        some = np.unique(np.linspace(0, len(means) - 1, min(_MOST_STEPS, len(means))).astype(int))
        path = means[some].round(4).tolist()
        ends = way.values[:, :2, -1].round(4).tolist()
        names = shown.history.adaptive_layers
        layers = [(short_layer(name), *end) for name, end in zip(names, ends, strict=True)]
    exact = [point for point in found.points if (point.mu, point.sigma) == here]
    best = found.best
    return {
        "color": shown.color,
        "grid": (100 * found.accuracies).round(3).tolist(),
        "nodes": [point.node for point in found.points if point.node],
        "path": path,
        "layers": layers,
        "trained": 100 * found.trained.accuracy,
        "best": [best.mu, best.sigma, 100 * best.cell.accuracy],
        "at": list(here),
        "exact": [
            *here, *(100 * share for share in (exact[0].cell.accuracy, *exact[0].cell.interval))
        ] if exact else None,
    }  # fmt: skip


def _reading(shown: Shown, found: LambdaMap) -> str:
    """What the map says, in words."""
    accuracies, best = found.accuracies, found.best
    return (
        f"As trained {shown.label} answers {percent(found.trained.accuracy)} of "
        f"{found.trained.n} images right. With one λ_μ and one λ_σ in all layers it is "
        f"{percent(float(accuracies.min()))} to {percent(float(accuracies.max()))}, most at "
        f"λ_μ {best.mu:.2f}, λ_σ {best.sigma:.2f}."
    )


_NAME = "lambda_map"
_component = st.components.v2.component(
    "dynamics_lambda_map",
    js=module_line(_NAME) + "export default async (call) => (await module).default(call);",
    isolate_styles=False,
    html='<div class="afn-lambda-map" style="min-height: 33rem"></div>',
)
