"""What a trained network's logits are called, and what is asked of it about other data sets."""

from dataclasses import replace

import pytest

from afn.ask.network import Network
from afn.engine.checkpoints import read_checkpoint, save_checkpoint
from afn.engine.execution import execute
from afn.engine.training import Training

DIGITS = tuple("0123456789")


@pytest.fixture
def run(store, quick):
    made = store.create(replace(quick, norm="bn", corruptions=()))
    list(execute(made))
    return made


def test_a_run_keeps_its_class_names_whatever_becomes_of_its_data(run, monkeypatch):
    from afn.data import dataset_entry

    renamed = replace(dataset_entry("digits8"), class_names=tuple("abcdefghij"))
    monkeypatch.setattr("afn.ask.network.dataset_entry", lambda _: renamed)
    assert Network.of_run(run).class_names == DIGITS


def test_a_run_of_before_names_were_kept_takes_those_of_its_data_set(run):
    path = run.weights()
    found, training = read_checkpoint(path), Training(run.config())
    training.restore(path)
    progress = {name: value for name, value in found.progress.items() if name != "class_names"}
    save_checkpoint(path, training.model, training.optimizer, progress)
    assert Network.of_run(run).class_names == DIGITS


def test_a_question_about_other_classes_is_another_question(run):
    network = Network.of_run(run)
    alike = network.question(num_images=9, dataset="mnist5k")
    given = network.question(num_images=9, dataset="mnist5k", classes=DIGITS)
    turned = network.question(num_images=9, dataset="mnist5k", classes=DIGITS[::-1])
    looked_up = network.question(num_images=9, dataset="cifar10")
    assert alike == given
    assert (alike.classes, network.question(num_images=9).classes) == ("", "")
    assert len({alike.key, turned.key}) == 2
    assert len(turned.classes) == len(looked_up.classes) == 64
    assert network.question(num_images=9, dataset="gone/set").classes == ""


def test_questions_of_before_there_were_classes_keep_their_key():
    from afn.ask.records import Question

    question = Question(
        weights="ab", dataset="mnist", num_images=10, statistics="running", batch_size=128
    )
    assert question.key == "6b56c6c2fdb8dc60"
