"""What figures and words of a stream say, against streams whose answers are known."""

import numpy as np
import pytest

from afn.adapt.plan import ADAPT_METHODS, AdaptMethod
from afn.adapt.records import StreamStep
from app.page.adapt import charts
from app.page.adapt.charts import Living
from app.page.adapt.view import NUMBERS, AdaptView, command_of, title_of

CLASSES = tuple("0123456789")
VIEW = AdaptView(batch_size=20, images=200, order="comes and goes", resets=("4",))


def living(way, answer_of):
    """Ten batches of 20 images, sorted by class."""
    steps = [
        StreamStep(
            batch=batch, corruption=None, severity=0, images=tuple(range(20)), labels=(batch,) * 20,
            answers=tuple(answer_of(batch, i) for i in range(20)), confidences=(0.5,) * 20,
            entropy=0.1 * batch, moved=0.2, rescaled=0.3, lambdas={},
        )
        for batch in range(10)
    ]  # fmt: skip
    return Living(way=way, title=title_of(way, VIEW), steps=steps)


SOUND = living("running", lambda batch, i: batch)
FALLEN = living("tent", lambda batch, i: batch if batch < 3 or i < 2 else 7)


def test_courses_are_of_windows_and_strips_of_batches():
    figure = charts.accuracy_figure([SOUND, FALLEN], VIEW.plan, 10)
    sound, fallen = figure.data
    assert list(sound.y) == [100.0] * 10
    assert fallen.y[4] == pytest.approx(100 * (60 + 2 * 2) / 100)
    strips = charts.answers_figure([SOUND, FALLEN], VIEW.plan, 10, CLASSES).data
    assert len(strips) == 3
    assert np.array_equal(np.array(strips[0].z), np.eye(10))
    assert np.array_equal(np.array(strips[1].z), np.eye(10))
    assert [round(each, 1) for each in np.array(strips[2].z)[7]] == [
        0,
        0,
        0,
        *[0.9] * 4,
        1,
        0.9,
        0.9,
    ]


def test_severities_resets_and_the_batch_that_is_looked_at_are_marked():
    shapes = charts.accuracy_figure([SOUND], VIEW.plan, 8).layout.shapes
    assert [(each.x0, each.line.dash) for each in shapes if each.type == "line"] == [
        (3.5, "dash"), (8, "solid")
    ]  # fmt: skip
    stretches = [(each.x0, each.x1) for each in shapes if each.type == "rect"]
    assert stretches[0][0] == 0.5
    assert stretches[-1][1] == 10.5
    assert len(stretches) == 6


def test_who_falls_is_said_and_when():
    words = charts.fall_words([SOUND, FALLEN], CLASSES)
    assert words == "TENT 0.05 collapses at batch 6: it calls nearly everything “7”."
    assert charts.fall_words([SOUND], CLASSES) == "Nobody has collapsed so far."
    assert "TENT 0.05 “7” 64 %" not in charts.answers_reading([SOUND], CLASSES)
    told = charts.accuracy_reading([SOUND, FALLEN])
    assert told.startswith("BN, as trained 100.0 % of all, 100 % in the last batches; TENT 0.05 ")


def test_the_batch_shows_each_answer_and_marks_wrong_ones():
    html = charts.batch_html([SOUND, FALLEN], 5, "data:image/png;base64,AA", CLASSES, 28)
    assert html.count('class="wrong"') == 18
    assert html.count("<i style=") == 20
    assert charts.batch_html([SOUND], 11, "", CLASSES, 28) == ""


def test_the_table_has_a_row_for_each_batch_and_contender():
    rows = charts.stream_table([SOUND, FALLEN])
    assert len(rows) == 20
    assert rows[15]["accuracy"] == 0.1
    assert (rows[15]["commonest_answer"], rows[15]["its_share"]) == (7, 0.9)


def test_every_number_of_a_way_can_be_set_and_its_default_is_offered():
    assert set(NUMBERS) == {name for name, row in ADAPT_METHODS.items() if row.value}
    for way, (field, _, values) in NUMBERS.items():
        assert f"{AdaptMethod(way).value:g}" in values
        assert all(AdaptMethod(way, float(value)) for value in values)
        assert AdaptView().method(way).value == float(getattr(AdaptView(), field))


def test_the_command_says_the_same_stream():
    assert command_of(VIEW) == (
        "python -m afn adapt mnist5k-bn --method running batch tent=0.05 --order 'comes and goes' "
        "--corruption glass_blur --severity 5 --batch 20 --images 200 --reset 3\n"
        "python -m afn adapt mnist5k-afn --method batch --order 'comes and goes' "
        "--corruption glass_blur --severity 5 --batch 20 --images 200 --reset 3"
    )


def test_resets_that_cannot_be_are_left_out():
    assert AdaptView(images=200, resets=("1", "7", "99", "x")).plan.resets == (6,)
