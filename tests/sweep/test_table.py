import pytest

from afn.runs.index import Line
from afn.sweep.plan import plan
from afn.sweep.spec import SweepSpec
from afn.sweep.table import metrics, over_seeds, rows

SWEEP = plan(
    SweepSpec.from_json(
        {"base": {"dataset": "digits8"}, "axes": {"norm": ["bn", "afn"]}, "seeds": 3}
    )
)
BN, AFN = SWEEP.points


def line(run, accuracy, *, status="finished", summary=()):
    test = {"dataset": "digits8", "corruption": None, "accuracy": accuracy}
    fog = {"dataset": "digits8", "corruption": "fog", "accuracy": accuracy - 0.2}
    snow = {"dataset": "digits8", "corruption": "snow", "accuracy": accuracy - 0.4}
    usps = {"dataset": "usps", "corruption": None, "accuracy": 0.5}
    told = {
        "accuracy": accuracy, "step": 100, "seconds": 9.0, "train_seconds": 4.0,
        "tests": [test, fog, snow, usps], "lambda_moved": {"mu": 0.01},
    }  # fmt: skip
    settings = run.config.changed()
    return Line(
        id=run.run_id, created=1.0, settings=settings, status=status, summary=told | dict(summary)
    )  # fmt: skip


@pytest.fixture
def lines():
    levels = {"bn": 0.8, "afn": 0.9}
    return {
        run.run_id: line(run, levels[run.config.norm] + run.config.seed / 100) for run in SWEEP.runs
    }


def test_metrics_are_those_that_the_runs_have(lines):
    found = metrics(list(lines.values()))
    assert list(found) == [
        "clean", "corrupted", "weather", "snow", "fog", "domain:usps", "moved:mu", "diverged",
        "step_ms", "train_seconds", "seconds",
    ]  # fmt: skip
    one = lines[SWEEP.runs[0].run_id]
    told = {name: metric.of(one) for name, metric in found.items()}
    assert told == pytest.approx(
        {
            "clean": 80,
            "corrupted": 50,
            "weather": 50,
            "snow": 40,
            "fog": 60,
            "domain:usps": 50,
            "moved:mu": 0.01,
            "diverged": 0,
            "step_ms": 40,
            "train_seconds": 4,
            "seconds": 9,
        }
    )


def test_a_point_has_its_figure_by_seed(lines):
    clean = metrics(list(lines.values()))["clean"]
    found = over_seeds(SWEEP.runs, lines, clean)
    assert list(found) == [BN, AFN]
    assert dict(found[BN].values) == pytest.approx({0: 80, 1: 81, 2: 82})


def test_diverged_runs_count_as_such_alone_and_changed_ones_for_nothing(lines):
    first, second, third = (run.run_id for run in SWEEP.runs if run.config.norm == "bn")
    by_id = {run.run_id: run for run in SWEEP.runs}
    lines[first] = line(by_id[first], 0.1, status="failed", summary={"diverged": True})
    lines[second] = line(by_id[second], 0.1, summary={"changes": 2})
    del lines[third]
    known = metrics(list(lines.values()))
    assert BN not in over_seeds(SWEEP.runs, lines, known["clean"])
    assert dict(over_seeds(SWEEP.runs, lines, known["diverged"])[BN].values) == {0: 100.0}


def test_the_table_is_tidy(lines):
    del lines[SWEEP.runs[0].run_id]
    table = rows(SWEEP.runs, lines)
    assert [row["standing"] for row in table] == ["not begun"] + ["done"] * 5
    assert len({tuple(row) for row in table}) == 1
    assert (table[1]["norm"], table[1]["seed"], table[1]["clean_percent"]) == ("afn", 0, 90.0)
    assert table[0]["clean_percent"] is None
    assert table[1]["domain:usps_percent"] == 50.0
