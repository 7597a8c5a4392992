"""The page of advice under AppTest: what comes along, what was measured here, tables pasted."""

from functools import partial

import pytest

from afn.advice.findings import AS_IS, AdvicePlan, AdvisedWay, Findings
from afn.advice.kept import keep
from app.kit import backend
from app.page.advise.charts import compared, gain_figure
from app.page.advise.view import known, reference
from tests.app.one_view import opened, words
from tests.waiting import wait_for

page = partial(opened, "advise")


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path))
    return tmp_path


def test_what_comes_along_is_drawn_with_its_recommendation():
    at = page()
    assert reference().recommendation.sentence in words(at)
    assert "python -m afn advise" in at.code[0].value


def test_the_figure_is_what_the_findings_say():
    findings = reference().findings
    named = {trace.name: trace for trace in gain_figure(findings).data if trace.name}
    for name in compared(findings):
        gain = findings.gain(name, AS_IS)
        [trace] = [t for key, t in named.items()
                   if key.endswith("under corruption") and t.x[0] == gain.mean]  # fmt: skip
        assert trace.error_x.array[0] == pytest.approx(gain.half_width)


def plain_findings():
    return Findings(
        model="plain.py:build", dataset="digits8", machine="here", num_images=9, num_norms=0,
        plan=AdvicePlan(), ways=(AdvisedWay(name=AS_IS),),
    )  # fmt: skip


def test_what_was_measured_here_comes_first_and_a_strange_link_is_told(runs, monkeypatch):
    path = keep({"findings": plain_findings().to_json()})
    (path.parent / "broken.json").write_text("{")
    assert list(known()) == [path.stem, "advice"]
    assert "no batch normalization to replace" in words(page())
    at = page(of="nothing")
    assert "no such advice here" in words(at)
    assert reference().recommendation.sentence in words(page(of="advice"))
    monkeypatch.setenv("AFN_SHARED", "1")
    assert list(known()) == ["advice"]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("seed,bn,afn\n0,70.1,71.3\n1,69.8,71.1\n2,70.3,71.2", "The difference is real"),
        ("seed,bn,afn\n0,1", "line 2 has 2 cells"),
    ],
)
def test_a_pasted_table_has_its_verdict_or_one_line(table, told):
    at = page()
    at.text_area(key="advise.pasted").set_value(table).run()
    assert told in words(at)


MODEL = """
from torch import nn
def build():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(4, 10),
    )
build.classes = "digits8"
"""


@pytest.mark.slow
def test_a_model_is_asked_about_from_the_page_and_its_advice_shown(runs, monkeypatch, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(MODEL)
    monkeypatch.setenv("AFN_MODELS", str(file) + ":build")
    live = backend.measurements()
    asked = []
    begin = live.start

    def start(command, owner=None, *, what=""):
        asked.append((command[0], command[-1], what))
        few = ("--seeds=1", "--steps=2", "--images=20", "--rounds=1", "--corruption=contrast")
        return begin((*command, *few), owner, what=what)

    monkeypatch.setattr(live, "start", start)
    at = page()
    at.button(key="advise.ask").click().run()
    assert asked == [("advise", "digits8", "advice")]
    wait_for(lambda: not live.running, "the end of the advice")
    at.run()
    assert "mine.py:build on digits8: 1 seed of 2 steps" in words(at)
    assert at.query_params["of"].startswith("mine.py-build-digits8")
    monkeypatch.setenv("AFN_SHARED", "1")
    assert len(known()) == 2  # of a model and images that all have
    keep({"findings": plain_findings().to_json()})
    assert len(known()) == 2
    live.close()
