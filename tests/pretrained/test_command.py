"""``python -m afn pretrained``, in process; what it trains is in processes of its own."""

import json
import shutil
from dataclasses import asdict, replace

import pytest

from afn.cli.main import main
from afn.engine.training import Training
from afn.pretrained.plan import PLAN
from afn.pretrained.results import read_results
from afn.runs.store import RunStore


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """No data, no runs and no models."""
    for name in ("DATA", "RUNS", "PRETRAINED"):
        monkeypatch.setenv(f"AFN_{name}_DIR", str(tmp_path / name.lower()))
    return tmp_path


@pytest.fixture
def says(capsys):
    """Runs the command, which must succeed; returns its lines."""

    def run(*arguments):
        main(["pretrained", *arguments])
        captured = capsys.readouterr()
        assert captured.err == ""
        return captured.out.splitlines()

    return run


@pytest.fixture
def complains(capsys):
    """Runs the command, which must fail; returns what it said, and its one line of error."""

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main(["pretrained", *arguments])
        captured = capsys.readouterr()
        assert end.value.code not in (0, None)
        assert captured.err.count("\n") == 1
        return captured.out, captured.err

    return run


def test_list_says_each_model_and_what_it_reaches(says, made, monkeypatch):
    assert says()[-1].startswith("0 models in ")
    monkeypatch.setenv("AFN_PRETRAINED_DIR", str(made.folder))
    model, end = says("list")
    clean = made.card.clean_accuracy()
    assert model.split()[:3] == ["tiny-afn", "afn", "digits8"]
    told = "360 images, statistics: test batches of 128, the last of 104"
    assert f"{100 * clean.accuracy:.2f} %  ({told})" in model
    assert end.startswith("1 model in ")
    record, end = map(json.loads, says("list", "--json"))
    assert record["clean"] == asdict(clean)
    assert (end["models"], end["seconds"]) == (1, made.card.seconds)


def test_a_damaged_card_is_one_line_of_the_list(says, made, monkeypatch, tmp_path):
    shutil.copytree(made.folder, tmp_path / "models")
    (tmp_path / "models" / "torn.json").write_text("{")
    monkeypatch.setenv("AFN_PRETRAINED_DIR", str(tmp_path / "models"))
    lines = says("list")
    assert [line.split()[0] for line in lines[:2]] == ["tiny-afn", "torn"]
    assert "torn.json is damaged" in lines[1]


def test_show_says_the_card(says, complains, made, monkeypatch):
    monkeypatch.setenv("AFN_PRETRAINED_DIR", str(made.folder))
    [record] = map(json.loads, says("show", "tiny-afn", "--json"))
    assert record == json.loads(json.dumps(made.card.to_json()))
    lines = says("show", "tiny-afn")
    assert sum("images, statistics: " in line for line in lines) == len(made.accuracies)
    assert "known: tiny-afn" in complains("show", "vgg")[1]
    assert "name one model to show" in complains("show")[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name what to train, or say --all"),
        (("mnist5k-bn", "--all"), "name what to train, or say --all"),
        (("vgg",), "no planned model is called 'vgg'; known: mnist5k-bn"),
        (("mnist5k-bn", "--jobs=0"), "--jobs must be at least 1, got 0"),
    ],
)
def test_what_to_train_must_be_said(complains, arguments, words):
    assert words in complains("train", *arguments)[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("mnist5k-bn",), "none of mnist5k-bn is shipped; `python -m afn pretrained` lists"),
        (("vgg",), "no planned model is called 'vgg'"),
        (("--jobs=0",), "--jobs must be at least 1, got 0"),
    ],
)
def test_what_is_asked_must_be_shipped(complains, arguments, words):
    assert words in complains("ask", *arguments)[1]


def test_a_folder_that_cannot_be_written_is_said_before_the_training(
    complains, tmp_path, monkeypatch
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("AFN_PRETRAINED_DIR", str(tmp_path / "file" / "models"))
    said, error = complains("train", "mnist5k-bn")
    assert said == ""
    assert error.startswith(f"afn: cannot write a model to {tmp_path}/file/models: Not a directory")
    assert "AFN_PRETRAINED_DIR" in error
    assert RunStore().list() == []


@pytest.mark.slow
def test_a_model_that_cannot_begin_is_named_stops_no_other_and_leaves_no_run(complains):
    said, error = complains("train", "usps-grey-bn", "usps-grey-bn-s1", "--jobs=2")
    for name in ("usps-grey-bn", "usps-grey-bn-s1"):
        assert f"{name}: usps is not on disk; to get it: python -m afn data download usps" in said
    assert error.startswith("afn: 2 of 2 models failed: usps-grey-bn, usps-grey-bn-s1;")
    assert RunStore().list() == []


@pytest.mark.slow
def test_a_trained_model_is_asked_shipped_and_put_into_the_table(says, folders):
    spec = PLAN["mnist5k-asrnorm"]
    run = RunStore().create(spec.config, name=f"pretrained/{spec.name}")
    training = Training(replace(spec.config, max_steps=30), run.path / "checkpoints")
    assert list(training.events())
    run.end("finished", "", training.summary())
    begin, asked, shipped, end = says("train", "mnist5k-asrnor[m]", "--jobs=1")
    assert begin == f"mnist5k-asrnorm: is trained already (run {run.id})"
    assert asked == "mnist5k-asrnorm: tested in 285 ways"
    assert shipped.startswith("mnist5k-asrnorm: shipped in ")
    assert end == "1 model done"
    assert len(read_results(folders / "pretrained")) == 285
    asked, shipped, end = says("ask", "mnist5k-*")
    assert asked == "mnist5k-asrnorm: tested in 285 ways"
    assert end == "1 model done"
    run.delete()
    assert says("train", "mnist5k-asrnorm") == [
        f"made already in {folders / 'pretrained'}: 1 of 1 model; --again makes them anew",
        "0 models done",
    ]
