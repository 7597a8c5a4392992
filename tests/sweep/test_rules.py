"""Figures of tests under two rules of corruptions are never mixed."""

from afn.runs.index import Line
from afn.settings.corruptions import RULE
from afn.sweep.plan import plan
from afn.sweep.spec import SweepSpec
from afn.sweep.table import metrics, rows

RUNS = plan(SweepSpec.from_json({"axes": {"norm": ["bn", "afn"]}})).runs


def line(run, accuracy, **rule):
    tests = [
        {"dataset": "mnist5k", "corruption": None, "accuracy": 0.9, **rule},
        {"dataset": "mnist5k", "corruption": "fog", "accuracy": accuracy, **rule},
    ]
    summary = {"accuracy": 0.9, "tests": tests}
    return Line(id=run.run_id, created=1.0, status="finished", summary=summary)


def test_a_line_without_a_rule_is_of_the_first():
    assert line(RUNS[0], 0.5).rule == 1
    assert line(RUNS[0], 0.5, rule=RULE).rule == RULE
    assert Line(id="clean", summary={"tests": [{"corruption": None}]}).rule is None


def test_corrupted_figures_are_of_the_newest_rule_alone():
    old, new = line(RUNS[0], 0.5), line(RUNS[1], 0.7, rule=RULE)
    found = metrics([old, new])["corrupted"]
    assert (found.of(old), found.of(new)) == (None, 70.0)
    assert metrics([old])["corrupted"].of(old) == 50.0
    table = rows(RUNS, {old.id: old, new.id: new})
    assert [(row["rule"], row["clean_percent"], row["corrupted_percent"]) for row in table] == [
        (1, 90.0, None), (RULE, 90.0, 70.0),
    ]  # fmt: skip
