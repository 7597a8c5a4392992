"""Single test images with every model's answer, and which images are worth a look."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from afn.ask.records import Cell, Place
from afn.wording import count_words

from ....kit.draw.estimates import Tested, place_words

ImageChoice = Literal["first", "flipped", "disagree"]
CLEAN: Place = (None, 0)


@dataclass(frozen=True, slots=True)
class Guess:
    """What one model says of one image."""

    label: str
    color: str
    predicted: str
    """The name of the class."""
    confidence: float
    """0 to 1."""
    is_right: bool


def answers_of(
    tested: Sequence[Tested], place: Place, index: int, class_names: Sequence[str]
) -> list[Guess]:
    """What the models that know the place say of the image there."""
    return [
        Guess(
            each.label,
            each.color,
            class_names[cell.predicted[index]],
            cell.confidences[index] / 255,
            bool(cell.hits[index]),
        )
        for each in tested
        if (cell := each.cells.get(place)) and index < cell.n
    ]


def samples_html(
    images: Sequence[str], truths: Sequence[str], answers: Sequence[Sequence[Guess]]
) -> str:
    """Cards with a picture (a data URI), its class, and a line for each model's answer."""
    cards = "".join(
        f'<div class="card" role="listitem"><img src="{escape(image)}" alt="{escape(truth)}">'
        f"<p>{escape(truth)}</p>"
        f"{''.join(map(_line, given))}</div>"
        for image, truth, given in zip(images, truths, answers, strict=True)
    )
    return f'<div class="afn-samples" role="list">{cards}</div>'


def _line(answer: Guess) -> str:
    css, mark, word = ("right", "✓", "right") if answer.is_right else ("wrong", "✗", "wrong")
    share = f"{100 * answer.confidence:.0f}"
    title = f"{answer.label}: {answer.predicted}, {word}, confidence {share} %"
    return (
        f'<div class="answer {css}" style="--hue:{escape(answer.color)};--share:{share}%" '
        f'title="{escape(title)}"><i role="img" aria-label="{escape(answer.label)}"></i>'
        f"<span>{escape(answer.predicted)}</span><em>{share} %</em>"
        f'<b role="img" aria-label="{word}">{mark}</b><u></u></div>'
    )


def _pair(clean: Cell, shifted: Cell) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    if not clean.has_labels_of(shifted):
        raise ValueError(
            f"flips need the same images, got {clean.describe()} and {shifted.describe()}"
        )
    return clean.hits, shifted.hits


def _lost(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return before & ~after


def _where(chosen: NDArray[np.bool_]) -> list[int]:
    indices: list[int] = np.flatnonzero(chosen).tolist()
    return indices


def interesting(
    tested: Sequence[Tested],
    place: Place,
    count: int,
    kind: ImageChoice,
    *,
    limit: int | None = None,
) -> list[int]:
    """Indices of images to look at, the first ones of their kind.

    Args:
        tested: Only models that know the place count.
        place: Corruption and severity.
        count: At most so many.
        kind: "first" is the first images as they come; "flipped" are those that some model has
            right when clean and wrong here; "disagree" those that some have right, others wrong.
        limit: Only of the first so many images.
    """
    known = [each for each in tested if place in each.cells]
    size = min((each.cells[place].n for each in known), default=0)
    size = size if limit is None else min(size, limit)
    chosen = np.full(size, kind == "first")
    if kind == "flipped":
        for each in known:
            if CLEAN in each.cells:
                chosen |= _lost(*_pair(each.cells[CLEAN], each.cells[place]))[:size]
    cells = [each.cells[place] for each in known]
    if kind == "disagree" and all(cells[0].is_alike(cell) for cell in cells):
        hits = [cell.hits[:size] for cell in cells]
        chosen = np.any(hits, axis=0) & ~np.all(hits, axis=0)
    return _where(chosen)[:count]


def flips_reading(tested: Sequence[Tested], place: Place) -> str:
    """How many images each model loses and wins back."""
    known = [each for each in tested if place in each.cells and CLEAN in each.cells]
    if not known or place == CLEAN:
        return "Choose a corruption that is tested to see which answers it changes."
    n = known[0].cells[place].n
    parts: list[str] = []
    for each in known:
        clean, shifted = _pair(each.cells[CLEAN], each.cells[place])
        lost, won = _lost(clean, shifted).sum(), _lost(shifted, clean).sum()
        what = "" if parts else " from right to wrong", "" if parts else " from wrong to right"
        parts.append(f"{lost}{what[0]} and {won}{what[1]} for {each.label}")
    return f"Of {count_words(n, 'image')}, {place_words(place)} turns {'; '.join(parts)}."
