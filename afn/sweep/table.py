"""What came out of a sweep: one tidy row a run, and figures over seeds at every point."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from afn.corruptions.severities import rule_of
from afn.runs.index import Line
from afn.settings.corruptions import CORRUPTION_NAMES, KINDS
from afn.settings.lambda_init import GREEK, LAMBDAS
from afn.stats.over_seeds import OverSeeds
from afn.sweep.execution import standing
from afn.sweep.plan import Planned, Point


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """A figure of a run."""

    name: str
    title: str
    unit: str
    """ "%", "ms", "s", or "" for a λ."""
    more_is_better: bool
    of: Callable[[Line], float | None]
    """None where the run has no such figure."""


def metrics(lines: Sequence[Line]) -> dict[str, Metric]:
    """Every metric that at least one of the runs has, by name: accuracies first."""
    clean = Metric(
        name="clean", title="accuracy on clean images", unit="%", more_is_better=True, of=_clean
    )
    found = {"clean": clean}
    rules = {rule_of(test) for line in lines for test in _tests(line)}
    rule = max((each for each in rules if each), default=None)  # figures of two are never mixed
    corruptions = {
        test["corruption"] for line in lines for test in _tests(line) if rule_of(test) == rule
    } - {None}
    if corruptions:
        found["corrupted"] = _mean_over("corrupted", "accuracy under corruption", corruptions, rule)
    for group, names in KINDS.items():
        if among := corruptions & set(names):
            found[group] = _mean_over(group, f"accuracy under {group}", among, rule)
    for name in CORRUPTION_NAMES:
        if name in corruptions:
            found[name] = _mean_over(name, f"accuracy under {name.replace('_', ' ')}", {name}, rule)
    for domain in dict.fromkeys(
        test["dataset"] for line in lines for test in _tests(line)
        if test["dataset"] != line.setting("dataset")
    ):  # fmt: skip
        found[f"domain:{domain}"] = _domain(domain)
    if any(_loss(line) is not None for line in lines):
        found["loss"] = Metric(
            name="loss", title="loss on clean images", unit="", more_is_better=False, of=_loss
        )
    for name in LAMBDAS:
        if any(name in line.summary.get("lambda_end", {}) for line in lines):
            found[f"end:{name}"] = _end(name)
        if any(name in line.summary.get("lambda_moved", {}) for line in lines):
            found[f"moved:{name}"] = _moved(name)
    found["diverged"] = Metric(
        name="diverged", title="share of runs that diverge", unit="%", more_is_better=False,
        of=lambda line: 100.0 * bool(line.summary.get("diverged")),
    )  # fmt: skip
    times = (
        Metric(
            name="step_ms", title="processor time of a training step", unit="ms",
            more_is_better=False, of=_step_ms,
        ),
        Metric(
            name="train_seconds", title="processor time of the training", unit="s",
            more_is_better=False, of=lambda line: line.summary.get("train_seconds"),
        ),
        Metric(
            name="seconds", title="time of a whole run", unit="s", more_is_better=False,
            of=lambda line: line.summary.get("seconds"),
        ),
    )  # fmt: skip
    found |= {m.name: m for m in times if any(m.of(line) is not None for line in lines)}
    return found


def over_seeds(
    runs: Sequence[Planned], lines: Mapping[str, Line], metric: Metric
) -> dict[Point, OverSeeds]:
    """A metric at every point that has it, by seed.

    A run that diverged counts for the share of diverged runs alone; one that was changed by hand
    while it trained counts for nothing.
    """
    found: dict[Point, dict[int, float]] = {}
    for run in runs:
        line = lines.get(run.run_id)
        ends = ("done", "diverged") if metric.name == "diverged" else ("done",)
        if line is None or standing(line) not in ends or line.summary.get("changes"):
            continue
        value = metric.of(line)
        if value is not None:
            found.setdefault(run.point, {})[run.config.seed] = value
    made = {point: OverSeeds.of(values) for point, values in found.items()}
    return {point: each for point, each in made.items() if each}


def rows(runs: Sequence[Planned], lines: Mapping[str, Line]) -> list[dict[str, Any]]:
    """One tidy row a run: where it lies, how it stands, every metric."""
    known = metrics([lines[run.run_id] for run in runs if run.run_id in lines])
    found = []
    for run in runs:
        line = lines.get(run.run_id)
        row: dict[str, Any] = {
            **dict(run.point),
            "seed": run.config.seed,
            "run": run.run_id,
            "standing": standing(line),
            "reason": line.reason if line else "",
            "rule": line.rule if line else None,
            "changed_by_hand": line.summary.get("changes", 0) if line else 0,
        }
        for name, metric in known.items():
            row[_column(name, metric)] = metric.of(line) if line and line.summary else None
        found.append(row)
    return found


def _column(name: str, metric: Metric) -> str:
    return f"{name}_percent" if metric.unit == "%" else name


def _tests(line: Line) -> list[dict[str, Any]]:
    return line.summary.get("tests", [])


def _clean(line: Line) -> float | None:
    accuracy = line.summary.get("accuracy")
    return None if accuracy is None else 100.0 * accuracy


def _loss(line: Line) -> float | None:
    own = line.setting("dataset")
    found = (t.get("loss") for t in _tests(line) if not t["corruption"] and t["dataset"] == own)
    return next(found, None)


def _mean_over(name: str, title: str, corruptions: set[str], rule: int | None) -> Metric:
    def of(line: Line) -> float | None:
        found = {t["corruption"]: t["accuracy"] for t in _tests(line) if rule_of(t) == rule}
        if not corruptions <= found.keys():
            return None
        return 100.0 * fmean(found[each] for each in corruptions)

    return Metric(name=name, title=title, unit="%", more_is_better=True, of=of)


def _domain(domain: str) -> Metric:
    def of(line: Line) -> float | None:
        found = (test["accuracy"] for test in _tests(line) if test["dataset"] == domain)
        accuracy = next(found, None)
        return None if accuracy is None else 100.0 * accuracy

    return Metric(
        name=f"domain:{domain}", title=f"accuracy on {domain}", unit="%", more_is_better=True, of=of
    )


def _end(name: str) -> Metric:
    return Metric(
        name=f"end:{name}", title=f"{GREEK[name]} at the end", unit="", more_is_better=True,
        of=lambda line: line.summary.get("lambda_end", {}).get(name),
    )  # fmt: skip


def _moved(name: str) -> Metric:
    return Metric(
        name=f"moved:{name}", title=f"movement of {GREEK[name]}", unit="", more_is_better=True,
        of=lambda line: line.summary.get("lambda_moved", {}).get(name),
    )  # fmt: skip


def _step_ms(line: Line) -> float | None:
    seconds, step = line.summary.get("train_seconds"), line.summary.get("step")
    return 1000 * seconds / step if seconds and step else None
