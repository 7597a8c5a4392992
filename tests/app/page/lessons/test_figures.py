"""Figures to drag: whole, small, honest beside the experiments, and dots as trainings end."""

from statistics import median

import pytest

from afn.ask.records import Cell
from afn.cost.records import Report
from app.kit import folders
from app.page.lessons import figure, seeds
from app.page.lessons.charts import Dot
from app.page.lessons.lessons import LESSONS, gain
from tests.app.one_view import opened, text
from tests.app.page.lessons.test_lessons import record_of

SLUGS = list(LESSONS)


def curve(slug, label):
    return next(each for each in figure.kept(slug)["curves"] if each["label"] == label)


def at(slug, label, stop, option=0):
    """A curve where the handle says so."""
    found = figure.kept(slug)
    return curve(slug, label)["values"][option * len(found["stops"]) + found["stops"].index(stop)]


def percent(slug, label, place):
    told = next(each for each in record_of(slug)["answers"] if each["label"] == label)
    cells = [Cell.from_json(cell) for cell in told["cells"]]
    return 100 * next(cell.accuracy for cell in cells if cell.place == place)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_figure_is_whole(slug):
    found = figure.kept(slug)
    places = len(found["stops"]) * max(1, len(found["options"]))
    assert 0 <= found["start"] < len(found["stops"])
    assert found["told"]
    for each in found["curves"]:
        for name in ("values", "low", "high"):
            assert len(each.get(name, each["values"])) == places
        assert all(found["range"][0] <= value for value in each["values"])
    for row in found["rows"]:
        assert row.get("places", 1) in (1, places)
        if answers := row.get("answers"):
            assert len(answers) in (1, places)
            assert all(len(each) == len(found["labels"]) for each in answers)
            assert all(0 <= share <= 100 for each in answers for _, share in each)
    parts = [*found["curves"], *found["rows"]]
    assert any(part["is_answer"] for part in parts)
    assert not all(part["is_answer"] for part in parts), "there is nothing to drag before"


def test_figures_are_small_files_and_there_are_no_others():
    files = {path.stem: path.stat().st_size for path in figure.FOLDER.glob("*.json")}
    assert set(files) == set(LESSONS)
    assert max(files.values()) < 160_000


@pytest.mark.parametrize("slug", SLUGS)
def test_the_first_screen_has_few_words_and_no_answer(runs, slug):
    lesson, page = LESSONS[slug], opened("lessons", lesson=slug)
    shown = [lesson.question, lesson.ask, *(each.value for each in page.caption)]
    assert len(" ".join(shown).split()) <= 60
    assert not page.get("plotly_chart")
    assert not page.info
    assert not page.success
    assert lesson.after not in text(page.markdown)


# -- beside what the experiments measured ----------------------------------------------------------


def test_contrast_and_networks_are_what_was_measured():
    for label in ("BN, running averages", "BN, test batch", "AFN, test batch"):
        for stop, place in (("100 %", (None, 0)), ("15 %", ("contrast", 5))):
            measured = percent("hidden-hero", label, place)
            assert at("hidden-hero", label, stop) == pytest.approx(measured, abs=0.01)
    options = figure.kept("networks")["options"]
    for label in ("networks adapting", "networks frozen"):
        fog = percent("networks", label, ("fog", 5))
        assert at("networks", label, "5", options.index("fog")) == pytest.approx(fog, abs=0.01)


def test_test_batches_are_what_was_measured():
    for norm in ("BN", "AFN"):
        for size in (1, 8, 128):
            measured = percent("one-image", f"{norm}, test batch of {size}", (None, 0))
            assert at("one-image", f"{norm}, test batch", str(size)) == pytest.approx(
                measured, abs=0.01
            )


def test_dot_gradients_and_times_are_what_was_measured():
    assert at("axes", "the dot, over N", "10") == pytest.approx(record_of("axes")["dot"], abs=0.01)
    data = LESSONS["gain"].experiment.read(record_of("gain"))
    ratios = gain._ratios(data, "λ_σ = 0.5", "ResNet-20")
    place = figure.kept("gain")["stops"].index("0.5")
    drawn = [seed[place] for seed in curve("gain", "measured, 19 layers")["seeds"]]
    assert median(drawn) == pytest.approx(median(ratios), rel=0.01)
    report = Report.read(folders.REFERENCE / "cost.jsonl")
    [measured] = [
        m.train_ratio
        for m in report.measurements
        if (m.case.subject, m.case.batch_size, m.norm) == ("convnet", 32, "afn")
    ]
    assert at("price", "AFN, time", "32") == pytest.approx(measured, abs=1e-3)


def test_batches_of_four_are_what_was_measured():
    results = LESSONS["batch-size"].experiment.read(record_of("batch-size")).results
    for norm, label in (("bn", "BN"), ("asrnorm", "ASRNorm")):
        for size in ("4", "64"):
            measured = results.at("clean", {"norm": norm, "images in a batch": size})
            assert at("batch-size", label, size) == pytest.approx(measured.mean, abs=1.0)


def test_what_norms_reach_is_what_was_measured():
    results = LESSONS["measuring"].experiment.read(record_of("measuring")).results
    for norm, label in (("bn", "BN"), ("frn", "FRN"), ("dyt", "DyT"), ("none", "no norm")):
        measured = results.at("clean", {"norm": norm})
        assert at("measuring", label, "44") == pytest.approx(measured.mean, abs=1.0)


@pytest.mark.parametrize(
    ("slug", "option", "stop"),
    [
        ("adapting", "sorted by class", "40"),
        ("batch-size", "", "4"),
        ("gain", "", "0.5"),
        ("hidden-hero", "", "15 %"),
        ("networks", "gaussian noise", "5"),
        ("one-image", "mixed", "1"),
    ],
)
def test_the_handle_goes_where_the_question_is(slug, option, stop):
    found = figure.kept(slug)
    at, place = divmod(LESSONS[slug].asked_at - 1, len(found["stops"]))
    assert ([*found["options"], ""][at], found["stops"][place]) == (option, stop)


# -- trainings as they end -------------------------------------------------------------------------


@pytest.mark.parametrize(("values", "has_interval"), [((), False), ((1.0, 2.0), False),
                                                      ((1.0, 2.0, 3.0), True)])  # fmt: skip
def test_an_interval_comes_with_the_third_seed(values, has_interval):
    row = seeds._row(Dot(label="BN", color="#000", value=0.0, each=values), 3)
    assert row["values"] == list(values)
    assert (row["low"] is not None) is has_interval
    assert row["told"] == ("2" if has_interval else f"{len(values)} of 3")


@pytest.mark.parametrize("slug", ["small-lambda", "gain", "batch-size", "measuring"])
def test_trainings_show_before_all_have_ended(slug):
    lesson, record = LESSONS[slug], record_of(slug)
    chart = lesson.charts[0]
    whole = lesson.experiment.read(record)
    results = whole.results
    first = {run.run_id for run in results.runs if run.config.seed == 0}
    part = type(whole)(
        results=type(results)(
            runs=results.runs, provenance="",
            lines={name: line for name, line in results.lines.items() if name in first},
        ),
        gradients={name: norms for name, norms in whole.gradients.items() if name in first},
    )  # fmt: skip
    assert {len(dot.each) for dot in chart.dots(whole)} == {3}
    assert {len(dot.each) for dot in chart.dots(part)} == {1}
    assert [dot.label for dot in chart.dots(part)] == [dot.label for dot in chart.dots(whole)]
