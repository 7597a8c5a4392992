"""The pictures of presets: drawn from what was recorded of each."""

import json
import math
from xml.etree import ElementTree

import pytest

from app.kit.comparison import PRESETS
from app.kit.draw.palette import run_colors
from app.kit.folders import PRESET_CURVES
from app.page.playground.presets import picture

CURVES = json.loads(PRESET_CURVES.read_text())


def test_every_preset_was_trained_once_for_its_picture():
    assert CURVES.keys() == PRESETS.keys()


@pytest.mark.parametrize("name", PRESETS)
def test_a_picture_has_a_curve_per_contender_and_the_needle_where_lambda_starts(name):
    comparison = PRESETS[name].comparison
    lines = list(ElementTree.fromstring(picture(PRESETS[name], CURVES[name])).iter())
    curves = [line.attrib for line in lines if line.tag.endswith("polyline")]
    assert [curve["stroke"] for curve in curves] == run_colors([c.norm for c in comparison])
    for curve, losses in zip(curves, CURVES[name], strict=True):
        heights = [float(point.split(",")[1]) for point in curve["points"].split()]
        assert len(heights) == len(losses)
        assert (heights[0] < heights[-1]) == (min(losses[0], 2.5) > min(losses[-1], 2.5))
    [needle] = [line.attrib["d"] for line in lines if line.attrib.get("stroke-width") == "3"]
    x = float(needle.split("L")[1].split()[0])
    share = {"reference": 0.51, "open": 0.5, "off": 0.0}.get(name, 0.047)
    assert x == pytest.approx(22 - 15 * math.cos(math.pi * share), abs=0.2)
