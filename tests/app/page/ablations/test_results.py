"""What sweeps, ready-made ones and those of CIFAR-10 say: their figures and tables."""

from dataclasses import replace

import pytest

from afn.runs.index import Line
from afn.stats.over_seeds import OverSeeds
from afn.sweep.plan import plan
from afn.sweep.saved import read_saved
from afn.sweep.spec import SweepSpec, read_spec
from app.kit.results import Layout, SweepResults, badge
from app.page.ablations import against, charts
from app.page.ablations import table as tables
from app.page.ablations.drawn import DrawnSweep, picked
from app.page.ablations.ready_made import FOLDER, READY_MADE
from tests.app.overrun import overrun

pytestmark = pytest.mark.slow

SWEEP = plan(
    SweepSpec.from_json(
        {
            "base": {"dataset": "digits8"},
            "axes": {"norm": ["bn", "afn"], "lr": [0.01, 0.1]},
            "seeds": 3,
        }
    )
)


def line(run, accuracy, *, step_seconds=0.01):
    summary = {
        "accuracy": accuracy, "step": 100, "seconds": 2.0, "train_seconds": 100 * step_seconds,
        "tests": [{"dataset": "digits8", "corruption": None, "accuracy": accuracy}],
    }  # fmt: skip
    settings = run.config.changed()
    return Line(
        id=run.run_id, created=1.0, status="finished", settings=settings, summary=summary
    )  # fmt: skip


@pytest.fixture
def results():
    """AFN is 5 points over BN at 0.1 in every seed, and at 0.01 now above and now below."""
    noise = {0: 0.00, 1: 0.02, 2: -0.01}
    lines = {}
    for run in SWEEP.runs:
        labels, seed = dict(run.point), run.config.seed
        level = 0.8 + noise[seed]
        if labels["norm"] == "afn":
            level += 0.05 + seed / 1000 if labels["lr"] == "0.1" else (0.03, -0.04, 0.01)[seed]
        cost = 0.02 if labels["norm"] == "afn" else 0.01
        lines[run.run_id] = line(run, level, step_seconds=cost)
    return SweepResults(runs=SWEEP.runs, lines=lines, provenance="made up")


def drawn(results, **view):
    layout = Layout.of(results.axes, view.pop("over", ""), view.pop("baseline", ""))
    return DrawnSweep.of(results, layout, results.metrics["clean"], **view)


def test_numbers_lie_along_and_names_are_lines_beside_bn(results):
    layout = Layout.of(results.axes)
    assert (layout.over, layout.compared, layout.baseline) == ("lr", "norm", "bn")
    assert layout.lines == ((("norm", "bn"),), (("norm", "afn"),))
    assert layout.point((("norm", "afn"),), "0.1", results.axes) == (("norm", "afn"), ("lr", "0.1"))
    turned = Layout.of(results.axes, over="norm", baseline="0.1")
    assert (turned.compared, turned.baseline) == ("lr", "0.1")


def test_differences_are_paired_by_seed_and_badged(results):
    it = drawn(results)
    high, low = (("norm", "afn"), ("lr", "0.1")), (("norm", "afn"), ("lr", "0.01"))
    assert it.gain(high).mean == pytest.approx(5.1)
    assert it.gain((("norm", "bn"), ("lr", "0.1"))) is None
    said = {point: badge(it.gain(point), more_is_better=True) for point in (high, low)}
    assert said == {high: "better", low: "within seed noise"}
    assert badge(it.gain(high), more_is_better=False) == "worse"
    two = OverSeeds.of({0: 5.0, 1: 5.01})
    assert two.is_clear
    assert badge(two, more_is_better=True) == "too few seeds"
    told = tables.reading(it)
    assert told.startswith("Highest accuracy on clean images: 85.4 ± ")
    assert told.endswith("Against bn, of 2 settings: better in 1 and within seed noise in 1.")
    few = replace(results, runs=[run for run in results.runs if ("lr", "0.1") in run.point])
    assert tables.reading(drawn(few)).endswith("Against bn, the one other setting: better.")


def test_a_mean_over_points_is_taken_seed_by_seed(results):
    found = results.at("clean", {"norm": "bn"})
    assert dict(found.values) == pytest.approx({0: 80, 1: 82, 2: 79})
    gone = dict(list(results.lines.items())[1:])
    fewer = SweepResults(runs=SWEEP.runs, lines=gone, provenance="")
    assert set(dict(fewer.at("clean", {"norm": "bn"}).values)) == {1, 2}
    assert results.at("fog", {"norm": "bn"}) is None


def test_figures_show_every_point_with_its_interval(results):
    lines = charts.lines_figure(drawn(results))
    means = [trace for trace in lines.data if trace.name != "seeds"]
    assert [trace.name for trace in means] == ["bn", "afn"]
    assert [len(trace.x) for trace in means] == [2, 2]
    assert all(width > 0 for trace in means for width in trace.error_y.array)
    low, high = lines.layout.yaxis.range
    assert low >= -6
    assert high <= 106
    held = charts.lines_figure(drawn(results, is_difference=True))
    [seeds, afn] = held.data
    assert (seeds.name, afn.name) == ("seeds", "afn")
    assert list(afn.y) == pytest.approx([0, 5.1])
    cells, marks = charts.map_figure(drawn(results)).data
    assert (len(cells.z), len(cells.z[0])) == (2, 2)
    last = picked([{"customdata": list(marks.customdata[-1])}], drawn(results))
    assert last == (("norm", "afn"), ("lr", "0.1"))
    point = picked([{"customdata": list(means[1].customdata[1])}], drawn(results))
    assert point == (("norm", "afn"), ("lr", "0.1"))
    assert picked([], drawn(results)) is None


def test_diverged_runs_are_marked_and_counted(results):
    at = (("norm", "afn"), ("lr", "0.1"))
    lost = [run.run_id for run in SWEEP.runs if run.point == at][:2]
    for run_id in lost:
        summary = results.lines[run_id].summary | {"diverged": True}
        results.lines[run_id] = replace(
            results.lines[run_id], status="failed", summary=summary
        )  # fmt: skip
    it = drawn(results)
    assert it.figures[at].n == 1
    [marks] = [each for each in charts.lines_figure(it).data if each.marker.symbol == "x"]
    assert list(marks.customdata[0][:2]) == ["0.1", "2 of 3 diverged"]
    assert "2 diverged" in tables.table_html(it)


def test_the_front_is_what_nothing_cheaper_beats(results):
    cost, clean = results.metrics["train_seconds"], results.metrics["clean"]
    front = {each.point for each in against.places(results, cost, clean) if each.is_front}
    assert (("norm", "afn"), ("lr", "0.1")) in front
    assert (("norm", "afn"), ("lr", "0.01")) not in front
    assert "Nothing cheaper is better than" in against.against_reading(results, cost, clean)
    assert not any(each.is_front for each in against.places(results, clean, cost))


def test_networks_at_chance_are_on_no_front_and_marked_wherever_they_are_drawn(results):
    """The cheapest of all never learned: nothing cheaper would be better than it."""
    at = (("norm", "bn"), ("lr", "0.01"))
    for run in SWEEP.runs:
        if run.point == at:
            results.lines[run.run_id] = line(run, 0.11, step_seconds=0.001)
    cost, clean = results.metrics["train_seconds"], results.metrics["clean"]
    [lost] = [each for each in against.places(results, cost, clean) if each.point == at]
    assert (lost.at_chance, lost.is_front) == (3, False)
    told = "At chance, hollow: bn, learning rate 0.01."
    assert "Crosses are at chance: bn, learning rate 0.01." in against.against_reading(
        results, cost, clean
    )
    crosses = against.against_figure(results, cost, clean).data
    assert sum(each.marker.symbol == "x-thin" for each in crosses) == 1
    it = drawn(results)
    assert tables.reading(it).endswith(told)
    assert "3 at chance" in tables.table_html(it)
    bn = next(each for each in charts.lines_figure(it).data if each.name == "bn")
    assert list(bn.marker.symbol) == ["circle-open", "circle"]
    [shown] = [
        each
        for each in charts.lines_figure(it).data
        if each.name == "bn" and each.showlegend is None
    ]
    assert shown.marker.symbol == "circle"
    assert "○" in charts.map_figure(it).data[0].text[0][0]


def test_each_seed_is_a_dot_beside_its_mean(results):
    it, clean = drawn(results), results.metrics["clean"]
    values = sorted(v for each in it.figures.values() for _, v in each.values)
    across = against.against_figure(results, results.metrics["train_seconds"], clean)
    seeds = charts.lines_figure(it).data[2]
    assert picked([{"customdata": list(seeds.customdata[-1])}], it) == (
        ("norm", "afn"), ("lr", "0.1"),
    )  # fmt: skip
    for figure in (charts.lines_figure(it), across):
        dots = [y for each in figure.data if each.marker.size == 5 for y in each.y]
        assert sorted(dots) == pytest.approx(values)


@pytest.mark.parametrize("is_difference", [False, True])
def test_whiskers_end_where_nothing_can_be_and_the_axis_holds_them(results, is_difference):
    noisy = {0: 0.999, 1: 0.2, 2: 0.99}
    for run in SWEEP.runs:
        if ("norm", "afn") in run.point:
            results.lines[run.run_id] = line(run, noisy[run.config.seed])
    figure = charts.lines_figure(drawn(results, is_difference=is_difference))
    assert max(each.half_width for each in drawn(results).figures.values()) > 100
    assert overrun(figure) == []


def test_a_name_among_numbers_is_not_joined_to_them():
    """A start of λ called "reference" lies nowhere on the way from −8 to 3."""
    found = read_saved(FOLDER / "lambda-start.jsonl")
    results = SweepResults(runs=plan(found.spec).runs, lines=found.lines, provenance="")
    layout = Layout.of(results.axes, "lambda_init")
    figure = charts.lines_figure(DrawnSweep.of(results, layout, results.metrics["clean"]))
    for each in (each for each in figure.data if each.error_y.array is not None):
        labels = [label for label, *_ in each.customdata]
        assert ("lines" in each.mode) == ("reference" not in labels)
    assert layout.stretches(["1", "off", "C/2", "−3"]) == [["1"], ["off"], ["C/2", "−3"]]


def test_the_table_says_the_same_in_html_and_csv(results):
    it = drawn(results)
    rows = {(row["norm"], row["lr"]): row for row in tables.table(it)}
    assert rows["afn", "0.1"]["badge"] == "better"
    assert rows["afn", "0.1"]["gain"] == pytest.approx(5.1)
    assert rows["bn", "0.1"]["gain"] is None
    html = tables.table_html(it)
    assert html.count("<tr") == 1 + 4
    assert html.count("within seed noise") == 1


# -- ready-made ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", READY_MADE)
def test_ready_made_ones_are_sweeps_of_embedded_data(name):
    found = plan(read_spec(FOLDER / f"{name}.toml"))
    assert {run.config.dataset for run in found.runs} == {"mnist5k"}
    assert not found.skipped
    assert READY_MADE[name].over in ("", *(axis.name for axis in found.spec.axes))


@pytest.mark.parametrize("name", READY_MADE)
def test_what_came_along_is_whole_and_answers_its_question(name):
    """Every run of the sweep has its result, and exactly one expectation came true."""
    ready, planned = READY_MADE[name], plan(read_spec(FOLDER / f"{name}.toml"))
    saved = read_saved(FOLDER / f"{name}.jsonl")
    assert saved.spec == planned.spec
    assert saved.lines.keys() == {run.run_id for run in planned.runs}
    for run in planned.runs:
        assert saved.lines[run.run_id].config() == run.config
    results = SweepResults(runs=planned.runs, lines=saved.lines, provenance="")
    number, told = ready.answer(results)
    assert 0 <= number < len(ready.expectations)
    assert told.endswith(".")
    nothing = SweepResults(runs=planned.runs, lines={}, provenance="")
    assert ready.answer(nothing) is None
