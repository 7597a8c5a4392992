"""People's own pictures and their own models together: Robustness, Domains, Inside, Runs."""

import numpy as np
import pytest

from afn.ask.execution import carry_out
from afn.data.own.gathering import Gathered
from afn.data.own.store import OwnSets
from afn.own.kept import in_environment
from afn.own.source import ModelSource
from afn.settings.config import TrainConfig
from afn.work.runner import LocalRunner
from app.kit import backend, families, networks
from app.page.robustness.view import RobustnessView
from app.page.runs.table import rows_of
from tests.app.one_view import html, opened, words
from tests.app.shapes import answered, tables
from tests.data.own.conftest import picture

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_models")]
MODEL = """
from torch import nn
def named():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(4, 2),
    )
def unnamed():
    return named()
def other():
    return nn.Sequential(named(), nn.Linear(2, 3))
named.classes = ["pen", "cup"]
for each in named, unnamed, other:
    each.input = (3, 32, 32)
"""


@pytest.fixture
def pens(runs, monkeypatch, tmp_path):
    """A set of cups and pens, and a server with three models."""
    gathered = Gathered(
        pictures=[np.asarray(picture(number, size=(32, 32))) for number in range(40)],
        labels=[number % 2 for number in range(40)],
        parts=[-1] * 40,
        class_names=["cup", "pen"],
    )
    found = OwnSets(runs.root).keep(gathered)
    file = tmp_path / "mine.py"
    file.write_text(MODEL)
    sources = [ModelSource.read(f"{file}:{each}") for each in ("named", "unnamed", "other")]
    monkeypatch.setenv("AFN_MODELS", in_environment(sources))
    monkeypatch.setattr(LocalRunner, "evaluate", lambda self, evaluation: carry_out(evaluation))
    return found


def test_who_fits_is_asked_about_them_and_nobody_reads_their_name(pens, runs):
    ids = [f"mine.py:{each}" for each in ("named", "unnamed", "other")]
    named, unnamed, other = map(networks.network_of, ids)
    assert families.own_fitting(named) == families.own_fitting(unnamed) == {pens.name: "cup, pen"}
    assert families.own_fitting(other) == {}
    assert families.as_asked(unnamed, pens.name).class_names == ("cup", "pen")
    assert families.as_asked(named, pens.name).class_names == ("pen", "cup")
    at = opened("robustness", models="~".join(ids), data=pens.name, n="200")
    told = words(at)
    assert "other (no data set) knows other classes than those of cup, pen" in told
    assert pens.name not in told
    question = RobustnessView(dataset=pens.name, images=200).question(named)
    assert named.file(question).cells()["contrast", 5].n == pens.num_test
    at = answered(opened("domains", norms="afn"))
    rows = tables(at)["Yours"]
    assert [len(row) for row in rows] == [1, 1]
    assert "cup, pen" in words(at) or "cup, pen" in html(at)
    inside = words(opened("inside", model=ids[0], data=pens.name))
    assert "cup, pen" in inside
    assert pens.name not in inside
    runs.create(TrainConfig(dataset=f"{pens.name}@grey"))
    (row,) = rows_of(backend.index().lines())
    assert row["data"] == "cup, pen@grey"
