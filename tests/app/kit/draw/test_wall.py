"""The wall of answers: what it shows is what networks said, and it stays small."""

import base64
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_equal

from app.kit.draw import wall
from app.kit.draw.wall import packed, wall_chart
from tests.app.live import LABELS, events


def address(source, file):
    return f"/sheets/{source.id}/{file}"


def unpacked(text, count):
    """As wall.js does."""
    data = base64.b64decode(text)
    bits = np.unpackbits(np.frombuffer(data, np.uint8), count=count).astype(bool)
    levels = np.zeros(count, np.uint8)
    levels[bits] = np.frombuffer(data[-(-count // 8) :], np.uint8)
    return levels


def answers(chart, chunk):
    """Per run and step the levels (images, classes) in a chunk."""
    shape = len(chart.spec["images"]), len(chart.spec["classes"])
    return {
        (run, step): levels
        for run, steps, text in chunk.get("answers", ())
        for step, levels in zip(
            steps, unpacked(text, len(steps) * np.prod(shape)).reshape(-1, *shape), strict=True
        )
    }


def recorded(run):
    """Per step the levels that a run recorded, read without `History`."""
    return {
        event["step"]: np.frombuffer(base64.b64decode(event["answers"]), np.uint8).reshape(-1, 10)
        for event in events(run, "probe")
    }


def test_it_shows_every_answer_that_was_recorded(shown, charted):
    chart = wall_chart(shown, address)
    found = answers(chart, chart.feed(None)[0])
    expected = {
        (i, step): all_ for i, run in enumerate(charted) for step, all_ in recorded(run).items()
    }
    assert found.keys() == expected.keys()
    for at, levels in expected.items():
        assert_equal(found[at], levels)
    asked = events(charted[0], "probes")[-1]
    assert chart.spec["sheet"] == f"/sheets/{charted[0].id}/{asked['sheet']}"
    assert [image[:2] for image in chart.spec["images"]] == [
        [image["label"], image["corruption"] == "contrast"] for image in asked["images"]
    ]
    assert (chart.spec["damage"], chart.spec["noun"], chart.spec["note"]) == ("pale", "digits", "")


def right(levels, asked):
    """So many of the pale digits are read right."""
    return sum(
        int(levels[i].argmax()) == image["label"]
        for i, image in enumerate(asked["images"])
        if image["corruption"]
    )


def test_the_reading_counts_at_the_step_that_all_have(shown, charted):
    asked, told = events(charted[0], "probes")[-1], [recorded(run) for run in charted]
    step = sorted(told[1])[-2]
    late = shown[1].history
    late = replace(late, probe_steps=late.probe_steps[:-1], probe_answers=late.probe_answers[:-1])
    total = sum(image["corruption"] is not None for image in asked["images"])
    words = [
        f"{label} {right(of[step], asked)} of {total}"
        for label, of in zip(LABELS.values(), told, strict=True)
    ]
    reading = wall_chart([shown[0], replace(shown[1], history=late), shown[2]], address).reading
    assert reading == (
        f"Of the pale digits, read right at step {step}: {words[0]}, {words[1]} and {words[2]}."
    )


def test_a_tick_brings_the_newest_answers_of_all_and_waits_for_its_bytes(shown, monkeypatch):
    clock = 0.0
    monkeypatch.setattr(wall.time, "monotonic", lambda: clock)

    def seen(count):
        short = [each.history.probe_steps[:count] for each in shown]
        return [
            replace(
                e,
                history=replace(
                    e.history, probe_steps=s, probe_answers=e.history.probe_answers[:count]
                ),
            )
            for e, s in zip(shown, short, strict=True)
        ]

    _, cursor = wall_chart(seen(2), address).feed(None)
    chart = wall_chart(seen(4), address)
    chunk, cursor = chart.feed(cursor)
    newest = int(shown[0].history.probe_steps[3])
    assert answers(chart, chunk).keys() == {(run, newest) for run in range(3)}
    size = sum(len(text) for *_, text in chunk["answers"])
    clock = 0.99 * size / wall.BYTES_PER_SECOND
    chunk, cursor = wall_chart(seen(5), address).feed(cursor)
    assert chunk == {}
    clock = 1.01 * size / wall.BYTES_PER_SECOND
    chunk, _ = wall_chart(seen(5), address).feed(cursor)
    assert chunk["answers"]


def test_a_long_history_is_thinned_evenly_from_its_first_to_its_newest(shown, monkeypatch):
    whole = sum(len(packed(each.history.probe_answers)) for each in shown)
    monkeypatch.setattr(wall, "HISTORY_BYTES", whole // 3)
    found = wall_chart(shown, address).feed(None)[0]["answers"]
    assert sum(len(text) for *_, text in found) < 1.1 * whole / 3
    steps = [steps for _, steps, _ in found]
    assert steps[0] == steps[1] == steps[2], "compared step by step"
    known = shown[0].history.probe_steps.tolist()
    assert (steps[0][0], steps[0][-1]) == (known[0], known[-1])
    places = [known.index(step) for step in steps[0]]
    assert max(np.diff(places)) - min(np.diff(places)) <= 1


def test_who_was_asked_other_images_is_named_and_left_out(shown):
    asked = shown[1].history.probes[-1]
    others = [image | {"severity": 1} for image in asked["images"]]
    history = replace(shown[1].history, probes=({**asked, "images": others},))
    chart = wall_chart([shown[0], replace(shown[1], history=history), shown[2]], address)
    assert [run["label"] for run in chart.spec["runs"]] == ["AFN", "BN"]
    assert chart.spec["note"] == "ASRNorm was not asked these images."


def test_without_answers_it_is_one_line(shown):
    bare = [replace(e, history=replace(e.history, probes=()), is_over=True) for e in shown]
    chart = wall_chart(bare, address)
    assert chart.spec["images"] == []
    assert chart.spec["note"] == "Answers to single images were not recorded here."
    live = wall_chart([replace(each, is_over=False) for each in bare], address)
    assert live.spec["note"] == "The first answers come with the first step."


def test_images_that_nothing_damages_are_shown_once(shown):
    def undamaged(history):
        asked = history.probes[-1]
        images = [image | {"corruption": None, "severity": None} for image in asked["images"]]
        return replace(history, probes=({**asked, "images": images},))

    chart = wall_chart([replace(e, history=undamaged(e.history)) for e in shown], address)
    half = len(shown[0].history.probes[-1]["images"]) // 2
    assert [place for *_, place in chart.spec["images"]] == [*range(half)]
    for (run, step), levels in answers(chart, chart.feed(None)[0]).items():
        at = shown[run].history.probe_steps.tolist().index(step)
        assert_equal(levels, shown[run].history.probe_answers[at, :half])
    assert chart.reading.startswith("Of the clean digits, read right at step ")


@pytest.mark.parametrize("values", [[0, 0, 0], [255], [0, 3, 0, 0, 0, 0, 0, 0, 0, 7, 1]])
def test_packing_loses_nothing(values):
    levels = np.array(values, np.uint8)
    assert_equal(unpacked(packed(levels), len(levels)), levels)


def test_the_table_says_what_each_read_and_how_sure_it_was(shown, charted):
    rows = wall_chart(shown, address).table()
    told = recorded(charted[2])
    asked = events(charted[2], "probes")[-1]
    last = rows[-1]
    levels = told[max(told)][-1]
    assert len(rows) == sum(len(recorded(run)) for run in charted) * len(asked["images"])
    assert (last["run"], last["step"], last["corruption"]) == ("BN", max(told), "contrast")
    assert last["answer"] == asked["classes"][int(levels.argmax())]
    assert last["confidence"] == pytest.approx(levels.max() / 255, abs=5e-4)
