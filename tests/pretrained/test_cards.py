import json
import re
import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from afn import load_pretrained, set_eval_stats
from afn.ask.domains import Row, domain_matrix
from afn.ask.models import restored
from afn.ask.tasks import GridTask
from afn.data import load_dataset
from afn.pretrained.cards import Card, pretrained_names, read_card
from afn.pretrained.checksums import checksum
from afn.pretrained.results import Accuracy
from afn.runs.history import Follower, History


@pytest.fixture
def copy(made, tmp_path):
    """The shipped files again, to be damaged."""
    return shutil.copytree(made.folder, tmp_path / "copy")


def test_the_card_says_what_was_trained_on_what(made, tiny):
    card = made.card
    [run] = made.store.list()
    data = load_dataset("digits8")
    assert pretrained_names(made.folder) == ["tiny-afn"]
    assert card.config == tiny.config == run.config()
    assert (card.inputs.image_shape, len(card.inputs.class_names)) == ((8, 8, 1), 10)
    assert (card.trained_on.name, card.trained_on.num_train) == ("digits8", 1437)
    assert card.trained_on.sha256 == checksum(data, with_training=True)
    assert [each.sha256 for each in card.tested_on] == [checksum(data, with_training=False)]
    assert card.steps == 2 * (1437 // 64)
    assert card.versions["torch"] == torch.__version__.partition("+")[0]
    assert Card.from_json(json.loads(json.dumps(card.to_json())), made.folder) == card


def test_the_loaded_model_is_the_trained_one_and_answers_as_the_card_says(made):
    model = load_pretrained("tiny-afn", made.folder)
    [run] = made.store.list()
    trained = load_file(run.require_weights())
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, trained[name]), name
    assert not model.training
    for statistics, mode in (("running", "running"), ("test batch of 128", "batch")):
        row = Row(
            model=set_eval_stats(model, mode),
            image_shape=made.card.inputs.image_shape,
            class_names=made.card.inputs.class_names,
            statistics=statistics,
        )
        [crossing] = domain_matrix({"": row}, [load_dataset("digits8")], num_images=360)
        again = Accuracy.of(crossing.question, crossing.cell)
        assert again in made.card.accuracies
        assert again.accuracy > 0.5
    assert made.card.clean_accuracy() == again
    assert made.card.clean_accuracy("mnist") is None


def test_every_cell_is_kept_with_its_question_and_its_answers(made):
    found = [Accuracy.of(question, cell) for question, cell in made.card.answers()]
    assert tuple(found) == made.card.accuracies == tuple(made.accuracies)
    # In each of four modes: clean images, and the grid with its clean cell.
    assert len(found) == 4 * (1 + 90)
    assert {question.weights for question, _ in made.card.answers()} == {
        made.card.sha256["weights"]
    }


def test_unpacked_answers_are_not_asked_for_again(made, tmp_path):
    network = made.card.network(tmp_path)
    made.card.unpack_answers(tmp_path)
    made.card.unpack_answers(tmp_path)
    for stats, networks in (("running", "on"), ("batch", "on"), ("batch", "frozen")):
        question = network.question(num_images=20, stats=stats, networks=networks)
        file = network.file(question)
        assert len(file.cells()) == 90
        assert len(file.path.read_bytes().splitlines()) == 91
        assert (
            GridTask(network=network, question=question, places=tuple(file.cells())).left() is None
        )
    assert restored(network).training is False


def test_a_history_reads_the_cards_events(made):
    [run] = made.store.list()
    follower = Follower(made.card)
    kept, whole = follower.now(), History.of(run)
    assert list(kept.steps) == list(whole.steps)  # fewer than are thinned
    assert kept.columns["loss"].tolist() == pytest.approx(whole.columns["loss"].tolist(), rel=1e-3)
    assert kept.lambdas[1][0].tolist() == pytest.approx(whole.lambdas[1][0].tolist(), rel=1e-3)
    assert len(kept.snapshots) == len(whole.snapshots)
    assert [e["correct"] for e in kept.evaluations] == [e["correct"] for e in whole.evaluations]
    assert follower.now().num_steps == whole.num_steps


@pytest.mark.parametrize("what", ["weights", "events", "cells"])
def test_damage_is_one_line(copy, what):
    path = read_card("tiny-afn", copy).path(what)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"{path.name} is damaged: its SHA-256 is not .* again$"):
        read_card("tiny-afn", copy).read(what)


def test_damaged_or_missing_weights_are_not_loaded(copy):
    path = copy / "tiny-afn.safetensors"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ValueError, match="is damaged"):
        load_pretrained("tiny-afn", copy)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"tiny-afn.safetensors is missing.*get it again"):
        load_pretrained("tiny-afn", copy)


def test_weights_of_another_model_are_refused_strictly(copy):
    path = copy / "tiny-afn.json"
    record = json.loads(path.read_bytes())
    record["config"]["norm"] = "bn"
    path.write_text(json.dumps(record))
    with pytest.raises(
        ValueError, match=r"cannot restore tiny-afn.safetensors: .*Unexpected key"
    ) as it:
        load_pretrained("tiny-afn", copy)
    assert "\n" not in str(it.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[:-9], "Expecting value"),
        (lambda text: text.replace('"version": 1', '"version": 9', 1), "version 9, expected 1"),
        (lambda text: text.replace('"steps"', '"stairs"'), "not a model card: .*stairs"),
        (lambda text: "[]", "expected an object"),
        (lambda text: re.sub(r'"num_train": 1437', '"num_train": "many"', text), "a data set"),
        (lambda text: re.sub(r'"correct": \d+', '"correct": 0.5', text), "not an accuracy"),
    ],
)
def test_a_damaged_card_is_one_line(copy, change, words):
    path = copy / "tiny-afn.json"
    path.write_text(change(path.read_text()))
    with pytest.raises(ValueError, match=rf"tiny-afn.json is damaged: .*{words}") as error:
        load_pretrained("tiny-afn", copy)
    assert "\n" not in str(error.value)


def test_an_unknown_name_lists_the_known(made, tmp_path):
    where = rf"in {made.folder} \(AFN_PRETRAINED_DIR names another folder\)$"
    with pytest.raises(
        ValueError, match=rf"unknown pretrained model 'vgg'; known: tiny-afn, {where}"
    ):
        load_pretrained("vgg", made.folder)
    with pytest.raises(ValueError, match=f"known: none, in {tmp_path}"):
        load_pretrained("vgg", tmp_path)


def test_the_folder_is_named_by_the_environment(made, monkeypatch):
    monkeypatch.setenv("AFN_PRETRAINED_DIR", str(made.folder))
    assert read_card("tiny-afn") == replace(made.card)
