"""Ablations on CIFAR-10: what the pretrained models' table says of them, as a sweep's results."""

from dataclasses import replace
from functools import lru_cache

from afn.ask.records import STANDARD
from afn.pretrained.ablations import ABLATIONS, CLEAN, CORRUPTED, Ablation
from afn.pretrained.measured import Results as Measured
from afn.pretrained.plan import PLAN
from afn.pretrained.replication import condition_of
from afn.pretrained.ways import Ask, Way
from afn.runs.index import Line
from afn.sweep.plan import Planned

from ...kit import measured
from ...kit.results import SweepResults

_BY_CORRUPTION: dict[str | None, list[Ask]] = {
    None: [CLEAN],
    **{name: [ask for ask in CORRUPTED if ask.corruption == name] for name in STANDARD},
}


def known() -> dict[str, SweepResults]:
    """Ablations on CIFAR-10 that can be compared by now, by name.

    Raises:
        ValueError: The table of all accuracies is damaged.
    """
    return _known(measured.results())


@lru_cache(maxsize=4)
def _known(results: Measured) -> dict[str, SweepResults]:
    found = {name: results_of(each, results) for name, each in ABLATIONS.items()}
    return {name: each for name, each in found.items() if each}


def results_of(ablation: Ablation, measured: Measured) -> SweepResults | None:
    """Of as many arms as have results; None below two, where there is nothing to compare."""
    runs, lines = list[Planned](), dict[str, Line]()
    for point, way in ablation.arms.items():
        for seed, line in _lines(way, measured).items():
            run = Planned.of(point, replace(line.config(), seed=seed))
            runs.append(run)
            lines[run.run_id] = line
    if len({run.point for run in runs}) < 2:
        return None
    return SweepResults(
        runs=sorted(runs, key=lambda run: run.config.seed),
        lines=lines,
        provenance=f"**Precomputed** · pretrained models, {condition_of(CORRUPTED)}",
    )


def _lines(way: Way, measured: Measured) -> dict[int, Line]:
    """What a sweep would know of its runs, by seed; under corruption the mean over severities."""
    figures = {
        name: dict(found.values)
        for name, asks in _BY_CORRUPTION.items()
        if (found := measured.over_seeds(asks, way))
    }
    rule = measured.rule(CORRUPTED, way)
    config = PLAN[way.stem(CLEAN)].config
    if way.norm == "bn" and way.statistics == "batch":
        config = replace(config, eval_stats="batch")
    return {
        seed: Line(
            id=way.stem(CLEAN),
            created=1.0,
            settings=config.changed(),
            status="finished",
            summary={
                "accuracy": accuracy / 100,
                "tests": [
                    {
                        "dataset": config.dataset, "corruption": name,
                        "accuracy": figures[name][seed] / 100, "rule": rule,
                    }
                    for name in STANDARD
                    if seed in figures.get(name, {})
                ],
            },
        )
        for seed, accuracy in figures.get(None, {}).items()
    }  # fmt: skip
