"""The command line, in process; one test goes through the real interpreter and a real pipe."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from afn import LambdaInit, TrainConfig
from afn.engine.execution import execute
from afn.settings.corruptions import RULE
from afn.stats.intervals import wilson_interval

ROOT = Path(__file__).parents[2]
QUICK = ["--dataset=digits8", "--epochs=1", "--eval-images=100", "--widths", "4", "8"]


# -- train ---------------------------------------------------------------------------------------


def test_train_says_the_run_its_tests_and_its_end(says, store):
    first, *tests, last = says("train", *QUICK, "--norm=bn", "--name=mine")
    [run] = store.list()
    assert run.id in first
    assert run.record()["name"] == "mine"
    assert run.config() == TrainConfig(
        dataset="digits8", norm="bn", widths=(4, 8), epochs=1, eval_images=100
    )
    assert len(tests) == 4 + len(run.config().corruptions)
    assert all("100 images, statistics: running" in line for line in tests)
    assert f"{100 * run.state().summary['accuracy']:.2f} %" in tests[3]
    assert last.startswith("finished after")


def test_train_as_json_says_what_the_run_records(records, store):
    begin, *tests, end = records("train", *QUICK)
    [run] = store.list()
    recorded = [event for event in run.events()[0] if event["kind"] == "evaluation"]
    assert begin == {"kind": "run", "id": run.id, "path": str(run.path)}
    assert end == {"kind": "end", "status": "finished", "reason": "", **run.state().summary}
    for said, kept in zip(tests, recorded, strict=True):
        assert said | {"seconds": None} == kept | {"seconds": None}


def test_train_without_a_store_leaves_nothing_behind(says, records, store):
    assert says("train", *QUICK, "--no-store")[-1].startswith("trained in")
    assert records("train", *QUICK, "--no-store")[-1]["kind"] == "end"
    assert not store.root.exists()


def test_train_takes_every_setting_as_an_option(says, store):
    says(
        "train", *QUICK, "--norm=asrnorm", "--lambda-init=open", "--no-adaptive",
        "--formula=reference", "--batch-size=8", "--lr=0.01", "--momentum=0.5", "--seed=3",
        "--lambda-lr-factor=10", "--max-steps=1", "--severity=5", "--weight-decay=0.1",
        "--lr-schedule=cosine", "--augment=crop_flip", "--norm-eps=1e-6", "--rsc=0.3",
    )  # fmt: skip
    assert store.list()[0].config() == TrainConfig(
        dataset="digits8", epochs=1, eval_images=100, widths=(4, 8), norm="asrnorm",
        lambda_init=LambdaInit.OPEN, adaptive=False, formula="reference", batch_size=8, lr=0.01,
        momentum=0.5, seed=3, lambda_lr_factor=10.0, max_steps=1, severity=5,
        weight_decay=0.1, lr_schedule="cosine", augment="crop_flip", norm_eps=1e-6, rsc=0.3,
    )  # fmt: skip


def test_train_freezes_networks(says, store):
    says("train", *QUICK, "--norm=afn", "--frozen-networks", "--max-steps=1")
    assert store.list()[0].config().frozen_networks


def test_train_starts_from_the_configuration_of_a_run(says, store, finished):
    says("train", "--config", str(finished.path / "config.json"), "--seed=7")
    [again] = (run for run in store.list() if run.id != finished.id)
    assert again.config() == replace(finished.config(), seed=7)


def test_training_that_diverges_ends_with_one_line(complains, store):
    assert "diverged" in complains("train", *QUICK, "--lr=10", "--momentum=0.999")
    assert store.list()[0].state().status == "failed"


# -- evaluate ------------------------------------------------------------------------------------


def test_evaluate_measures_what_the_run_measured_at_its_end(records, finished):
    recorded = finished.events()[0]
    at_end = [e for e in recorded if e["kind"] == "evaluation" and e["epoch"] == 1]
    measured = records("evaluate", finished.id)
    for again, before in zip(measured, at_end, strict=True):
        low, high = wilson_interval(before["correct"], before["n"])
        added = {"low95": low, "high95": high, "weights": finished.weights().name}
        assert added.items() <= again.items()
        assert again.items() - added.items() <= before.items()


def test_evaluate_heeds_its_options(records, finished):
    [test] = records(
        "evaluate", finished.id, "--corruption=contrast", "--severity=5", "--stats=running",
        "--images=50", "--batch-size=10",
    )  # fmt: skip
    assert (test["corruption"], test["severity"], test["n"]) == ("contrast", 5, 50)
    assert test["statistics"] == "running"


def test_evaluate_in_words_names_corruption_interval_and_conditions(says, finished):
    accuracy = finished.state().summary["accuracy"]
    [line] = says("evaluate", finished.id, "--corruption=clean")
    assert line.startswith(f"clean             {100 * accuracy:.2f} %  95 % CI ")
    assert line.endswith("(100 images of digits8, statistics: test batch of 100)")


def test_the_real_sizes_of_test_batches_are_told(says, finished):
    [line] = says("evaluate", finished.id, "--corruption=clean", "--images=129")
    assert line.endswith("(129 images of digits8, statistics: test batches of 128, the last of 1)")
    [line] = says("domains", finished.id, "--on", "mnist5k", "--images=33", "--batch-size=16")
    assert line.endswith("statistics: test batches of 16, the last of 1)")
    lines = says("inside", finished.id, "--image=0", "--batch-size=512")
    assert lines[0].endswith("statistics: test batch, 360 images")


def test_evaluate_grid_tells_every_severity_the_mean_and_the_baseline(records, finished):
    arguments = [
        "evaluate", finished.id, "--grid", "--corruption=fog", "--corruption=contrast",
        "--images=40", "--order=by label", f"--baseline={finished.id}",
    ]  # fmt: skip
    *cells, mean, mce = records(*arguments)
    assert [(cell["corruption"], cell["severity"]) for cell in cells] == [
        (None, 0), *(("fog", s) for s in range(1, 6)), *(("contrast", s) for s in range(1, 6)),
    ]  # fmt: skip
    assert {(cell["n"], cell["order"], cell["statistics"]) for cell in cells} == {
        (40, "by label", "test batch of 128")
    }
    shares = [cell["accuracy"] for cell in cells[1:]]
    assert mean["accuracy"] == pytest.approx(sum(shares) / 10)
    assert all(0 < cell["ece"] < 1 for cell in cells)
    assert mean["ece"] == pytest.approx(sum(cell["ece"] for cell in cells[1:]) / 10)
    assert (mce["mce"], mce["baseline"]) == (1.0, finished.id)
    [kept] = (finished.path / "grids").glob("*.jsonl")
    before = kept.read_bytes()
    assert records(*arguments) == [*cells, mean, mce]
    assert kept.read_bytes() == before


def test_evaluate_in_batches_of_few_classes_tells_their_order_and_calibration(says, finished):
    given = ["evaluate", finished.id, "--grid", "--corruption=clean", "--images=40"]
    [line] = says(*given, "--order=2 classes")
    assert "  ECE 0." in line
    assert line.endswith("2 classes, clean, statistics: test batches of up to 128)")


def test_evaluate_asks_again_what_an_older_rule_has_asked(says, records, finished):
    arguments = ["evaluate", finished.id, "--grid", "--corruption=fog", "--images=40"]
    before = records(*arguments)
    assert [cell["rule"] for cell in before[:-1]] == [None, *[RULE] * 5]
    [kept] = (finished.path / "grids").glob("*.jsonl")
    kept.write_text(kept.read_text().replace(f'"rule": {RULE}', '"rule": 1'))
    first, *lines = says(*arguments)
    assert first == (
        f"5 kept answers of {finished.id}: images corrupted under rule 1 (today's is {RULE}); "
        "asked again"
    )
    assert len(lines) == len(before)
    assert records(*arguments) == before


def test_evaluate_says_what_it_leaves_out(says, records, finished):
    arguments = ["evaluate", finished.id, "--corruption=saturate", "--corruption=fog"]
    words, fog = says(*arguments)
    assert words == "saturate needs colour: left out"
    assert fog.startswith("fog ")
    told, clean, *cells, mean = records(*arguments, "--grid", "--images=40")
    assert (told["kind"], len(told["places"]), clean["corruption"]) == ("left out", 5, None)
    assert {cell["corruption"] for cell in cells} == {"fog"}
    assert mean["cells"] == 5


def test_a_run_is_not_tested_on_what_changes_nothing(store, quick):
    run = store.create(replace(quick, corruptions=("saturate", "fog")))
    list(execute(run))
    tests = run.state().summary["tests"]
    assert [(test["corruption"], test["rule"]) for test in tests] == [(None, None), ("fog", RULE)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--grid", "--severity=2"], "--grid tests all severities"),
        (["--baseline=another"], "add --grid"),
        (["--grid", "--order=by size"], "by size"),
        (["--grid", "--baseline=nobody"], "there is no run nobody"),
    ],
)
def test_evaluate_grid_refuses_what_does_not_go_together(complains, finished, arguments, words):
    assert words in complains("evaluate", finished.id, *arguments)


def test_a_baseline_of_another_data_set_is_refused(complains, store, finished, quick):
    other = store.create(replace(quick, dataset="mnist5k"))
    line = complains("evaluate", finished.id, "--grid", f"--baseline={other.id}")
    assert "the baseline must be of the same data set, got mnist5k and digits8" in line


# -- data and runs -------------------------------------------------------------------------------


def test_data_lists_what_is_here_and_how_to_get_the_rest(says, records):
    *found, folder = records("data", "list")
    assert "there is no data folder" in folder["not_read"]
    sets = {record["name"]: record for record in found}
    *lines, _ = says("data")
    assert [line.split()[0] for line in lines] == list(sets)
    embedded = [name for name, record in sets.items() if record["status"] == "embedded"]
    assert embedded == ["mnist5k", "digits8", "mnistm5k", "syn"]
    assert all(sets[name]["how_to_get"] for name in sets.keys() - set(embedded))


def test_runs_lists_newest_first_with_how_they_ended(says, records, store, quick, finished):
    broken = store.create(replace(quick, dataset="nowhere"))
    list(execute(broken))
    listed = {record["id"]: record for record in records("runs")}
    assert list(listed) == [run.id for run in store.list()]
    assert listed[finished.id]["summary"] == finished.state().summary
    assert "nowhere" in listed[broken.id]["reason"]
    for line in says("runs", "list"):
        assert listed[line.split()[0]]["status"] == line.split()[1]


def test_runs_of_an_empty_store_are_no_lines(says):
    assert says("runs") == []


def test_runs_show_gives_the_record(says, records, finished):
    assert records("runs", "show", finished.id) == [finished.record() | {"status": "finished"}]
    first, *rest = says("runs", "show", finished.id)
    assert first.startswith(f"{finished.id}: finished")
    assert json.loads("\n".join(rest)) == finished.record()


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_runs_delete_removes_the_folder_and_names_it(says, finished, flags):
    [line] = says("runs", "delete", finished.id, *flags)
    assert finished.id in line
    assert not finished.path.exists()


# -- the interpreter -----------------------------------------------------------------------------


def test_the_module_runs_and_helps():
    command = [sys.executable, "-m", "afn", "--help"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stderr == ""
    for name in ("train", "evaluate", "bench", "data", "runs"):
        assert name in answer.stdout


def test_a_reader_that_had_enough_ends_it_quietly():
    command = [sys.executable, "-m", "afn", "data"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
