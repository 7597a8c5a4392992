"""Which runs are listed: found by words, by comparison, by brushing; and what their tags are."""

import pytest

from afn.runs.index import Line, RunIndex
from app.page.runs.narrow import groups_of, meets
from app.page.runs.parallel import axes_of, brushed
from tests.app.one_view import drawn, text
from tests.app.page.runs.test_list import labelled, runs_page, table
from tests.app.playground import CONFIG, finished


def line(name, *, norm="afn", lr=0.05, accuracy=None, group="", tags=(), created=1.0):
    settings = {"norm": norm} | ({"lr": lr} if lr != 0.05 else {})
    summary = {} if accuracy is None else {"accuracy": accuracy}
    return Line(
        id=name, name=name, created=created, settings=settings, status="finished",
        summary=summary, group=group, tags=list(tags),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "is_found"),
    [("", True), ("asr", True), ("MNIST5k asrnorm", True), ("keep mnist", True), ("bn", False),
     ("asr digits8", False)],
)  # fmt: skip
def test_each_word_is_looked_for_in_what_is_told_of_a_run(words, is_found):
    assert meets(line("one", norm="asrnorm", tags=("to keep",)), words) is is_found


def test_what_cannot_be_read_is_found_by_its_id_alone():
    damaged = Line(id="run-7", reason="its configuration is damaged")
    assert meets(damaged, "run-7")
    assert not meets(damaged, "afn")


def test_a_comparison_is_runs_that_started_together():
    lines = [line("a", group="g"), line("b", norm="bn", group="g"), line("c", group="alone")]
    [(group, title)] = groups_of(lines).items()
    assert group == "g"
    assert title.startswith("BN and AFN · mnist5k · ")
    assert title.endswith(" · 2 runs")


def test_axes_are_what_differs_and_a_brush_keeps_what_lies_within():
    lines = [
        line("a", lr=0.001, accuracy=0.5),
        line("b", lr=0.1, accuracy=0.9),
        line("c", norm="bn", accuracy=0.7),
        line("d"),
    ]
    norm, lr, accuracy = axes_of(lines)
    assert [axis.title for axis in (norm, lr, accuracy)] == [
        "norm", "learning rate", "accuracy, clean",
    ]  # fmt: skip
    assert norm.ticks == [(0.0, "AFN"), (1.0, "BN")]
    assert accuracy.places == pytest.approx({"a": 0, "b": 1, "c": 0.5})
    assert lr.places["c"] == pytest.approx(0.85, abs=0.01)  # of two decades, by its logarithm
    high = brushed(lines, [norm, lr, accuracy], {"accuracy": (0.4, 1.0)})
    assert [each.id for each in high] == ["b", "c"]
    both = brushed(lines, [norm, lr, accuracy], {"accuracy": (0.4, 1.0), "norm": (0.0, 0.1)})
    assert [each.id for each in both] == ["b"]
    assert axes_of(lines[:1]) == []


def test_tags_stay_with_the_run_and_are_found(runs):
    one, other = finished(runs, CONFIG, name="one"), finished(runs, CONFIG, name="other")
    at = runs_page(0)  # the newest
    drawn(labelled(at.multiselect, "Tags").set_value(["good  one", "2026"]).run())
    assert RunIndex(runs).some([other.id])[other.id].tags == ["good one", "2026"]
    assert list(table(at)[0]["tags"]) == ["good one", "2026"]
    drawn(labelled(at.text_input, "Search").set_value("good").run())
    assert [row["run"] for row in table(at)] == [other.id]
    assert "1 of 2 runs" in text(at.caption)
    assert RunIndex(runs).some([one.id])[one.id].tags == []


def test_an_ended_run_has_its_curves_in_the_list_and_keeps_them_when_renamed(runs, monkeypatch):
    run = finished(runs, CONFIG)
    index = RunIndex(runs)
    [before] = index.lines()
    assert {"loss", "accuracy", "mu", "sigma"} <= before.curves.keys()
    assert all(0 < value < 1 for value in before.curves["mu"])
    monkeypatch.setattr("afn.runs.index.glance", lambda run: pytest.fail("its events are known"))
    run.rename("another")
    [after] = index.lines()
    assert (after.name, after.curves) == ("another", before.curves)
