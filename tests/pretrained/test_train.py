from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from afn.engine.execution import execute
from afn.pretrained.hits import Hits
from afn.pretrained.train import find_run, make, trained


def kinds(said):
    return [record["kind"] for record in said]


def test_making_tells_its_steps(made):
    assert kinds(made.said) == ["begun", "tested", "tested", "trained", "asked", "shipped"]
    [run] = made.store.list()
    assert run.record()["name"] == "pretrained/tiny-afn"
    assert len(list((run.path / "checkpoints").iterdir())) == 1


def test_what_is_done_is_not_done_again(made, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr("afn.ask.measure._logits", lambda *_: pytest.fail("asked again"))
    said = []
    accuracies = make(tiny, made.store, tmp_path, said.append)
    assert kinds(said) == ["found", "asked", "shipped"]
    assert accuracies == made.accuracies
    for path in made.folder.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_an_interrupted_training_goes_on_to_the_same_weights(made, tiny, store):
    events = execute(store.create(tiny.config, name="pretrained/tiny-afn"))
    for event in events:
        if event.kind == "step" and event.step == 30:
            break
    events.close()  # as when the process ends
    said = []
    run = trained(tiny, store, said.append)
    assert kinds(said) == ["resumed", "tested", "trained"]
    assert [run.id] == [each.id for each in store.list()]
    [whole] = made.store.list()
    ends = [load_file(each.require_weights()) for each in (run, whole)]
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[1])


def test_only_a_run_of_the_same_label_and_configuration_is_taken(tiny, store):
    assert find_run(tiny, store) is None
    store.create(tiny.config, name="mine")
    store.create(replace(tiny.config, seed=1), name="pretrained/tiny-afn")
    assert find_run(tiny, store) is None
    ours = store.create(tiny.config, name="pretrained/tiny-afn")
    assert find_run(tiny, store).id == ours.id


def test_a_run_in_other_hands_is_left_alone(tiny, store):
    run = store.create(tiny.config, name="pretrained/tiny-afn")
    assert run.claim()
    with pytest.raises(ValueError, match=f"another process is at it: run {run.id}"):
        trained(tiny, store, [].append)


def test_training_that_fails_says_why(tiny, store):
    wild = replace(tiny, config=replace(tiny.config, lr=10.0, momentum=0.999))
    with pytest.raises(RuntimeError, match=r"its training failed: the loss is .* diverged"):
        trained(wild, store, [].append)


def test_further_seeds_are_asked_but_not_shipped(tiny, store, tmp_path):
    second = replace(tiny, config=replace(tiny.config, seed=1, epochs=1), grid_images=0)
    folder = tmp_path / "pretrained"
    accuracies = make(second, store, folder, [].append)
    assert [(each.statistics, each.networks) for each in accuracies] == [
        ("running", "on"), ("test batch of 128", "on"), ("test batch of 128", "frozen"),
        ("test batch of 128", "off"),
    ]  # fmt: skip
    assert not folder.exists()


def test_without_weights_the_table_still_knows_which_images_were_right(made, tiny, tmp_path):
    """The noise of the images comes out as of a model that is shipped whole."""
    said, spec = [], replace(tiny, keeps_weights=False)
    accuracies = make(spec, made.store, tmp_path, said.append)
    assert kinds(said) == ["found", "asked", "shipped"]
    assert accuracies == made.accuracies
    assert [path.name for path in tmp_path.iterdir()] == ["tiny-afn.hits.jsonl.gz"]
    whole, lean = Hits(made.folder).of("tiny-afn"), Hits(tmp_path).of("tiny-afn")
    assert lean.keys() == whole.keys()
    assert all(np.array_equal(lean[place], whole[place]) for place in whole)
    assert sum(map(len, whole.values())) > 1000
    make(replace(spec, config=replace(tiny.config, seed=1)), made.store, tmp_path / "s1", [].append)
    assert not (tmp_path / "s1").exists()


def test_hits_that_are_damaged_are_as_none(tmp_path):
    (tmp_path / "a.hits.jsonl.gz").write_bytes(b"no gzip")
    assert Hits(tmp_path).of("a") == {}
