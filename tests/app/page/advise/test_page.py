"""The page of advice under AppTest: what comes along, what was measured here, tables pasted."""

from functools import partial

import pytest

from afn.advice.findings import AS_IS, AdvicePlan, AdvisedWay, Findings
from afn.advice.kept import keep
from app.page.advise.charts import compared, gain_figure
from app.page.advise.view import known, reference
from tests.app.one_view import opened, words

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
