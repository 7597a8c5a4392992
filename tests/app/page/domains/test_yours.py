"""Models of one's own on Domains: those that know the classes are tested, the others named."""

import pytest

from afn.own.kept import in_environment
from afn.own.source import ModelSource
from tests.app.one_view import words
from tests.app.shapes import NAMES, TREE, page, tables

pytestmark = pytest.mark.slow
MODEL = """
from torch import nn
def knows():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.GroupNorm(2, 4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(4, 2),
    )
def foreign():
    return knows()
knows.classes, knows.input = ["bar", "box"], (1, 32, 32)
foreign.classes, foreign.input = ["cat", "dog"], (1, 32, 32)
"""


def test_who_knows_the_classes_is_tested_on_each_domain(shapes, monkeypatch, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(MODEL)
    sources = [ModelSource.read(f"{file}:{what}") for what in ("knows", "foreign")]
    monkeypatch.setenv("AFN_MODELS", in_environment(sources))
    at = page(**TREE, norms="afn")
    (row,) = tables(at)["Yours"]
    assert len(row) == len(NAMES)
    assert all(0 <= float(text) <= 100 for text in row)
    assert "foreign knows none of these classes by name" in words(at)
    assert "first 200 test images of each domain" in words(at)
    assert len(at.warning) == len(at.error) == 0
