"""What is kept of a model of one's own answers as it does, in any process, converted or not."""

from pathlib import Path

import pytest
import torch

from afn import convert_norm, look_inside, own_model, recalibrate
from afn.ask.models import restored
from afn.ask.network import Network
from afn.ask.sources import network_of
from afn.data import load_dataset
from afn.norms import AFN2d, norm_layers
from afn.own.keeping import keep, main
from afn.own.kept import in_environment, named
from afn.own.source import ModelSource
from afn.pixels import as_float
from afn.runs.store import RunStore


def answered(model, images):
    with torch.inference_mode():
        return model(images)


@pytest.fixture
def images():
    return as_float(torch.from_numpy(load_dataset("digits8").x_test[:20]))


def test_a_model_is_kept_and_restored_as_it_is(store, source, images):
    kept = keep(source("group"), store.root)
    network = kept.network(store.root)
    expected = answered(own_model(source("group")).model, images)
    again = Network.from_json(network.to_json())
    assert again == network
    torch.testing.assert_close(answered(restored(again), images), expected, rtol=0, atol=0)
    assert (network.config.norm, network.config.dataset) == ("gn", "digits8")
    assert not network.has_choice
    assert [(it.path, it.norm, it.becomes) for it in kept.layers] == [
        ("norm", "gn", "AFN2d"), ("norm2", "gn", "AFN2d"),
    ]  # fmt: skip
    assert any("no longer each image by itself" in line for line in kept.summary)
    assert store.read(kept.digest) == kept == store.taken(source("group"))


def test_the_batch_normalizations_of_a_model_have_the_choice_of_statistics(store, source, images):
    network = keep(source("batch"), store.root).network(store.root)
    assert network.has_choice
    model = restored(network)
    plain = answered(own_model(source("batch")).model, images)
    torch.testing.assert_close(answered(model, images), plain, rtol=0, atol=0)
    for layer in norm_layers(model).values():
        layer.eval_stats = "batch"
    assert not torch.allclose(answered(model, images), plain)
    assert network.question(num_images=5).statistics == "running"
    assert network.question(num_images=5, stats="batch").statistics == "test batch of 128"


def test_a_copy_is_converted_and_its_averages_are_measured_anew(store, source, images):
    base = keep(source("batch"), store.root)
    converted = keep(source("batch").said(norm="afn"), store.root)
    measured = keep(source("batch").said(averages="digits8"), store.root)
    assert store.changed(base.digest) == [converted, measured]
    assert len({base.digest, converted.digest, measured.digest}) == 3
    model = restored(converted.network(store.root))
    assert all(isinstance(layer, AFN2d) for layer in norm_layers(model).values())
    assert "2 of 2 normalization layers become AFN2d" in converted.summary
    by_hand = own_model(source("batch")).model
    data = as_float(torch.from_numpy(load_dataset("digits8").x_train))
    recalibrate(convert_norm(by_hand, "bn"), data.split(50))
    torch.testing.assert_close(
        answered(restored(measured.network(store.root)), images), answered(by_hand, images)
    )
    assert store.found(source("batch").said(norm="afn")) == converted
    assert store.found(source("batch").said(norm="asrnorm")) is None


def test_a_file_that_changed_is_not_taken_for_what_it_was(store, source):
    kept = keep(source("batch"), store.root)
    file = Path(source("batch").file)
    file.write_text(file.read_text() + "\n")
    assert store.taken(source("batch")) is None
    with pytest.raises(ValueError, match=r"nets\.py:batch has changed since it was taken"):
        restored(kept.network(store.root))


@pytest.mark.parametrize(
    ("what", "options", "line"),
    [
        ("fickle", {}, "built a second time it answers otherwise"),
        ("tokens", {"norm": "afn"}, "nothing to convert"),
        ("bare", {"norm": "afn"}, "which has no normalization layer"),
        ("group", {"averages": "digits8"}, "has no running averages to measure"),
        ("batch", {"norm": "rms"}, "norm must be one of"),
        ("batch", {"averages": "nowhere"}, "nowhere"),
        ("nothing", {}, "has no function 'nothing'"),
    ],
)
def test_what_cannot_be_kept_is_said_in_a_line(store, source, capsys, what, options, line):
    assert main(str(store.root), source(what).said(**options).to_text()) == 1
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 1
    assert line in said[0]
    assert not list(store.root.rglob("model.json"))


def test_a_model_without_norms_is_kept_all_the_same(store, source):
    kept = keep(source("bare"), store.root)
    assert (kept.layers, kept.norm, kept.tracks) == ((), "none", False)
    with pytest.raises(ValueError, match="no norm layers"):
        look_inside(f"{source('bare').to_text()}")


@pytest.mark.slow
def test_another_process_takes_it_and_says_what_is_wrong(store, source, tmp_path):
    kept = store.take(source("group"))
    assert kept == store.read(kept.digest)
    ending = tmp_path / "ending.py"
    ending.write_text("import os\ndef build():\n    os._exit(7)\n")
    with pytest.raises(ValueError, match=r"ending.py:build: the process that built it ended \(7\)"):
        store.take(ModelSource.read(f"{ending}:build"))


def test_the_environment_names_models(source):
    both = [source("batch"), source("group").said(input="1x8x8")]
    assert named(in_environment(both)) == both
    assert named("") == []
    with pytest.raises(ValueError, match=r"two models are called nets\.py:batch"):
        named(in_environment([source("batch"), source("batch")]))


def test_layers_are_looked_into_by_the_name_of_the_file(source, monkeypatch, tmp_path):
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "runs"))
    name = source("group").to_text()
    seen = look_inside(name, size=4)
    assert list(seen["layers"].items()) == [("network.norm", 8), ("network.norm2", 12)]
    assert (seen["statistics"], seen["num_groups"], seen["source"]) == ("each group", 4, "clean")
    assert seen["now"]["score"]["n"] > 100
    foreign = look_inside(name, size=4, dataset="mnistm5k")
    assert foreign["now"]["score"]["n"] > 100  # of the same names
    assert network_of(name, RunStore()).id == "nets.py:group"


def test_images_of_other_classes_are_shown_and_not_counted(source, monkeypatch, tmp_path):
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "runs"))
    name = source("group").said(classes="+".join("abcdefghij"), input="1x8x8").to_text()
    with pytest.raises(ValueError, match="no data set here has the classes"):
        look_inside(name)
    seen = look_inside(name, dataset="digits8", size=4)
    assert seen["now"]["score"] == {"correct": 0, "n": 0}
    assert set(seen["labels"]) == {-1}
    assert "of classes that it does not know" in seen["source"]
