"""The Cost page: its links, its readings, its live measurements, and the page under AppTest."""

import json
import re
from dataclasses import replace
from functools import partial

import pytest
import streamlit as st

from afn.cost.plan import BATCH_SIZES, CHANNELS, Plan
from afn.cost.records import Measurement, Report
from app.kit import backend
from app.kit.draw.palette import NORM_COLORS
from app.kit.measuring import Measurements
from app.page.cost.charts import METRICS, cost_figure, metric_reading, reading, table
from app.page.cost.view import CONTENDERS, REFERENCE, CostView, seconds_of
from tests.app.one_view import drawn, opened, words
from tests.installed import ROOT

page = partial(opened, "cost")


def measured(view, ratio=2.0):
    """What BN and the view's norms cost, BN's step as many ms as what varies says."""
    return [
        Measurement(
            case=case, norm=norm, statistics="running", parameters=10, macs=100,
            train_step_ms=scale * getattr(case, view.varied), inference_ms=1.0,
            train_ratio=scale, inference_ratio=1.0, peak_bytes=int(1e6 * scale), rounds=30,
        )
        for case in view.plan.cases
        for norm in view.plan.contenders
        for scale in [1.0 if norm == "bn" else ratio]
    ]  # fmt: skip


MEASURED = (*CONTENDERS, "bn")
"""By the reference machine: every norm."""
MEASURED_SUBJECTS = ("layer", "convnet", "resnet8", "resnet20")


# -- links -----------------------------------------------------------------------------------------


def test_a_view_is_found_again_from_its_plan():
    for view in (
        CostView(over="size", channels=8, batch_size=8, norms=("gn",)),
        CostView(subject="convnet", norms=()),
    ):
        plan = json.loads(json.dumps({name: getattr(view.plan, name) for name in Plan.__slots__}))
        assert CostView.of(plan).plan == view.plan
    for plan in ({}, {"subjects": []}, {"subjects": ["layer"], "channels": 3}):
        with pytest.raises(ValueError, match=r".+"):
            CostView.of(plan)


# -- readings --------------------------------------------------------------------------------------


def test_the_sentence_says_what_the_norms_cost_and_where():
    view = CostView()
    chosen = view.chosen(measured(view))
    assert reading(chosen, view) == (
        "At 64 channels, 32×32 and batch 128, AFN costs 2.00 × BN's training step, 1.00 × its "
        "inference and 2.00 × its memory; ASRNorm 2.00 ×, 1.00 × and 2.00 ×."
    )
    assert metric_reading(chosen, view, METRICS["train"]).startswith("AFN 2.00 × BN's throughout;")
    alone = replace(view, norms=())
    assert reading(alone.chosen(chosen), alone) == (
        "At 64 channels, 32×32 and batch 128, BN's training step takes 64 ms and 1 MB, its "
        "inference 1 ms."
    )


def test_a_metric_is_read_from_one_end_to_the_other():
    view = CostView(subject="convnet", norms=("afn",))
    chosen = [replace(m, train_ratio=m.train_ratio * 8 / m.case.batch_size) for m in measured(view)]
    assert metric_reading(chosen, view, METRICS["train"]) == (
        "AFN 2.00 × BN's at batch 8, 0.12 × at batch 128."
    )


def test_only_what_fits_is_shown_and_nothing_without_its_yardstick():
    view = CostView(norms=("afn",))
    others = measured(CostView(batch_size=8))
    lonely = [m for m in measured(view) if (m.norm, m.case.channels) != ("bn", 16)]
    chosen = view.chosen([*others, *reversed(lonely)])
    assert [(m.case.channels, m.norm) for m in chosen] == [
        (channels, norm) for channels in (8, 32, 64) for norm in ("bn", "afn")
    ]


@pytest.mark.parametrize("metric", METRICS)
def test_a_figure_has_a_line_per_norm_in_its_colour(metric):
    view = CostView(norms=("afn", "none"))
    chosen = view.chosen(measured(view))
    ratios = cost_figure(chosen, view, METRICS[metric])
    assert [line.line.color for line in ratios.data] == [
        NORM_COLORS[norm] for norm in ("bn", "afn", "none")
    ]
    assert list(ratios.data[0].x) == list(CHANNELS)
    assert set(ratios.data[0].y) == {1.0}
    amounts = cost_figure(chosen, replace(view, scale="absolute"), METRICS[metric])
    assert list(amounts.data[1].y) == [METRICS[metric].amount(m) for m in chosen if m.norm == "afn"]


def test_the_table_has_all_numbers_and_their_ratios():
    view = CostView(subject="convnet", norms=("afn",))
    rows = table(view.chosen(measured(view)), view)
    assert [(row["batch size"], row["norm"]) for row in rows] == [
        (size, norm) for size in BATCH_SIZES for norm in ("BN", "AFN")
    ]
    assert rows[1]["step × BN"] == rows[1]["peak × BN"] == 2.0
    assert rows[1]["MACs × BN"] == 1.0


# -- the reference ---------------------------------------------------------------------------------


def test_the_reference_answers_every_view_and_says_how_it_was_made():
    report = Report.read(REFERENCE)
    assert report.end["status"] == "finished"
    assert "torch" in report.head["machine"]
    assert report.head["command"].startswith("python -m afn bench --subject layer")
    assert "process" not in report.head
    cases = set(Plan(subjects=MEASURED_SUBJECTS).cases)
    assert {(m.case, m.norm) for m in report.measurements} == {
        (case, norm) for case in cases for norm in MEASURED
    }
    plan = CostView(norms=MEASURED[:-1]).plan
    assert seconds_of(plan, report) > 1
    assert seconds_of(Plan(channels=(7,)), report) is None
    told = (ROOT / "docs" / "command-line.md").read_text()
    [minutes] = re.findall(r"in ([\d.]+) minutes by its own record", told)
    slower = [replace(m, train_step_ms=4 * m.train_step_ms) for m in report.measurements[:9]]
    own = Report(head=report.head, measurements=tuple(slower), share=1.0, end={})
    assert seconds_of(plan, report, own) == pytest.approx(4 * seconds_of(plan, report))
    assert report.end["seconds"] == pytest.approx(60 * float(minutes), rel=0.01)


# -- the page --------------------------------------------------------------------------------------


@pytest.fixture
def reports(tmp_path, monkeypatch):
    """Where the page's measurements lie; what is started is written down and never runs."""
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "runs"))
    st.cache_resource.clear()
    folder = tmp_path / "runs" / ".measurements"

    def start(self, plan, owner=None):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "fake.jsonl").write_text("")
        self._running = "fake"
        self.plan, self.owner = plan, owner
        return "fake"

    monkeypatch.setattr(Measurements, "start", start)
    yield folder
    st.cache_resource.clear()


def report_file(folder, view, *, status="finished", measurements=None):
    """A live report that is done."""
    folder.mkdir(parents=True, exist_ok=True)
    plan = {name: getattr(view.plan, name) for name in Plan.__slots__}
    found = measured(view) if measurements is None else measurements
    records = [
        {"kind": "head", "machine": "my machine", "created": "2026-01-02", "plan": plan},
        *({"kind": "measurement", **m.to_json()} for m in found),
        {"kind": "end", "status": status, "reason": "it broke"},
    ]
    text = "".join(json.dumps(record) + "\n" for record in records)
    (folder / "mine.jsonl").write_text(text)


def test_the_first_visit_shows_the_reference_and_writes_nothing(reports):
    at = page()
    assert "Precomputed" in words(at)
    assert "AFN costs" in words(at)
    assert len(at.get("plotly_chart")) == 3
    assert len(at.dataframe[0].value) == len(CHANNELS) * 3
    assert dict(at.query_params) == {}
    assert len(at.warning) == len(at.error) == 0
    assert not reports.exists()


def test_settings_reach_the_address_and_the_figures(reports):
    at = page()
    at.segmented_control(key="cost.subject").set_value("convnet")
    at.segmented_control(key="cost.scale").set_value("absolute")
    drawn(at.run())
    at.pills(key="cost.norms").set_value(["gn"])
    drawn(at.run())
    assert dict(at.query_params) == {"of": "convnet", "as": "absolute", "norms": "gn"}
    assert "GN costs" in words(at)
    assert len(at.dataframe[0].value) == len(BATCH_SIZES) * 2
    again = page(**at.query_params)
    assert again.segmented_control(key="cost.subject").value == "convnet"
    assert dict(again.query_params) == dict(at.query_params)


@pytest.mark.parametrize("subject", MEASURED_SUBJECTS)
@pytest.mark.parametrize("scale", ["ratio", "absolute"])
def test_every_subject_is_drawn_with_all_norms_and_with_none(reports, subject, scale):
    view = {"of": subject, "as": scale, "over": "size"}
    assert len(page(**view, norms="~".join(CONTENDERS)).get("plotly_chart")) == 3
    assert "BN's training step takes" in words(page(**view, norms=""))


def test_a_norm_that_was_not_measured_is_named(reports, monkeypatch):
    whole = Report.read(REFERENCE)
    known = tuple(m for m in whole.measurements if m.norm != "gn")
    monkeypatch.setattr("app.page.cost.page.reference", lambda: replace(whole, measurements=known))
    at = page(norms="afn~gn")
    assert [each.value for each in at.info] == [
        "The reference machine has not measured GN; measure it here."
    ]
    assert "AFN costs" in words(at)


@pytest.mark.parametrize(
    "url",
    [{"of": "vgg"}, {"norms": "*x*"}, {"m": "../.."}, {"m": "gone"}, {"m": "é" * 500}],
    ids=str,
)
def test_a_hand_edited_link_is_one_warning_on_a_page_that_works(reports, url):
    at = page(**url)
    [warning] = at.warning
    assert "\n" not in warning.value
    assert len(warning.value) < 250
    assert "Precomputed" in words(at)
    assert dict(at.query_params) == {}


def test_the_button_measures_what_is_on_screen_and_the_link_leads_to_it(reports):
    at = page(size="8", batch="8")
    drawn(at.button(key="cost.start").click().run())
    assert backend.measurements().plan == CostView(size=8, batch_size=8).plan
    assert at.query_params["m"] == "fake"
    assert at.button(key="cost.start").disabled
    assert not at.button(key="cost.stop").disabled
    assert "Precomputed" in words(at)
    other = page()
    drawn(other.button(key="cost.follow").click().run())
    assert other.query_params["m"] == "fake"


def test_on_a_shared_server_another_persons_measurement_is_watched_and_not_stopped(
    reports, monkeypatch
):
    monkeypatch.setenv("AFN_SHARED", "1")
    monkeypatch.setattr("app.kit.people.me", lambda: "ann")
    at = page(size="8", batch="8")
    assert not drawn(at.button(key="cost.start").click().run()).button(key="cost.stop").disabled
    monkeypatch.setattr("app.kit.people.me", lambda: "bob")
    assert page(m="fake").button(key="cost.stop").disabled


def test_a_live_result_is_shown_as_such_and_left_again(reports):
    view = CostView(size=8, batch_size=8)
    report_file(reports, view)
    at = page(m="mine", size="8", batch="8")
    assert "**Live**, this machine · my machine · 2026-01-02" in words(at)
    assert "AFN costs 2.00 × BN's training step" in words(at)
    drawn(at.button(key="cost.reference").click().run())
    assert "Precomputed" in words(at)
    assert "m" not in at.query_params


def test_other_settings_lead_back_to_what_was_measured(reports):
    report_file(reports, CostView(subject="convnet", norms=("gn",)))
    at = page(m="mine")
    assert "Precomputed" in words(at)
    assert "has other settings" in words(page(m="mine", of="convnet", norms="gn~ln"))
    drawn(at.button(key="cost.back").click().run())
    assert dict(at.query_params) == {"of": "convnet", "norms": "gn", "m": "mine"}
    assert "Live" in words(at)


def test_a_failure_is_one_line_above_the_reference(reports):
    report_file(reports, CostView(), status="failed", measurements=[])
    at = page(m="mine")
    [error] = at.error
    assert error.value == "The measurement failed: it broke."
    assert "Precomputed" in words(at)


def test_a_stopped_measurement_shows_what_was_done(reports):
    view = CostView(size=8, batch_size=8)
    done = [m for m in measured(view) if m.case.channels <= 16]
    report_file(reports, view, status="stopped", measurements=done)
    at = page(m="mine", size="8", batch="8")
    assert "was stopped; what was done is shown" in words(at)
    assert len(at.dataframe[0].value) == 2 * 3


@pytest.mark.parametrize("num_done", [0, 1])
def test_a_measurement_that_was_stopped_at_once_says_so(reports, num_done):
    view = CostView(size=8, batch_size=8)
    report_file(reports, view, status="stopped", measurements=measured(view)[:num_done])
    at = page(m="mine", size="8", batch="8")
    assert "The measurement was stopped before anything was done." in words(at)
    assert "Precomputed" in words(at)


def test_measurements_are_no_runs(reports):
    report_file(reports, CostView())
    assert backend.store().list() == []


def test_settings_outlive_a_visit_to_another_page(reports):
    at = page()
    drawn(at.segmented_control(key="cost.over").set_value("size").run())
    for away in (True, False):  # meanwhile Streamlit forgets the widgets
        at.session_state["away"] = away
        drawn(at.run())
    assert at.segmented_control(key="cost.over").value == "size"
    assert dict(at.query_params) == {"over": "size"}
