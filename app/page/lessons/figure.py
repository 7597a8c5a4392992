"""A lesson's figure to drag: pictures, answers and curves for every place of one handle.

A lesson says how its figure is made (`Lesson.figure`), ``python -m benchmarks.lessons --figures
SLUG`` makes it and writes it into ``app/static/lesson_figure``, and the browser looks up there what
stands at the handle. Making takes seconds to minutes and torch; drawing takes neither.
"""

import base64
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from ...kit.components.scripts import module_line
from ...kit.draw.table import LESS, MORE
from ...kit.folders import STATIC
from ...kit.handout.parts import Drawing
from ...kit.view import said

FOLDER = STATIC / "lesson_figure"
"""Where figures lie, one file a lesson, beside the script that draws them."""

_NONE = -1
"""In the place of an answer: what the network puts out is no number."""
_SHADES = 48
"""So many colours a map has: what is alike packs well."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class FigureRow:
    """Pictures of the same images, and what a network answers to them, at every place."""

    label: str
    color: str = ""
    pictures: NDArray[np.uint8] | None = None
    """(places, images, H, W), or with three colours behind; one place stands for all."""
    answers: NDArray[np.floating[Any]] | None = None
    """(places, images, classes): softmax probabilities."""
    is_answer: bool = False
    """Whether it is seen only behind a prediction."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; the pictures are one sheet, a line for each place."""
        found: dict[str, Any] = {
            "label": self.label, "color": self.color, "is_answer": self.is_answer
        }  # fmt: skip
        if self.pictures is not None:
            sheet, height, width = self.pictures, *self.pictures.shape[2:4]
            lines = np.concatenate([np.concatenate(list(line), axis=1) for line in sheet])
            found |= {"sheet": _sheet(lines), "tile": [height, width], "places": len(sheet)}
        if self.answers is not None:
            is_told = np.isfinite(self.answers).all(-1)
            best = np.where(is_told, self.answers.argmax(-1), _NONE)
            shares = np.where(is_told, np.rint(100 * self.answers.max(-1)), 0)
            found["answers"] = np.stack([best, shares], axis=-1).astype(int).tolist()
        return found


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class FigureLine:
    """A quantity at every place."""

    label: str
    color: str
    values: ArrayLike
    """NaN where it is not known."""
    low: ArrayLike | None = None
    high: ArrayLike | None = None
    """Its 95 % interval."""
    seeds: Sequence[ArrayLike] = ()
    """Each of the values behind it."""
    dash: str = ""
    is_answer: bool = False

    def to_json(self, digits: int) -> dict[str, Any]:
        """Plain JSON values, with two digits more than are told."""

        def told(values: ArrayLike) -> list[float | None]:
            rounded = np.round(np.asarray(values, dtype=float), digits + 2).tolist()
            return [value if np.isfinite(value) else None for value in rounded]

        found: dict[str, Any] = {
            "label": self.label, "color": self.color, "values": told(self.values),
            "is_answer": self.is_answer,
        }  # fmt: skip
        if self.low is not None and self.high is not None:
            found |= {"low": told(self.low), "high": told(self.high)}
        if self.seeds:
            found["seeds"] = [told(seed) for seed in self.seeds]
        return found | ({"dash": self.dash} if self.dash else {})


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Draggable:
    """What is drawn. Where there are options, places are counted option by option."""

    handle: str
    """What the handle sets, with its unit."""
    stops: Sequence[str]
    """Its value at each of its places."""
    start: int
    """Where it stands at first."""
    ticks: Sequence[tuple[int, str]]
    """What stands below the curves."""
    quantity: str
    """What the curves are, with its unit."""
    range: tuple[float, float]
    curves: Sequence[FigureLine]
    told: str
    """Networks, images, seeds and statistics behind it; plain text."""
    rows: Sequence[FigureRow] = ()
    labels: Sequence[int] = ()
    """The true class of each pictured image."""
    classes: Sequence[str] = tuple("0123456789")
    switch: str = ""
    """What the options are of."""
    options: Sequence[str] = ()
    level: tuple[float, str] | None = None
    """A value to hold the curves against, and its name."""
    digits: int = 0
    unit: str = ""
    is_log: bool = False
    small: int = 0
    """The place that the small picture shows, among all lessons."""

    def to_json(self) -> dict[str, Any]:
        """What the browser reads."""
        count = max((row.pictures.shape[1] for row in self.rows if row.pictures is not None),
                    default=len(self.labels))  # fmt: skip
        return {
            "handle": self.handle, "stops": list(self.stops), "start": self.start,
            "ticks": [list(tick) for tick in self.ticks], "quantity": self.quantity,
            "range": list(self.range), "is_log": self.is_log, "digits": self.digits,
            "unit": self.unit, "level": list(self.level) if self.level else None,
            "switch": self.switch, "options": list(self.options), "small": self.small,
            "told": self.told, "count": count, "classes": list(self.classes),
            "labels": [int(label) for label in self.labels],
            "curves": [curve.to_json(self.digits) for curve in self.curves],
            "rows": [row.to_json() for row in self.rows],
        }  # fmt: skip


def grey(images: Any) -> NDArray[np.uint8]:
    """Pictures (…, H, W) of values from 0 to 1."""
    return np.rint(255 * np.clip(np.asarray(images), 0, 1)).astype(np.uint8)


def coloured(values: Any, reach: float) -> NDArray[np.uint8]:
    """Pictures (…, H, W, 3) of values: amber below 0, teal above, full at ±`reach`."""
    share = np.clip(np.asarray(values) / reach, -1, 1)
    share = np.rint(share * _SHADES / 2) / (_SHADES / 2)
    middle = np.array((245.0, 243.0, 240.0))
    less, more = (np.array([int(each[i : i + 2], 16) for i in (1, 3, 5)]) for each in (LESS, MORE))
    end = np.where(share[..., None] < 0, less, more)
    mixed = middle + np.abs(share)[..., None] * (end - middle)
    return np.rint(mixed).astype(np.uint8)


def keep(figure: Draggable, slug: str) -> Path:
    """Write it where the app finds it."""
    path = FOLDER / f"{slug}.json"
    path.write_text(json.dumps(figure.to_json(), ensure_ascii=False, separators=(",", ":")))
    return path


@cache
def kept(slug: str) -> dict[str, Any]:
    """What was written."""
    found: dict[str, Any] = json.loads((FOLDER / f"{slug}.json").read_text())
    return found


def told(slug: str) -> str:
    """What is behind it, in words; empty where it has not been made."""
    return str(kept(slug)["told"]) if _is_made(slug) else ""


def places(slug: str) -> int:
    """At how many places its handle can stand, in all of its choices; 0 where it is not made."""
    if not _is_made(slug):
        return 0
    found = kept(slug)
    return len(found["stops"]) * max(1, len(found["options"]))


def handed_out(slug: str, title: str) -> Drawing | None:
    """The same for a file; None where it has not been made."""
    if not _is_made(slug):
        return None
    data = {"figure": slug, "title": title, "isRevealed": False}
    path = FOLDER / f"{slug}.json"
    return Drawing(
        script=FOLDER.name, css="afn-hand", data=lambda: data, title=title,
        files=(path.relative_to(STATIC).as_posix(),),
    )  # fmt: skip


def _is_made(slug: str) -> bool:
    return (FOLDER / f"{slug}.json").is_file()


def draw(
    slug: str, title: str, *, place: int, is_revealed: bool, on_place: Callable[[int], None]
) -> None:
    """Put it into the page; what is an answer is seen once it is revealed.

    Args:
        slug: Of the lesson.
        title: What it is called, for screen readers.
        place: Where its handle stands, counted from 1 through all its choices; 0 for where it
            begins.
        is_revealed: Whether a prediction was made.
        on_place: Called with the place at which the handle rests.
    """
    if not _is_made(slug):
        st.info(f"The figure is missing: `python -m benchmarks.lessons --figures {slug}`.")
        return
    key = f"lessons.figure.{slug}"
    _component(
        key=key,
        data={"figure": slug, "title": title, "isRevealed": is_revealed, "place": place},
        on_place_change=lambda: on_place(said(key).place),
    )


_SCRIPT = (
    module_line("lesson_figure") + "export default async (call) => (await module).default(call);"
)
_component = st.components.v2.component(
    "lesson_figure", js=_SCRIPT, isolate_styles=False,
    html='<div class="afn-hand" style="min-height: 27rem"></div>',
)  # fmt: skip
_small = st.components.v2.component(
    "lesson_small", js=_SCRIPT, isolate_styles=False,
    html='<div class="lesson-small" style="aspect-ratio: 3.4"></div>',
)  # fmt: skip


def draw_small(slug: str) -> None:
    """Draw its small picture: at one place, as much as may be seen before a prediction."""
    if _is_made(slug):
        _small(key=f"lessons.small.{slug}", data={"figure": slug, "isSmall": True})


def _sheet(lines: NDArray[np.uint8]) -> str:
    """Pictures as the data URI of a lossless file."""
    file = io.BytesIO()
    Image.fromarray(lines).save(file, "webp", lossless=True, quality=100, method=6)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()
