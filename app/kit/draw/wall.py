"""What each contender reads in the same test images, clean and damaged, while it learns."""

import base64
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from afn.runs.history import History
from afn.wording import enumerate_words

from .chart import Chart, Rows, Shown, chart_of
from .corruptions import group_title

HISTORY_BYTES = 60_000
"""Room for all answers of a wall that is opened: they are thinned to it, evenly."""
BYTES_PER_SECOND = 3_000
"""What a wall that is followed may send: after each answer it waits as long as that takes."""
_LOOKS = {"contrast": "pale"}
"""What a corruption makes of an image, where one word says it."""

SheetAddress = Callable[[Any, str], str]
"""Of whose events name a file, and the file: where a browser finds it."""
WallAnswers = tuple[int, list[int], str]
"""A run, steps, and its answers at each."""


def wall_chart(shown: Sequence[Shown], address: SheetAddress) -> Chart:
    """Each contender's answer to each probe image, at any step.

    Contenders that were asked other images than the first one are left out, and named.

    Args:
        shown: The contenders.
        address: `app.kit.sheets.sheet_address`.
    """
    first = next((each for each in shown if _probes(each)), None)
    alike = [each for each in shown if first and _is_asked_alike(each, first)]
    spec: dict[str, Any] = {"kind": "wall", "images": [], "note": _note(shown, alike)}
    places: list[int] = []
    if first and (asked := _probes(first)):
        images, places = asked["images"], _places(asked)
        spec |= {
            "images": [
                [images[place]["label"], bool(images[place]["corruption"]), place]
                for place in places
            ],
            "damage": _damage(asked),
            "noun": _noun(asked),
            "classes": asked["classes"],
            "sheet": address(first.history.run, asked["sheet"]),
            "columns": asked["columns"],
            "rows": -(-len(images) // asked["columns"]),
            "tile": asked["tile"],
        }

    def feed(cursor: tuple[list[int], float, bool] | None) -> tuple[dict[str, Any], Any]:
        told = [_answers(each.history) for each in alike]
        counts = [len(steps) for steps, _ in told]
        is_over = bool(alike) and all(each.is_over for each in alike)
        seen, ready_at, was_over = cursor or ([0] * len(alike), 0.0, False)
        now = time.monotonic()
        chunk: dict[str, Any] = {"over": True} if is_over and not was_over else {}
        if counts == seen or (now < ready_at and not is_over):
            return chunk, (seen, ready_at, is_over)
        if cursor is None:
            chunk["answers"] = _thinned([(steps, levels[:, places]) for steps, levels in told])
        else:
            chunk["answers"] = [
                (run, steps[-1:].tolist(), packed(levels[-1:, places]))
                for run, (steps, levels) in enumerate(told)
                if counts[run] > seen[run]
            ]
        size = sum(len(text) for _, _, text in chunk["answers"])
        wait = 0.0 if cursor is None else size / BYTES_PER_SECOND
        return chunk, (counts, now + wait, is_over)

    view = (spec.get("sheet"), len(places))
    return chart_of(alike, view, spec, feed, _reading(alike), lambda: _table(alike))


def packed(levels: NDArray[np.uint8]) -> str:
    """Levels for a chunk, in base64: which are not 0, a bit each, and then those."""
    flat = levels.reshape(-1)
    return base64.b64encode(np.packbits(flat > 0).tobytes() + flat[flat > 0].tobytes()).decode()


def _thinned(told: Sequence[tuple[NDArray[np.int64], NDArray[np.uint8]]]) -> list[WallAnswers]:
    """All answers, or as many as there is room for: evenly, the same share of every run's."""
    share = min(1.0, HISTORY_BYTES / max(sum(len(packed(levels)) for _, levels in told), 1))
    kept = []
    for run, (steps, levels) in enumerate(told):
        count = len(steps)
        rows = np.linspace(0, count - 1, max(min(count, 2), int(count * share)))
        places = np.unique(rows.round().astype(int))
        kept.append((run, steps[places].tolist(), packed(levels[places])))
    return kept


def _probes(each: Shown) -> dict[str, Any] | None:
    """What it is asked; None where it is not, or its images were not kept."""
    asked = each.history.probe_images
    return asked if asked and asked["sheet"] else None


def _answers(history: History) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Steps, and the answers at each about the images that it is asked now."""
    since = history.probe_images["step"] if history.probe_images else 0
    first = int(np.searchsorted(history.probe_steps, since))
    return history.probe_steps[first:], history.probe_answers[first:]


def _places(asked: dict[str, Any]) -> list[int]:
    """Of the images, each once: where nothing is damaged, both halves are the same."""
    images = asked["images"]
    has_damage = any(image["corruption"] for image in images)
    return [*range(len(images) if has_damage else -(-len(images) // 2))]


def _is_asked_alike(each: Shown, first: Shown) -> bool:
    ours, theirs = _probes(each), _probes(first)
    return bool(
        ours
        and theirs
        and each.config.dataset == first.config.dataset
        and (ours["images"], ours["classes"]) == (theirs["images"], theirs["classes"])
    )


def _note(shown: Sequence[Shown], alike: Sequence[Shown]) -> str:
    """Who is not on the wall, and why; empty where all are."""
    if not alike:
        if any(each.is_live for each in shown):
            return "The first answers come with the first step."
        return "Answers to single images were not recorded here."
    missing = [each.label for each in shown if each not in alike]
    verb = "was" if len(missing) == 1 else "were"
    return f"{enumerate_words(missing)} {verb} not asked these images." if missing else ""


def _damage(asked: dict[str, Any]) -> str:
    """What the damaged images suffer, in a word or two; empty where none is."""
    name = next((image["corruption"] for image in asked["images"] if image["corruption"]), None)
    return _LOOKS.get(name, group_title(name)) if name else ""


def _noun(asked: dict[str, Any]) -> str:
    return "digits" if all(name.isdigit() for name in asked["classes"]) else "images"


def _reading(alike: Sequence[Shown]) -> str:
    """How many each reads right at the newest step that all were asked at."""
    asked = _probes(alike[0]) if alike else None
    told = [_answers(each.history) for each in alike]
    if not asked or not all(len(steps) for steps, _ in told):
        return ""
    step = min(int(steps[-1]) for steps, _ in told)
    labels = np.array([image["label"] for image in asked["images"]])
    damaged = np.array([bool(image["corruption"]) for image in asked["images"]])
    chosen = np.flatnonzero(damaged) if damaged.any() else np.array(_places(asked))
    words = []
    for each, (steps, levels) in zip(alike, told, strict=True):
        place = max(int(np.searchsorted(steps, step, side="right")) - 1, 0)
        right = levels[place, chosen].argmax(axis=1) == labels[chosen]
        words.append(f"{each.label} {int(right.sum())} of {len(chosen)}")
    what = f"{_damage(asked) or 'clean'} {_noun(asked)}"
    return f"Of the {what}, read right at step {step:,}: {enumerate_words(words)}."


def _table(alike: Sequence[Shown]) -> Rows:
    asked = _probes(alike[0]) if alike else None
    if not asked:
        return []
    images, classes, places = asked["images"], asked["classes"], _places(asked)
    rows = []
    for each in alike:
        for step, levels in zip(*_answers(each.history), strict=True):
            for place in places:
                image, best = images[place], int(levels[place].argmax())
                rows.append(
                    {
                        "run": each.label, "step": int(step), "image": place,
                        "label": classes[image["label"]], "corruption": image["corruption"],
                        "severity": image["severity"], "answer": classes[best],
                        "confidence": round(int(levels[place, best]) / 255, 3),
                    }
                )  # fmt: skip
    return rows
