"""Sweeps in a store, with a runner that executes at once, and one in a real worker."""

import shutil
from dataclasses import replace

import pytest

from afn.cli.main import main
from afn.cli.sweep import lines_of
from afn.engine.execution import execute
from afn.runs.index import RunIndex
from afn.runs.store import Run
from afn.sweep.execution import Progress, begin, standing, stop
from afn.sweep.plan import plan
from afn.sweep.saved import read_saved
from afn.sweep.spec import SweepSpec, read_spec
from afn.sweep.store import SweepStore
from afn.work.folder import write_json
from afn.work.processes import identity
from afn.work.runner import LocalRunner
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

TINY = {
    "dataset": "digits8", "widths": [4, 8], "epochs": 1, "corruptions": [], "eval_images": 50,
    "evals_per_epoch": 1,
}  # fmt: skip


class AtOnce:
    """Executes what it is given while it is given it."""

    def __init__(self):
        self.executed = []

    def submit_behind(self, runs):
        for run in runs:
            self.executed.append(run.id)
            for _ in execute(run):
                pass


class Never:
    """Takes runs and leaves them."""

    def submit_behind(self, runs):
        pass

    def stop(self, run):
        LocalRunner.stop(self, run)


@pytest.fixture
def sweep(store):
    spec = SweepSpec.from_json({"base": TINY, "axes": {"norm": ["bn", "afn"]}, "seeds": 2})
    return plan(spec)


def standings(sweep, store):
    lines = lines_of(sweep.runs, RunIndex(store))
    return [standing(lines.get(run.run_id)) for run in sweep.runs]


def go_on(sweep, store, runner):
    return begin(sweep.runs, lines_of(sweep.runs, RunIndex(store)), store, runner)


def test_every_run_is_executed_once(sweep, store):
    runner = AtOnce()
    assert standings(sweep, store) == ["not begun"] * 4
    go_on(sweep, store, runner)
    assert runner.executed == [run.run_id for run in sweep.runs]
    assert standings(sweep, store) == ["done"] * 4
    assert go_on(sweep, store, runner) == []
    assert len(runner.executed) == 4
    for run in sweep.runs:
        assert store.open(run.run_id).config() == run.config
        assert len(list((store.root / run.run_id / "checkpoints").iterdir())) == 1


def test_another_sweep_takes_the_runs_that_are_there(sweep, store):
    go_on(sweep, store, AtOnce())
    wider = plan(replace(sweep.spec, seeds=(0, 1, 2)))
    runner = AtOnce()
    go_on(wider, store, runner)
    assert runner.executed == [run.run_id for run in wider.runs if run.config.seed == 2]


def test_what_was_cut_short_goes_on_and_what_diverged_does_not(sweep, store):
    go_on(sweep, store, Never())
    first, second, third, fourth = (store.open(run.run_id) for run in sweep.runs)
    lost = identity() | {"pid": 2**22 + 1}
    assert first.claim()
    first.end("failed", "the loss is nan", {"step": 3, "diverged": True})
    assert second.claim()
    second.end("failed", "its process was killed")
    write_json(third.path / "claim.json", lost)
    write_json(fourth.path / "config.json", fourth.record() | {"submitted_by": lost})
    assert standings(sweep, store) == ["diverged", "interrupted", "interrupted", "interrupted"]
    runner = AtOnce()
    go_on(sweep, store, runner)
    assert runner.executed == [second.id, third.id, fourth.id]
    assert standings(sweep, store) == ["diverged", "done", "done", "done"]


def test_a_stopped_sweep_leaves_nothing_waiting_and_goes_on(sweep, store):
    go_on(sweep, store, Never())
    assert standings(sweep, store) == ["waiting"] * 4
    lines = lines_of(sweep.runs, RunIndex(store))
    stop(sweep.runs, lines, store, Never())
    assert standings(sweep, store) == ["interrupted"] * 4
    go_on(sweep, store, AtOnce())
    assert standings(sweep, store) == ["done"] * 4


def test_runs_are_of_whoever_began_them_or_went_on_with_them(sweep, store):
    first, *others = begin(sweep.runs, {}, store, Never(), owner="ann")
    stop([sweep.runs[0]], lines_of(sweep.runs, RunIndex(store)), store, Never())
    begin(sweep.runs, lines_of(sweep.runs, RunIndex(store)), store, Never(), owner="ben")
    assert first.owner == "ben"
    assert {run.owner for run in others} == {"ann"}
    kept = SweepStore(store)
    assert kept.keep(sweep.spec, owner="ann").owner == "ann"
    assert kept.keep(sweep.spec, owner="ben").owner == "ann"  # it is there already


def test_progress_counts_what_has_its_result(sweep, store):
    go_on(sweep, store, Never())
    run = store.open(sweep.runs[0].run_id)
    assert run.claim()
    run.end("finished", "", {"step": 1})
    progress = Progress.of(sweep.runs, lines_of(sweep.runs, RunIndex(store)))
    assert (progress.total, progress.ended, progress.active, progress.left) == (4, 1, 3, 0)
    assert progress.share == 0.25
    assert progress.to_json() == {"done": 1, "waiting": 3, "total": 4}


def test_sweeps_are_kept_by_what_they_ask(sweep, store):
    sweeps = SweepStore(store)
    kept = sweeps.keep(sweep.spec)
    assert sweeps.keep(sweep.spec) == kept
    other = sweeps.keep(replace(sweep.spec, seeds=(5,)))
    assert {each.id for each in sweeps.list()} == {kept.id, other.id}
    assert sweeps.open(kept.id).spec == sweep.spec
    (sweeps.root / f"{other.id}.json").write_text("{")
    assert [each.id for each in sweeps.list()] == [kept.id]
    with pytest.raises(ValueError, match=f"the sweep {other.id} is damaged"):
        sweeps.open(other.id)
    sweeps.forget(kept.id)
    with pytest.raises(FileNotFoundError, match="there is no sweep"):
        sweeps.open(kept.id)
    assert store.list() == []


@pytest.mark.slow
def test_runs_behind_let_a_comparison_go_first(store, quick):
    """Two of a sweep occupy the worker; a comparison starts at once, further ones of it after."""
    endless = replace(quick, epochs=200, batch_size=4, corruptions=())
    runner = LocalRunner(store)
    try:
        behind = [store.create(replace(endless, seed=seed)) for seed in range(40)]
        runner.submit_behind(behind)
        wait_for(
            lambda: any(run.state().status == "running" for run in behind), "one behind to run"
        )
        comparison = [store.create(quick), store.create(replace(quick, norm="bn"))]
        runner.submit(comparison)
        wait_for(
            lambda: all(run.state().status == "finished" for run in comparison), "the comparison"
        )
        assert any(run.is_unclaimed for run in behind)
        for run in reversed(behind):
            runner.stop(run)
        wait_for(lambda: all(run.state().status == "stopped" for run in behind), "the stop")
    finally:
        runner.close()


def test_who_ends_a_run_puts_it_on_record(sweep, store, monkeypatch):
    go_on(sweep, store, AtOnce())
    monkeypatch.setattr("afn.runs.index._line", lambda run: pytest.fail("its folder was read"))
    assert {line.status for line in RunIndex(store).lines()} == {"finished"}


def test_index_and_folders_agree(sweep, store):
    go_on(sweep, store, AtOnce())
    index = RunIndex(store)
    first = index.lines()
    assert [line.id for line in first] == [run.run_id for run in reversed(sweep.runs)]
    again = RunIndex(store)  # from the file that the first one left
    assert again.lines() == first
    run: Run = store.open(sweep.runs[0].run_id)
    run.rename("a name")
    assert {line.id: line.name for line in again.lines()}[run.id] == "a name"
    shutil.rmtree(run.path)
    assert run.id not in {line.id for line in again.lines()}


@pytest.fixture
def spec_file(tmp_path, monkeypatch):
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "runs"))
    path = tmp_path / "sweep.toml"
    path.write_text(
        "seeds = 1\n[base]\ndataset = 'digits8'\nwidths = [4, 8]\nepochs = 1\ncorruptions = []\n"
        "[axes]\nnorm = ['bn', 'afn']\nlambda_init = ['paper', 'open']\n"
    )
    return path


def test_a_plan_is_told_before_anything_runs(spec_file, capsys):
    main(["sweep", str(spec_file), "--seeds", "2", "--plan"])
    left_out, told = capsys.readouterr().out.splitlines()
    assert left_out.startswith("left out: norm bn, lambda_init open (BN has no λ")
    assert told.startswith(
        "6 runs: 3 points × 2 seeds; 0 have their result; time for the rest: unk"
    )
    assert not (spec_file.parent / "runs").exists()


def test_what_its_limit_would_cut_short_is_refused_before_anything_runs(spec_file, capsys):
    """Such a run would never have its result: 1437 // 4 steps, and 40 allowed."""
    spec = spec_file.read_text()
    spec_file.write_text(spec.replace("epochs = 1", "epochs = 2\nbatch_size = 4\nmax_steps = 700"))
    with pytest.raises(SystemExit):
        main(["sweep", str(spec_file)])
    assert "2 epochs of digits8 in batches of 4 take 718 steps, and the limit is 700: raise " in (
        capsys.readouterr().err
    )
    assert not (spec_file.parent / "runs").exists()


def test_what_takes_longer_than_its_limit_is_told(spec_file, store, capsys, monkeypatch):
    """Once for all seeds of a point; half of the time is the training steps'."""
    spec = read_spec(spec_file)
    monkeypatch.setenv("AFN_RUNS_DIR", str(store.root))
    [bn] = [run for run in plan(spec).runs if run.config.norm == "bn"]
    run = store.create(bn.config, run_id=bn.run_id)
    run.claim()
    run.end("finished", "", {"step": 22, "train_seconds": 22.0, "seconds": 44.0})
    text = spec_file.read_text().replace("epochs = 1", "epochs = 3\nmax_seconds = 60")
    spec_file.write_text(text.replace("'bn', 'afn'", "'bn'"))
    main(["sweep", str(spec_file), "--seeds", "3", "--plan"])
    told = capsys.readouterr().out.splitlines()
    assert [line for line in told if "max_seconds" in line] == [
        "norm bn, lambda_init paper would take 88 s and stop at its limit of 60 s: "
        "raise max_seconds"
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--seeds", "0"], "--seeds must be at least 1, got 0"),
        (["--max-runs", "2"], "comes to 3 runs and its limit is 2"),
        (["--output", "table.xls"], "--output takes a .csv or a .jsonl file, got table.xls"),
    ],
)
def test_bad_options_are_one_line(spec_file, capsys, arguments, words):
    with pytest.raises(SystemExit):
        main(["sweep", str(spec_file), *arguments])
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


@pytest.mark.slow
def test_the_command_runs_a_sweep_to_its_table_and_then_has_nothing_to_do(spec_file, capsys):
    saved = spec_file.with_suffix(".jsonl")
    main(["sweep", str(spec_file), "--output", str(saved)])
    told = capsys.readouterr().out
    assert "3 of 3 runs have their result, 0 diverged, 0 failed" in told
    assert "norm afn, lambda_init open: accuracy on clean images" in told
    results = read_saved(saved)
    assert {line.status for line in results.lines.values()} == {"finished"}
    table = spec_file.with_suffix(".csv")
    main(["sweep", str(spec_file), "--output", str(table)])
    assert "3 have their result" in capsys.readouterr().out
    assert len(table.read_text().splitlines()) == 4
