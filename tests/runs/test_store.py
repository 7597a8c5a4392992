import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from afn import TrainConfig
from afn.engine.execution import execute, train
from afn.jsonl import append_line, read_lines
from afn.runs.history import STEP_COLUMNS, Follower, History
from afn.runs.index import RunIndex
from afn.runs.store import RunStore
from afn.settings.events import TIMES
from afn.work.processes import identity


def stripped(run):
    return [{k: v for k, v in event.items() if k not in TIMES} for event in run.events()[0]]


def dead_process():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return identity() | {"pid": child.pid, "started": "1"}


def test_a_run_says_how_it_stands_from_waiting_to_finished(store, quick):
    run = store.create(quick, name="mine", group="g")
    assert run.state().status == "waiting"
    events = execute(run)
    next(events)
    assert run.state().status == "running"
    list(events)
    end = run.state()
    assert (end.status, end.reason) == ("finished", "")
    assert end.summary["step"] == 22
    assert end.summary["accuracy"] > 0.3
    assert run.config() == quick
    assert run.record()["versions"]["torch"]
    assert run.weights().name == "step-00000022.safetensors"


def test_two_runs_that_draw_the_same_name_are_two(store, quick, monkeypatch):
    drawn = iter(["aaaaaa", "aaaaaa", "bbbbbb"])
    secrets = SimpleNamespace(token_hex=lambda size: next(drawn))
    monkeypatch.setattr("afn.runs.store.secrets", secrets)
    monkeypatch.setattr("afn.runs.store.time.strftime", lambda pattern: "20260101-120000")
    ids = [store.create(quick).id for _ in range(2)]
    assert ids == [f"20260101-120000-{quick.norm}-{hex}" for hex in ("aaaaaa", "bbbbbb")]
    with pytest.raises(FileExistsError, match=f"there is a run {ids[0]} already"):
        store.create(quick, run_id=ids[0])  # a name that was asked for is not drawn again


def test_train_with_a_store_keeps_what_it_yields(store, quick):
    events = list(train(quick, store))
    [run] = store.list()
    assert [event["kind"] for event in run.events()[0]] == [event.kind for event in events]


def test_a_run_is_executed_once(store, quick):
    run = store.create(quick)
    assert run.claim()
    assert not run.claim()
    assert list(execute(run)) == []


def test_two_runs_of_one_configuration_have_the_same_events(store, quick):
    runs = [store.create(quick) for _ in range(2)]
    for run in runs:
        list(execute(run))
    assert stripped(runs[0]) == stripped(runs[1])


def test_failure_is_one_line_at_the_end_marker(store, quick):
    run = store.create(replace(quick, dataset="missing-set"))
    assert list(execute(run)) == []
    end = run.state()
    assert end.status == "failed"
    assert "missing-set" in end.reason
    assert "\n" not in end.reason


def test_divergence_ends_as_failed_and_keeps_what_was_recorded(store, quick):
    run = store.create(replace(quick, lr=10.0, momentum=0.999))
    list(execute(run))
    assert run.state().status == "failed"
    assert "diverged" in run.state().reason
    assert any(event["kind"] == "step" for event in run.events()[0])


def test_a_run_whose_process_is_gone_is_failed(store, quick):
    run = store.create(quick)
    run.claim()
    claim = run.path / "claim.json"
    claim.write_text(json.dumps(dead_process()))
    assert run.state().status == "failed"
    assert "process is gone" in run.state().reason


def test_a_queued_run_whose_server_is_gone_is_failed(store, quick):
    run = store.create(quick)
    record = run.record() | {"submitted_by": dead_process()}
    (run.path / "config.json").write_text(json.dumps(record))
    assert run.state().status == "failed"
    assert "start it again" in run.state().reason


def test_the_end_marker_is_written_even_on_a_full_disk(store, quick, monkeypatch):
    run = store.create(quick)
    run.claim()

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("afn.work.folder.write_json", full)
    run.end("failed", "No space left on device", {"step": 3})
    assert run.state().status == "failed"
    assert run.state().reason == "No space left on device"


def test_a_write_error_while_training_ends_the_run_with_its_reason(store, quick, monkeypatch):
    run = store.create(quick)
    events = execute(run)
    next(events)

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("afn.runs.writer.RunWriter.write", full)
    assert list(events) == []
    assert "No space left" in run.state().reason


@pytest.mark.parametrize(
    "run_id", ["../..", "..", "/etc", "a/b", "", ".hidden", "A", "a" * 65, "x\x00y", "a\n"]
)
def test_only_run_ids_open(store, quick, run_id):
    store.create(quick)
    with pytest.raises(ValueError, match="is not a run id"):
        store.open(run_id)


def test_a_deleted_run_is_told(store, quick):
    run = store.create(quick)
    run.delete()
    with pytest.raises(FileNotFoundError, match="may have been deleted"):
        store.open(run.id)
    assert store.list() == []


def test_a_live_run_puts_nothing_into_what_is_being_removed(store, quick, monkeypatch):
    run, remove = store.create(quick), shutil.rmtree

    def remove_late(path):
        with pytest.raises(FileNotFoundError):
            (run.path / "end.json").write_text("{}")
        remove(path)

    monkeypatch.setattr(shutil, "rmtree", remove_late)
    run.delete()
    assert list(store.root.iterdir()) == []


def test_deleting_a_live_run_ends_it(store, quick):
    run = store.create(replace(quick, epochs=50))
    events = execute(run)
    next(events)
    run.delete()
    assert len(list(events)) < 20
    assert not run.path.exists()


def test_an_unwritable_store_is_one_line(tmp_path, quick):
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(OSError, match=r"cannot write a run below .*AFN_RUNS_DIR"):
        RunStore(blocker / "runs").create(quick)


def test_rename_is_kept_and_short(store, quick):
    run = store.create(quick)
    run.rename("  λ wide open " + "x" * 100)
    assert run.record()["name"].startswith("λ wide open")
    assert len(run.record()["name"]) <= 80


def test_a_run_remembers_who_started_it(store, quick):
    nobodys, anns = store.create(quick), store.create(quick, owner="ann")
    assert "owner" not in nobodys.record()
    assert (nobodys.owner, anns.owner) == (None, "ann")
    for run in (nobodys, anns):
        list(execute(run))
        run.rename("first")
    for _ in range(2):  # read from the folders, and from what was kept of them
        owners = {line.id: line.owner for line in RunIndex(store).lines()}
        assert owners == {nobodys.id: None, anns.id: "ann"}
    anns.reopen(anew=True)
    assert anns.owner == "ann"
    anns.end("stopped")
    anns.reopen(anew=True, owner="ben")
    assert store.open(anns.id).owner == "ben"


def test_a_torn_line_is_skipped_and_fenced_off(store, quick):
    run = store.create(quick)
    list(execute(run))
    before = len(run.events()[0])
    with run.events_path.open("ab") as file:
        file.write(b'{"kind": "step", "st')
    assert len(run.events()[0]) == before
    run.send({"command": "evaluate", "severity": 5})
    assert run.reopen()
    list(execute(run))
    kinds = [event["kind"] for event in run.events()[0]]
    assert "resume" in kinds[before:]
    assert run.state().status == "finished"


def test_an_ended_run_is_reopened_for_a_test_without_training_on(store, quick):
    run = store.create(quick)
    list(execute(run))
    steps = sum(event["kind"] == "step" for event in run.events()[0])
    run.send({"command": "evaluate", "severity": 5})
    assert run.reopen()
    assert not run.reopen()
    list(execute(run))
    events = run.events()[0]
    assert sum(event["kind"] == "step" for event in events) == steps
    assert [e["severity"] for e in events if e["kind"] == "evaluation"][-2:] == [5, 5]


def test_a_stopped_run_goes_on_as_if_never_interrupted(store, quick):
    config = replace(quick, epochs=2)
    whole, broken = store.create(config), store.create(config)
    list(execute(whole))
    events = execute(broken)
    while next(events).step < 9:
        pass
    broken.send({"command": "stop"})
    list(events)
    assert broken.state().status == "stopped"
    assert broken.reopen()
    list(execute(broken))
    first, second = (History.of(run) for run in (whole, broken))
    np.testing.assert_equal(first.steps, second.steps)
    np.testing.assert_equal(first.columns["loss"], second.columns["loss"])
    np.testing.assert_equal(first.lambdas, second.lambdas)


def test_history_takes_back_what_a_crash_made_undone(store, quick):
    run = store.create(replace(quick, epochs=3))
    events = execute(run)
    while next(events).step < 30:  # the only checkpoint is that of epoch 1, at step 22
        pass
    events.close()
    (run.path / "end.json").unlink()
    (run.path / "claim.json").write_text(json.dumps(dead_process()))
    follower = Follower(run)
    assert follower.now().step == 30
    assert run.reopen()
    list(execute(run))
    history = follower.now()
    assert history.revision == 1
    assert list(history.steps) == list(range(1, 67))
    assert all(len(column) == 66 for column in history.columns.values())


def test_history_reads_only_what_is_new_and_survives_foreign_lines(store, quick):
    run = store.create(quick)
    append_line(run.events_path, {"kind": "step", "step": 1, "loss": "?"})
    append_line(run.events_path, {"kind": "from the future"})
    list(execute(run))
    follower = Follower(run)
    history = follower.now()
    assert history.step == 22
    assert history.images_per_second() > 0
    assert history.seconds_left() == 0 or history.columns["images_left"][-1] >= 0
    assert 0 <= history.share_done(1) <= 1
    assert set(history.latest_by_corruption(3)) == {None, "contrast", "gaussian_noise"}
    assert follower.now() is history


def test_the_time_left_is_told_by_steps_alone(store, quick):
    """A slow start is no pace: loading the data, the samples, and the first step."""
    run = store.create(quick)
    start = {"kind": "start", "step": 0, "seconds": 0, "layers": [], "adaptive_layers": [],
             "lambdas": [], "num_train": 640}  # fmt: skip
    append_line(run.events_path, start)
    follower = Follower(run)
    assert follower.now().seconds_left() is None
    seconds = (9.0, 9.1, 9.2)
    for step, at in enumerate(seconds, 1):
        values = dict.fromkeys(STEP_COLUMNS, 0.0) | {
            "batch_size": 64,
            "images_left": 640 - 64 * step,
        }
        told = {"kind": "step", "step": step, "seconds": at, "lambdas": [], "lambda_grads": []}
        append_line(run.events_path, told | values)
    history = follower.now()
    assert history.seconds_left() == pytest.approx(7 * 0.1)
    assert history.share_done(1) == pytest.approx(0.3)


def test_lines_of_several_writers_stay_whole(tmp_path):
    path = tmp_path / "lines.jsonl"
    for i in range(3):
        append_line(path, {"i": i})
    path.write_bytes(path.read_bytes() + b"not json\n[1]\n" + b'{"i": 3')
    records, offset = read_lines(path)
    assert [record["i"] for record in records] == [0, 1, 2]
    with path.open("ab") as file:
        file.write(b"}\n")
    assert read_lines(path, offset)[0] == [{"i": 3}]


def test_listing_needs_no_torch(store, quick):
    store.create(quick)
    code = (
        "import sys; from pathlib import Path; from afn.runs.store import RunStore; "
        "import afn.work.runner, afn.runs.history, afn.data; "
        "print(len(RunStore(Path(sys.argv[1])).list()), 'torch' in sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": os.getcwd()}  # noqa: PTH109
    answer = subprocess.run(
        [sys.executable, "-c", code, str(store.root)],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    assert answer.stdout.split() == ["1", "False"]


def test_weights_are_plain_safetensors(store):
    from safetensors.torch import load_file

    run = store.create(TrainConfig(dataset="digits8", widths=(2,), epochs=1, corruptions=()))
    list(execute(run))
    tensors = load_file(run.weights())
    assert "backbone.blocks.0.norm.standardize.encoder.weight" in tensors
    assert any(name.startswith("optimizer/") for name in tensors)


def test_a_run_that_is_deleted_meanwhile_is_one_line(store):
    run = store.create(TrainConfig())
    run.delete()
    for read in (run.record, run.config):
        with pytest.raises(FileNotFoundError, match=r"it may have been deleted$"):
            read()
