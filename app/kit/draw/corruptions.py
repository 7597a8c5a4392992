"""Accuracy per corruption, as bars grouped by contender beside a sample of each corruption.

Contenders are compared at one step: `afn.runs.equal` here, and ``equal.js`` in the browser.
"""

from collections.abc import Sequence
from typing import Any

from afn.corruptions.applying import applicable
from afn.corruptions.severities import rule_of, rule_words, why_unchanged
from afn.data import dataset_entry
from afn.runs.equal import shared_step
from afn.settings.corruptions import MIN_SIDE
from afn.stats.intervals import wilson_interval
from afn.wording import count_words, enumerate_words, percent

from .chart import Chart, Rows, Shown, chart_of

CLEAN = "clean"
_LEAST = (MIN_SIDE, MIN_SIDE, 1)
"""The images that most corruptions leave unchanged."""
_APART = ("kind", "seconds", "rule", "constants")
"""Of what a test says: left out of the table, or a column where a test says nothing of it, too."""


def corruption_chart(shown: Sequence[Shown], severity: int) -> Chart:
    """The tests of every corruption at a severity, with 95 % Wilson intervals."""
    names = list(dict.fromkeys(name for each in shown for name in _tested(each, severity)))
    keys: list[str | None] = [None, *names]
    spec = {
        "kind": "bars",
        "groups": [group_title(name) for name in keys],
        "y": f"accuracy at severity {severity}, %",
        "range": [0, 100],
    }

    def cells(run: int, each: Shown, first: int) -> list[list[Any]]:
        return [
            [run, keys.index(test["corruption"]), test["step"]]
            + [round(100 * share, 2) for share in _interval(test)]
            for test in each.history.tests_at(severity, first)
            if test["corruption"] in keys
        ]

    def feed(cursor: tuple[list[int], bool] | None) -> tuple[dict[str, Any], Any]:
        counts = [len(each.history.evaluations) for each in shown]
        samples = next(
            (s for each in shown if (s := each.history.samples.get(severity)) is not None), None
        )
        old_counts, has_images = cursor or ([0] * len(shown), False)
        chunk: dict[str, Any] = {}
        new = [
            cell
            for run, each in enumerate(shown)
            if counts[run] > old_counts[run]
            for cell in cells(run, each, old_counts[run])
        ]
        if new:
            chunk["cells"] = new
        if samples and not has_images:
            chunk["images"] = {
                group_title(None if key == CLEAN else key): uri for key, uri in samples.items()
            }
        return chunk, (counts, has_images or samples is not None)

    reading = _reading(shown, severity)
    return chart_of(shown, (severity,), spec, feed, reading, lambda: _table(shown))


def group_title(corruption: str | None) -> str:
    """A corruption's name in plain words."""
    return CLEAN if corruption is None else corruption.replace("_", " ")


def _tested(shown: Shown, severity: int) -> list[str]:
    """The corruptions that a run tests, but for those that change none of its images."""
    config = shown.config
    if not any(why_unchanged(name, severity, _LEAST) for name in config.corruptions):
        return list(config.corruptions)  # this is asked at every tick: look nothing up for it
    places = [(name, severity) for name in config.corruptions]
    try:
        shape = dataset_entry(config.dataset).image_shape
    except ValueError:  # the data set is gone
        return list(config.corruptions)
    return [name for name, _ in applicable(places, config.dataset, shape) if name]


def _interval(test: dict[str, Any]) -> tuple[float, float, float]:
    return test["accuracy"], *wilson_interval(test["correct"], test["n"])


def _reading(shown: Sequence[Shown], severity: int) -> str:
    worst: tuple[float, str, str, int] | None = None
    tests = [each.history.tests_at(severity) for each in shown]
    steps = [[test["step"] for test in listed] for listed in tests]
    shared = shared_step(steps)
    for each, listed, own in zip(shown, tests, steps, strict=True):
        step = shared_step([own]) if shared is None else shared
        there = {test["corruption"]: test for test in listed if test["step"] == step}
        clean = there.pop(None, None)
        for name, test in there.items():
            drop = (clean["accuracy"] if clean else 1.0) - test["accuracy"]
            if worst is None or drop > worst[0]:
                told = f"{each.label} falls to {percent(test['accuracy'])}"
                worst = drop, group_title(name), told, test["step"]
    if worst is None:
        return "No corruption tested yet: that happens at each epoch's end, or on demand."
    n = next(t["n"] for each in shown for t in each.history.evaluations)
    return (
        f"The largest drop from clean at severity {severity} is under {worst[1]}: {worst[2]} at "
        f"step {worst[3]:,} ({count_words(n, 'image')} each).{_older(shown, severity)}"
    )


def _older(shown: Sequence[Shown], severity: int) -> str:
    """Whose images were corrupted under an older rule, in a sentence."""
    found = {
        each.label: words
        for each in shown
        for test in each.history.latest_by_corruption(severity).values()
        if (words := rule_words(rule_of(test)))
    }
    if not found:
        return ""
    return f" {enumerate_words(list(found))}: images {next(iter(found.values()))}."


def _table(shown: Sequence[Shown]) -> Rows:
    rows = []
    for each in shown:
        for test in each.history.evaluations:
            low, high = wilson_interval(test["correct"], test["n"])
            rows.append(
                {
                    "run": each.label, **{k: v for k, v in test.items() if k not in _APART},
                    "rule": rule_of(test), "constants": test.get("constants"), "low95": low,
                    "high95": high, "seed": each.config.seed,
                }
            )  # fmt: skip
    return rows
