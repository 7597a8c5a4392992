import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from afn.ask.evaluate import noise_of
from afn.ask.evaluation import Evaluation, EvaluationStore, undone
from afn.ask.execution import carry_out
from afn.ask.models import asked, restored
from afn.ask.network import Network
from afn.ask.pictures import Pictures, PicturesFile
from afn.ask.spread import Spread
from afn.ask.tasks import GridTask, PicturesTask, SpreadTask, task_from_json
from afn.corruptions import corrupt
from afn.data import load_dataset
from afn.engine.execution import execute
from afn.engine.training import Training
from afn.norms import override_lambdas
from afn.pixels import as_float

CLEAN, FOG = (None, 0), ("fog", 3)


@pytest.fixture
def trained(store, quick):
    """Subjects of runs that were trained, by norm."""

    def train(norm="afn", **changes):
        run = store.create(replace(quick, norm=norm, **changes))
        list(execute(run))
        return Network.of_run(run)

    return train


@pytest.fixture
def evaluations(store):
    return EvaluationStore.beside(store)


def task(network, *places, **question):
    return GridTask(
        network=network, question=network.question(num_images=60, **question), places=places
    )


def cells(task):
    return task.network.file(task.question).cells()


def test_a_subject_is_its_record(trained):
    network = trained()
    assert Network.from_json(json.loads(json.dumps(network.to_json()))) == network


def test_a_question_holds_only_what_can_change_the_answer(trained):
    afn, bn, asrnorm = trained("afn"), trained("bn"), trained("asrnorm")
    ask = {"num_images": 60, "batch_size": 16, "order": "by label"}
    shifted = afn.question(**ask)
    assert (shifted.statistics, shifted.order) == ("test batch of 16", "by label")
    running = afn.question(**ask, stats="running")
    assert (running.statistics, running.batch_size, running.order) == ("running", 128, "mixed")
    assert bn.question(num_images=60) == bn.question(**ask)
    assert bn.question(**ask, stats="batch").statistics == "test batch of 16"
    assert asrnorm.question(**ask, stats="running").statistics == "per image"
    assert afn.question(num_images=60, networks="off").networks == "off"
    assert bn.question(num_images=60, networks="off").networks == "on"  # it has none to switch off
    frozen = afn.question(num_images=60, networks="frozen")
    assert frozen.networks == "frozen"
    assert len({frozen.key, afn.question(num_images=60).key}) == 2
    running = afn.question(num_images=60, networks="frozen", stats="running")
    assert running.networks == "on"  # they are given running averages as it is
    assert asrnorm.question(num_images=60, networks="frozen").networks == "frozen"


def test_a_restored_network_answers_as_the_trained_one_did(trained, store):
    network = trained()
    training = Training(network.config)
    training.restore(network.weights)
    images = training.data.test_images[:20]
    assert torch.equal(restored(network)(images), training.model.eval()(images))


@pytest.mark.parametrize("stats", ["running", "batch"])
def test_a_question_sets_statistics_and_networks(trained, stats):
    network = trained(max_steps=5)
    model = restored(network)
    images = as_float(torch.from_numpy(load_dataset("digits8").x_test[:30]))
    with asked(model, network.question(num_images=30, stats=stats, networks=False)) as off:
        got = off(images)
    with override_lambdas(model, mu=0, sigma=0, gamma=0, beta=0):
        assert torch.equal(got, model(images))
    with asked(model, network.question(num_images=30, stats=stats)) as on:
        kept = on(images)
        assert not torch.equal(got, kept)
    with asked(model, network.question(num_images=30, stats=stats, networks="frozen")) as frozen:
        assert torch.equal(frozen(images), kept) == (stats == "running")


def test_an_evaluation_keeps_every_cell_and_is_then_done(trained, evaluations):
    tasks = [task(trained(norm), CLEAN, FOG) for norm in ("afn", "bn")]
    evaluation = evaluations.create(tasks)
    assert evaluation.state().status == "waiting"
    assert evaluation.tasks() == tasks
    carry_out(evaluation)
    assert evaluation.state().status == "finished"
    assert [set(cells(each)) for each in tasks] == [{CLEAN, FOG}] * 2
    a, b = (cells(each)[FOG] for each in tasks)
    assert a.labels == b.labels == bytes(load_dataset("digits8").y_test[:60].tolist())
    a.gain_over(b)  # the same images
    assert undone(tasks) == []


def test_only_what_is_missing_is_done(trained, evaluations):
    network = trained()
    carry_out(evaluations.create([task(network, CLEAN)]))
    before = cells(task(network))[CLEAN]
    [left] = undone([task(network, CLEAN, FOG)])
    assert left == task(network, FOG)
    carry_out(evaluations.create([task(network, CLEAN, FOG)]))
    lines = network.file(left.question).path.read_text().splitlines()
    assert len(lines) == 3  # the question and two cells
    assert cells(left)[CLEAN] == before


def test_other_domains_come_in_the_model_s_form(trained, evaluations):
    asking = task(trained(), CLEAN, dataset="syn")
    carry_out(evaluations.create([asking]))
    assert cells(asking)[CLEAN].source == "clean, in grey, 28×28 as 8×8"


def test_it_stops_after_a_cell_and_goes_on_when_asked_again(trained, evaluations):
    tasks = [task(trained(), CLEAN, FOG, ("fog", 4))]
    evaluation = evaluations.create(tasks)
    evaluation.ask_to_stop()
    carry_out(evaluation)
    assert evaluation.state().status == "stopped"
    assert set(cells(tasks[0])) == {CLEAN}
    carry_out(evaluations.create(undone(tasks)))
    assert undone(tasks) == []


def test_it_stops_when_orphaned_and_is_done_by_one_only(trained, evaluations):
    tasks = [task(trained(), CLEAN, FOG)]
    evaluation = evaluations.create(tasks)
    carry_out(evaluation, orphaned=lambda: True)
    carry_out(evaluation)
    assert evaluation.state().status == "stopped"
    assert set(cells(tasks[0])) == {CLEAN}


def test_what_cannot_be_had_is_told_and_the_rest_goes_on(trained, evaluations):
    good, broken, strange = trained("bn"), trained("afn"), trained("asrnorm")
    broken.weights.write_bytes(b"nonsense")
    tasks = [
        task(broken, CLEAN),
        task(strange, CLEAN, dataset="nowhere"),
        task(good, ("sleet", 3), ("fog", 6), CLEAN),
    ]
    evaluation = evaluations.create(tasks)
    carry_out(evaluation)
    state = evaluation.state()
    assert (state.status, set(cells(tasks[2]))) == ("finished", {CLEAN})
    told = " | ".join(state.summary["problems"])
    assert "cannot restore step-" in told
    assert "unknown data set 'nowhere'" in told
    assert "unknown corruption 'sleet'" in told
    assert "severity" in told
    assert "\n" not in told


def test_a_damaged_evaluation_says_so(evaluations, trained):
    evaluation = evaluations.create([task(trained(), CLEAN)])
    (evaluation.path / "evaluation.json").write_text('{"tasks": [{"kind": "grid"}]}')
    carry_out(evaluation)
    assert evaluation.state().status == "failed"
    assert "damaged" in evaluation.state().reason


def test_ended_evaluations_are_forgotten_and_no_others(evaluations, monkeypatch):
    ended, waiting = evaluations.create([]), evaluations.create([])
    carry_out(ended)
    evaluations.create([])
    assert ended.path.exists()
    monkeypatch.setattr("afn.ask.evaluation._KEPT_SECONDS", -1.0)
    evaluations.create([])
    assert not ended.path.exists()
    assert waiting.state().status == "waiting"
    assert Evaluation(ended.path).state().status == "failed"


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"cannot write an evaluation below .*AFN_RUNS_DIR"):
        EvaluationStore(tmp_path / "file" / "below").create([])


def test_pictures_are_the_pixels_that_models_see(tmp_path, evaluations):
    file = PicturesFile(
        folder=tmp_path / "pictures", dataset="digits8", num_images=30, corruption="shot_noise"
    )
    assert file.read() is None
    asking = PicturesTask(file=file)
    assert undone([asking]) == [asking]
    carry_out(evaluations.create([asking]))
    assert undone([asking]) == []
    pictures = file.read()
    data = load_dataset("digits8")
    assert pictures.images.shape == (6, 30, 8, 8, 1)
    assert np.array_equal(pictures.images[0], data.x_test[:30])
    assert np.array_equal(pictures.labels, data.y_test[:30])
    assert pictures.class_names == data.class_names
    assert pictures.source == "generated, CIFAR-10-C's constants"
    images = as_float(torch.from_numpy(data.x_test[:30]))
    seen = corrupt(images, "shot_noise", 4, noise_of("shot_noise", 4))
    assert np.array_equal(
        pictures.images[4], seen.mul(255).round().byte().permute(0, 2, 3, 1).numpy()
    )
    file.path.write_bytes(b"torn")
    assert file.read() is None


def test_pictures_are_written_whole_or_not_at_all(tmp_path, monkeypatch):
    file = PicturesFile(folder=tmp_path, dataset="digits8", num_images=3, corruption="fog")
    pictures = Pictures(
        images=np.zeros((6, 3, 8, 8, 1), np.uint8),
        labels=np.zeros(3, np.int64),
        class_names=("0",),
        source="generated",
    )

    def full(*_args, **_arrays):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full)
        with pytest.raises(OSError, match="No space left"):
            file.write(pictures)
    assert list(tmp_path.iterdir()) == []
    file.write(pictures)
    assert [path.name for path in tmp_path.iterdir()] == [file.path.name]
    shutil.rmtree(tmp_path)


def spread_task(network, *domains, **question):
    return SpreadTask(
        network=network, question=network.question(num_images=40, **question), domains=domains
    )


def test_a_spread_is_its_record_and_has_a_file_for_each_question(trained):
    network = trained()
    asking = spread_task(network, "digits8", "syn")
    assert task_from_json(json.loads(json.dumps(asking.to_json()))) == asking
    others = [
        spread_task(network, "syn", "digits8"),
        spread_task(network, "digits8"),
        spread_task(network, "digits8", "syn", stats="running"),
        spread_task(network, "digits8", "syn", batch_size=16),
        spread_task(network, "digits8", "syn", networks=False),
    ]
    assert len({task.path for task in [asking, *others]}) == 1 + len(others)
    assert len({task.name for task in [asking, *others]}) == 1 + len(others)


def test_domains_in_the_layers_are_measured_once_and_kept(trained, evaluations):
    asking = spread_task(trained(), "digits8", "syn", batch_size=16)
    assert asking.read() is None
    assert undone([asking]) == [asking]
    carry_out(evaluations.create([asking]))
    assert undone([asking]) == []
    spread = asking.read()
    assert (spread.domains, spread.num_images) == (("digits8", "syn"), (40, 40))
    assert spread.batch_size == 16
    assert [layer.name.rpartition(".")[2] for layer in spread.layers] == ["norm", "norm"]
    assert all(layer.after.shift < layer.before.shift for layer in spread.layers)
    assert Spread.from_json(json.loads(asking.path.read_text())) == spread
    assert [path.name for path in asking.path.parent.iterdir()] == [asking.path.name]


def test_domains_in_the_layers_depend_on_statistics_and_networks(trained, evaluations):
    network = trained(max_steps=5)
    tasks = [
        spread_task(network, "digits8", "syn", **question)
        for question in ({}, {"stats": "running"}, {"networks": False})
    ]
    carry_out(evaluations.create(tasks))
    batch, running, off = (task.read().layers[0] for task in tasks)
    assert batch.after.shift < running.after.shift
    assert batch.before == off.before
    assert batch.after != off.after


def test_a_torn_spread_is_none_and_what_cannot_be_measured_is_told(trained, evaluations):
    network = trained()
    lost, good = (spread_task(network, "digits8", name) for name in ("nowhere", "syn"))
    evaluation = evaluations.create([lost, good])
    carry_out(evaluation)
    assert evaluation.state().status == "finished"
    [line] = evaluation.state().summary["problems"]
    assert "unknown data set 'nowhere'" in line
    assert undone([lost, good]) == [lost]
    good.path.write_bytes(good.path.read_bytes()[:-9])
    assert good.read() is None


def test_a_spread_is_written_whole_or_not_at_all(trained, evaluations, monkeypatch):
    asking = spread_task(trained(), "digits8", "syn")
    carry_out(evaluations.create([asking]))
    spread = asking.read()
    asking.path.unlink()

    def full(*_args):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.replace", full)
        with pytest.raises(OSError, match="No space left"):
            asking.write(spread)
    assert list(asking.path.parent.iterdir()) == []
    asking.write(spread)
    assert asking.read() == spread
