import pytest

from afn.index import Line
from afn.sweep.estimate import expected_seconds, paces
from afn.sweep.plan import plan
from afn.sweep.spec import SweepSpec


def runs(**axes):
    spec = {"base": {"dataset": "digits8", "epochs": 2}, "axes": axes}
    return plan(SweepSpec.from_json(spec)).runs


def timed(run, *, step_seconds=0.01, beside=1.5, steps=40, **more):
    seconds = steps * step_seconds
    summary = {"step": steps, "train_seconds": seconds, "seconds": beside * seconds}
    values = {"status": "finished", "settings": run.config.changed(), "created": 1.0}
    return Line(id=run.run_id, **values, summary=summary | more)


def test_a_run_takes_its_steps_times_what_one_took():
    [run] = runs(norm=["bn"])
    known = paces([timed(run)], [run])
    # 2 epochs of 1437 // 64 steps, each 10 ms, and what the known run's 40 steps had beside them.
    assert expected_seconds([run], known, 1437, cores=1) == pytest.approx(2 * 22 * 0.01 + 0.2)


def test_a_short_runs_start_and_tests_are_not_taken_for_its_pace():
    short, long = runs(norm=["bn"], epochs=[2, 20])
    known = paces([timed(short, step_seconds=0.01, beside=10, steps=40)], [short])
    # 40 steps of 10 ms, and 3.6 s beside them.
    assert expected_seconds([long], known, 1437, cores=1) == pytest.approx(20 * 22 * 0.01 + 3.6)
    cut = paces([timed(short, step_seconds=0.01, beside=10, steps=4)], [short])
    assert expected_seconds([short], cut, 1437, cores=1) == pytest.approx(2 * 22 * 0.01 + 0.36)


def test_another_batch_size_costs_by_its_images_and_a_fixed_part():
    small, large = runs(norm=["bn"], batch_size=[4, 128])
    known = paces([timed(large, step_seconds=0.14, beside=1)], [large])
    # (12 + 4) / (12 + 128) of 140 ms: 16 ms.
    assert expected_seconds([small], known, 400, cores=1) == pytest.approx(2 * 100 * 0.016)


def test_steps_are_those_that_the_limit_leaves():
    [run] = runs(max_steps=[30])
    known = paces([timed(run, step_seconds=0.01, beside=1)], [run])
    assert expected_seconds([run], known, 1437, cores=1) == pytest.approx(30 * 0.01)


def test_cores_share_the_work_but_no_run_is_split():
    four = runs(norm=["bn", "afn", "in", "gn"])
    known = paces([timed(run, step_seconds=0.01, beside=1) for run in four], four)
    one = expected_seconds(four[:1], known, 1437, cores=4)
    assert expected_seconds(four, known, 1437, cores=2) == pytest.approx(2 * one)
    assert one == pytest.approx(2 * 22 * 0.01)


def test_what_was_never_timed_is_not_guessed():
    [run] = runs(norm=["bn"])
    [other] = runs(backbone=["resnet8"])
    assert expected_seconds([run], paces([timed(other)], [run]), 1437) is None
    assert paces([timed(run, changes=1)], [run]) == []
    assert expected_seconds([], [], 1437) == 0
