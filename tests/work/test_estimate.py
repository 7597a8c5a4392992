from dataclasses import replace

import pytest

from afn.data import DatasetEntry, dataset_entry
from afn.engine.execution import execute
from afn.runs.index import Line, RunIndex
from afn.settings.config import TrainConfig
from afn.work.estimate import expected_seconds, paces, seconds_of

BASE = TrainConfig(dataset="small", norm="bn", epochs=2, corruptions=(), eval_images=100)
SIDES = {"small": 8, "large": 28}


def entry_of(name):
    """Of 1,437 images of eight pixels a side, or of 28."""
    if name not in SIDES:
        return None
    return DatasetEntry(
        name=name, title=name, status="on disk", image_shape=(SIDES[name], SIDES[name], 1),
        class_names=("0", "1"), num_train=1437, num_test=300, source="",
    )  # fmt: skip


def timed(config, *, step_seconds=0.01, tests=0.0, beside=0.2, steps=40, **more):
    seconds = steps * step_seconds
    summary = {
        "step": steps, "train_seconds": seconds, "test_seconds": tests,
        "processor_seconds": seconds + tests + beside, "seconds": 100.0,
    }  # fmt: skip
    return Line(
        id=config.run_id, status="finished", settings=config.changed(), created=1.0,
        summary=summary | more,
    )  # fmt: skip


def expected(config, *known):
    return expected_seconds([config], paces(known, [config], entry_of), entry_of, cores=1)


def test_a_run_takes_its_steps_its_tests_and_its_start():
    # 2 epochs of 1437 // 64 steps, each 10 ms, and two tests of 100 images.
    known = timed(BASE, tests=0.4)
    assert expected(BASE, known) == pytest.approx(2 * 22 * 0.01 + 0.4 + 0.2)
    long = replace(BASE, epochs=20)
    assert expected(long, known) == pytest.approx(20 * 22 * 0.01 + 10 * 0.4 + 0.2)
    cut = timed(BASE, steps=4)
    assert expected(BASE, cut) == pytest.approx(2 * 22 * 0.01 + 0.2)


def test_wall_time_counts_only_where_the_processors_is_not_known():
    older = timed(BASE, beside=0)
    del older.summary["processor_seconds"]
    del older.summary["test_seconds"]
    older.summary["seconds"] = 0.7
    assert expected(BASE, older) == pytest.approx(2 * 22 * 0.01 + 0.3)


def test_a_step_costs_by_its_pixels_and_a_fixed_part():
    tiny, large = replace(BASE, batch_size=4), replace(BASE, batch_size=128)
    known = timed(large, step_seconds=0.016192, beside=0)
    # 8,000 + 4 · 64 pixels beside 8,000 + 128 · 64: half as long a step, not a thirtieth.
    assert expected(tiny, known) == pytest.approx(2 * 359 * 0.008256)
    bigger = replace(BASE, dataset="large")
    known = timed(BASE, step_seconds=0.012096, beside=0)
    assert expected(bigger, known) == pytest.approx(2 * 22 * (0.008 + 64 * 784e-6))


def test_the_most_alike_run_tells():
    afn = replace(BASE, norm="afn")
    elsewhere = replace(afn, dataset="large")
    known = [timed(BASE, step_seconds=0.001), timed(elsewhere, step_seconds=8e-3 + 64 * 784e-6)]
    assert expected(afn, *known) == pytest.approx(2 * 22 * (8e-3 + 64 * 64e-6) + 0.2)
    own = timed(afn, step_seconds=0.02)
    assert expected(afn, own, *known) == pytest.approx(2 * 22 * 0.02 + 0.2)


def test_cores_share_the_work_but_no_run_is_split_and_what_is_done_is_done():
    four = [replace(BASE, norm=norm) for norm in ("bn", "afn", "in", "gn")]
    known = paces([timed(run, beside=0) for run in four], four, entry_of)
    one = expected_seconds(four[:1], known, entry_of, cores=4)
    assert one == pytest.approx(2 * 22 * 0.01)
    assert expected_seconds(four, known, entry_of, cores=2) == pytest.approx(2 * one)
    shares = [1.0, 1.0, 0.5, 0.0]
    assert expected_seconds(four, known, entry_of, shares=shares, cores=1) == pytest.approx(
        1.5 * one
    )


def test_what_was_never_timed_is_not_guessed():
    other = replace(BASE, backbone="resnet8")
    assert expected(BASE, timed(other)) is None
    assert expected(BASE, timed(replace(BASE, dataset="gone"))) is None
    assert expected(replace(BASE, dataset="gone"), timed(BASE)) is None
    assert paces([timed(BASE, changes=1)], [BASE], entry_of) == []
    assert expected_seconds([], [], entry_of) == 0


def test_what_was_just_trained_is_expected_to_take_as_long_again(store, quick):
    """In the processor's time, which is a busy machine's as well."""
    run = store.create(quick)
    list(execute(run))
    [line] = RunIndex(store).lines()
    again = seconds_of(quick, paces([line], [quick], dataset_entry), dataset_entry("digits8"))
    assert again == pytest.approx(line.summary["processor_seconds"], rel=0.01)
    assert 0 < line.summary["test_seconds"] < line.summary["processor_seconds"]


def test_pauses_are_no_time_that_a_run_takes(store, quick, monkeypatch):
    run = store.create(quick, commands=[{"command": "pause"}])
    clock = {"now": 0.0}
    monkeypatch.setattr("afn.engine.training.time.perf_counter", lambda: clock["now"])

    def sleep(_seconds):
        clock["now"] += 3600
        run.send({"command": "resume"})

    monkeypatch.setattr("afn.engine.training.time.sleep", sleep)
    list(execute(run))
    assert clock["now"] == 3600
    assert run.state().summary["seconds"] == 0
