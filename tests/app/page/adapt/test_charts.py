"""What figures and words of a stream say, against streams whose answers are known."""

from dataclasses import dataclass

import numpy as np
import pytest

from afn.adapt.plan import ADAPT_METHODS, AdaptMethod, StreamPlan
from afn.adapt.records import (
    StreamStep,
    accuracy_of,
    collapse_of,
    entropy_of,
    pull_of,
    window,
)
from afn.adapt.task import SheetsTask
from app.kit import backend
from app.kit.sheets import pictured
from app.page.adapt import charts, living, take
from app.page.adapt.courses import courses_of
from app.page.adapt.living import Flow, fall_words
from app.page.adapt.view import NUMBERS, AdaptView, stream_tasks, title_of
from tests.app.kit.draw.test_live_chart import decode

CLASSES = tuple("0123456789")
VIEW = AdaptView(batch_size=20, images=200, order="comes and goes", resets=("4",))


@dataclass
class Told:
    """Stands for a task: batches whose answers are known."""

    name: str
    known: tuple[StreamStep, ...]
    plan: StreamPlan = VIEW.plan

    def steps(self):
        return self.known


def told(way, answer_of, sizes=(20,) * 10):
    """Batches sorted by class."""
    return Told(way, tuple(
        StreamStep(
            batch=batch, corruption=None, severity=0, images=tuple(range(n)), labels=(batch,) * n,
            answers=tuple(answer_of(batch, i) for i in range(n)), confidences=(0.5,) * n,
            entropy=0.1 * batch, moved=0.2 + batch, rescaled=0.3, lambdas={},
        )
        for batch, n in enumerate(sizes)
    ))  # fmt: skip


SOUND = told("running", lambda batch, i: batch)
FALLEN = told("tent", lambda batch, i: batch if batch < 3 or i < 2 else 7)


def flow_of(*tasks, is_running=False):
    titles = {each.name: title_of(each.name, VIEW) for each in tasks}
    return Flow({each.name: each for each in tasks}, titles, CLASSES, is_running=is_running)


BOTH = flow_of(SOUND, FALLEN)


@pytest.mark.parametrize("sizes", [(20,) * 10, (7, 30, 1, 44, 20, 60, 3), (150, 5), (4,) * 3, ()])
def test_courses_are_what_records_say_batch_by_batch(sizes):
    for answer_of in (lambda b, i: b, lambda b, i: (b * i) % 10, lambda b, i: 7 if b else 0):
        steps = told("tent", answer_of, sizes).known
        found = courses_of(steps, 10)
        ends = range(len(steps))
        windows = [window(steps, at) for at in ends]
        for mine, theirs in {
            "accuracy": [accuracy_of(each) for each in windows],
            "entropy": [entropy_of(each) for each in windows],
            "pull": [pull_of(each)[1] for each in windows],
            "pulled_to": [pull_of(each)[0] for each in windows],
            "all_accuracy": [accuracy_of(steps[: at + 1]) for at in ends],
            "all_entropy": [entropy_of(steps[: at + 1]) for at in ends],
            "all_confidence": [0.5 for _ in ends],
            "all_moved": [0.2 + at / 2 for at in ends],
        }.items():
            np.testing.assert_allclose(getattr(found, mine), theirs, atol=1e-12, err_msg=mine)
        assert found.fall == collapse_of(steps)


def test_only_new_batches_are_sent_and_both_curves_and_marks_once():
    first = flow_of(SOUND, Told("tent", FALLEN.known[:4]), is_running=True)
    chunk, cursor = charts.accuracy_chart(first, VIEW.plan).feed(None)
    assert [(line, decode(x).tolist()) for line, x, _ in chunk["pts"]] == [
        (0, [*range(1, 11)]), (1, [1, 2, 3, 4])
    ]  # fmt: skip
    assert [each["text"] for each in chunk["marks"]] == ["reset"]
    chart = charts.accuracy_chart(BOTH, VIEW.plan)
    chunk, cursor = chart.feed(cursor)
    [[line, x, y]] = chunk["pts"]
    assert (line, decode(x).tolist()) == (1, [*range(5, 11)])
    assert decode(y)[0] == pytest.approx(100 * (60 + 2 * 2) / 100)
    assert chunk["marks"] == [{"x": 6, "text": "TENT 0.05 has fallen", "run": 1}]
    assert chart.feed(cursor)[0] == {}
    assert (chart.is_final, charts.accuracy_chart(first, VIEW.plan).is_final) == (True, False)


def test_strips_and_table_say_the_batches_that_are_new():
    first, cursor = charts.answers_chart(flow_of(SOUND, Told("tent", ())), VIEW.plan).feed(None)
    assert [run for run, _ in first["told"]] == [0]
    then, _ = charts.answers_chart(BOTH, VIEW.plan).feed(cursor)
    assert "truth" not in then  # told already
    assert then["told"] == [[1, [step.answers for step in FALLEN.known]]]
    chunk, _ = charts.table_chart(BOTH).feed(None)
    assert chunk["falls"] == [None, 6]
    run, packed = chunk["numbers"][1]
    table = decode(packed).reshape(10, 6)
    last = window(FALLEN.known, 9)
    assert run == 1
    assert table[9, :2] == pytest.approx([100 * accuracy_of(FALLEN.known), 100 * accuracy_of(last)])


def test_a_batch_has_its_pictures_by_route_and_in_a_file(runs):
    sheets = SheetsTask(
        folder=backend.pictures(), dataset="mnist5k", plan=VIEW.plan, image_shape=(28, 28, 1)
    )
    chart = charts.batch_chart(BOTH, VIEW.plan, sheets)
    chunk, cursor = chart.feed(None)
    assert "sheets" not in chunk
    assert [len(batches) for batches in (chunk["truth"], *chunk["told"][1][1:])] == [10] * 3
    assert chart.spec["places"][:3] == ["clean", "clean", "glass blur 5"]
    sheets.write([b"one", b"two"])
    chunk, _ = charts.batch_chart(BOTH, VIEW.plan, sheets).feed(cursor)
    assert len(chunk["sheets"]) == 2
    _, file = pictured(chart.spec, {"sheets": [f"/sheets/{sheets.id}/001.png"]})
    assert file["sheets"] == ["data:image/png;base64,dHdv"]


def test_the_hand_has_the_batches_that_any_has_and_where_they_are_put_back():
    running = flow_of(SOUND, Told("tent", FALLEN.known[:4]), is_running=True)
    chunk, cursor = charts.hand_chart(running, VIEW.plan, "it").feed(None)
    assert chunk["spans"] == [[0, 1, 10, False], [1, 1, 4, False]]
    chunk, _ = charts.hand_chart(BOTH, VIEW.plan, "it").feed(cursor)
    assert chunk["spans"] == [[0, 1, 10, True], [1, 1, 10, True]]
    assert [each["x"] for each in chunk["marks"]] == [6]
    stopped = flow_of(SOUND, Told("tent", FALLEN.known[:4]))
    assert stopped.is_over


def test_stretches_of_a_severity_are_told_apart():
    found = charts.severities(VIEW.plan)
    assert (found[0][0], found[-1][1], len(found)) == (0.5, 10.5, 6)
    assert charts.severities(AdaptView(order="mixed").plan) == []


def test_who_falls_is_said_and_when():
    words = fall_words(BOTH.look(), CLASSES)
    assert words == (
        "TENT 0.05 has fallen by batch 6: of the last 100 images it wrongly calls 54 % “7”."
    )
    assert fall_words(flow_of(SOUND).look(), CLASSES) == "Nobody has fallen so far."
    words = fall_words(flow_of(SOUND).look(), CLASSES, is_over=True)
    assert words == "Nobody falls. Right: BN, as trained 100.0 %."
    panel = charts.accuracy_chart(flow_of(SOUND), VIEW.plan).spec["panels"][0]
    assert panel["range"][0] == 48, "curves that lie close are told apart"
    assert charts.accuracy_chart(BOTH, VIEW.plan).spec["panels"][0]["range"][0] == -2
    assert living.answers_reading(BOTH.look(), CLASSES).endswith("TENT 0.05 “7” 64 %.")
    read = living.accuracy_reading(BOTH.look())
    assert read.startswith(
        "By batch 10: BN, as trained 100.0 % of all, 100 % in the last batches; "
    )
    assert living.moves_reading(BOTH.look(), charts.QUANTITIES).startswith("At batch 10: ")


def test_a_look_takes_what_is_new_alone():
    task = Told("tent", FALLEN.known[:4])
    flow = flow_of(task)
    [before] = flow.look()
    assert flow.look()[0] is before
    task.known = FALLEN.known
    assert len(flow.look()[0].courses.accuracy) == 10


def test_the_table_has_a_row_for_each_batch_and_contender():
    rows = living.stream_table(BOTH.look())
    assert len(rows) == 20
    assert rows[15]["accuracy"] == 0.1
    assert (rows[15]["commonest_answer"], rows[15]["its_share"]) == (7, 0.9)


def test_every_number_of_a_way_can_be_set_and_its_default_is_offered():
    assert set(NUMBERS) == {name for name, row in ADAPT_METHODS.items() if row.value}
    for way, (field, _, values) in NUMBERS.items():
        assert f"{AdaptMethod(way).value:g}" in values
        assert all(AdaptMethod(way, float(value)) for value in values)
        assert AdaptView().method(way).value == float(getattr(AdaptView(), field))


def test_the_command_says_the_same_stream(runs):
    tasks = stream_tasks(VIEW)
    flow = Flow(tasks, {way: title_of(way, VIEW) for way in tasks}, CLASSES, is_running=False)
    assert take.program(VIEW, flow).command == (
        "python -m afn adapt mnist5k-bn --method running batch tent=0.05 --order 'comes and goes' "
        "--corruption glass_blur --severity 5 --batch 20 --images 200 --reset 3\n"
        "python -m afn adapt mnist5k-afn --method batch --order 'comes and goes' "
        "--corruption glass_blur --severity 5 --batch 20 --images 200 --reset 3"
    )


def test_resets_that_cannot_be_are_left_out():
    assert AdaptView(images=200, resets=("1", "7", "99", "x")).plan.resets == (6,)
