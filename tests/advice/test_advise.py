"""Advice over a tiny model of one's own: what is measured is what it says, and bad input a line."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from afn import AdvicePlan, advise
from afn.advice.findings import AS_IS, TEST_BATCH, Findings
from afn.advice.recommend import recommend
from afn.advice.ways import batch_sizes, fine_tuned, in_way, num_norms
from afn.advice.where import data_of
from afn.cli.main import main
from afn.data import load_dataset

MODEL = """
import torch
from torch import nn
def build():
    torch.manual_seed(0)
    layers = nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.AdaptiveAvgPool2d(2)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(24, 10))
def plain():
    layers = nn.Conv2d(1, 4, 3), nn.AdaptiveAvgPool2d(2)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(16, 10))
def narrow():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
"""
PLAN = AdvicePlan(
    seeds=3, steps=12, lr=0.05, images=60, rounds=1, batch_size=32, corruptions=("contrast",)
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "my.py"
    path.write_text(MODEL)
    return path


@pytest.fixture(scope="module")
def advice(file):
    shares = []
    found = advise(f"{file}:build", "digits8", PLAN, progress=lambda s, _: shares.append(s))
    assert shares == sorted(shares)
    assert shares[-1] == 1
    return found


def test_every_way_is_measured_over_every_seed(advice):
    assert advice.findings.num_norms == 1
    for way in advice.findings.ways:
        assert not way.error
        assert set(way.after) == {0, 1, 2}
        assert way.price.ms_batch > 0 < way.price.peak_bytes
        assert [each.size for each in way.batches] == [1, 2, 8, 32]
    named = {way.name: way for way in advice.findings.ways}
    assert named["afn"].price.parameters > named[AS_IS].price.parameters
    assert named[AS_IS].price.parameters == 6 * 9 + 6 + 12 + 250
    # BN by running averages answers each image alone; by the test batch it does not.
    assert all(each.moved < 1e-4 and not each.changed for each in named[AS_IS].batches)
    assert named[TEST_BATCH].batches[0].moved > 0.05 < named["afn"].batches[0].moved


def test_the_recommendation_follows_from_the_findings_again(advice):
    again = Findings.from_json(json.loads(json.dumps(advice.to_json()))["findings"])
    assert recommend(again) == advice.recommendation
    gain = advice.findings.gain("afn", AS_IS)
    assert gain.image_error > 0
    by_hand = np.mean(
        [
            advice.findings.way("afn").after[s].corrupted
            - advice.findings.way(AS_IS).after[s].corrupted
            for s in range(3)
        ]
    )
    assert gain.mean == pytest.approx(by_hand)


def test_fine_tuning_learns_and_is_the_same_again(file):
    from afn.own.building import own_model

    own = own_model(f"{file}:build", input=(1, 8, 8))
    data = load_dataset("digits8")
    plan = replace(PLAN, steps=150)
    models = [fine_tuned(in_way(own.model, "afn", seed=5), data, (8, 8, 1), plan, seed=5)
              for _ in range(2)]  # fmt: skip
    for one, other in zip(*(model.parameters() for model in models), strict=True):
        assert torch.equal(one, other)
    images = torch.from_numpy(data.x_test).permute(0, 3, 1, 2) / 255
    right = models[0](images).argmax(1) == torch.from_numpy(data.y_test)
    assert right.float().mean() > 0.5
    assert num_norms(own.model) == 1


def test_a_model_without_bn_is_kept(file):
    found = advise(f"{file}:plain", "digits8", replace(PLAN, seeds=1, steps=2))
    assert found.recommendation.choice == "keep"
    assert [way.name for way in found.findings.ways] == [AS_IS]


def test_a_batch_size_that_does_not_run_says_why():
    class Needy(torch.nn.Module):
        def forward(self, x):
            if len(x) == 1:
                raise ValueError("more than one value\nper channel")
            return x.flatten(1)

    one, two, *_ = batch_sizes(Needy(), torch.rand(40, 1, 2, 2))
    assert (one.error, two.error) == ("more than one value per channel", "")


def test_a_training_that_diverges_is_said_of_its_way_alone(file, monkeypatch):
    from afn.advice import asking

    def failing(model, *arguments, **more):
        if any("ASRNorm" in type(layer).__name__ for layer in model.modules()):
            raise ArithmeticError("its loss is nan at step 3")
        return fine_tuned(model, *arguments, **more)

    monkeypatch.setattr(asking, "fine_tuned", failing)
    found = advise(f"{file}:build", "digits8", replace(PLAN, seeds=1, steps=2))
    [way] = (way for way in found.findings.ways if way.name == "asrnorm")
    assert way.error == "its loss is nan at step 3"


def test_the_command_says_ways_recommendation_and_keeps_them(file, tmp_path, capsys):
    given = ["advise", f"{file}:build", "--data=digits8", "--seeds=1", "--steps=2", "--images=40",
             "--rounds=1", "--corruption", "contrast"]  # fmt: skip
    main([*given, f"--output={tmp_path / 'a.json'}"])
    captured = capsys.readouterr()
    assert captured.err == ""
    for word in ("as it is", "bn, test batch", "afn", "asrnorm", "gn", "No verdict"):
        assert word in captured.out
    kept = json.loads((tmp_path / "a.json").read_text())
    assert Findings.from_json(kept["findings"]).plan.steps == 2


@pytest.fixture
def folder(tmp_path):
    """Pictures in folders of two classes."""
    rng = np.random.default_rng(0)
    for number, name in enumerate(("katze", "hund")):
        (tmp_path / "bilder" / name).mkdir(parents=True)
        for each in range(12):
            pixels = rng.integers(0, 100, (20, 20, 3)) + 100 * number
            Image.fromarray(pixels.astype(np.uint8)).save(
                tmp_path / "bilder" / name / f"{each}.png"
            )
    return tmp_path / "bilder"


def test_a_folder_of_classes_and_an_archive_are_data(folder, tmp_path):
    data = data_of(str(folder))
    assert (data.name, set(data.class_names)) == ("bilder", {"katze", "hund"})
    assert len(data.x_train) + len(data.x_test) == 24
    digits = load_dataset("digits8")
    arrays = {n: getattr(digits, n)[:50] for n in ("x_train", "y_train", "x_test", "y_test")}
    np.savez(tmp_path / "mine.npz", class_names=digits.class_names, **arrays)
    assert len(data_of(str(tmp_path / "mine.npz")).x_test) == 50


@pytest.mark.parametrize(
    ("given", "clue"),
    [
        (["FILE:build", "--data=nowhere"], "unknown data set 'nowhere'"),
        (["FILE:nothing", "--data=digits8"], "has no function 'nothing'"),
        (["FILE:narrow", "--data=digits8"], "has 3 logits, and 10 classes are named"),
        (["gone.py:build", "--data=digits8"], "gone.py"),
        (["FILE:build", "--data=digits8", "--seeds=0"], "seeds must be from 1 to 100, got 0"),
        (["FILE:build", "--data=digits8", "--lr=99"], "lr must be above 0"),
        (["FILE:build", "--data=digits8", "--corruption", "saturate"], "change nothing"),
        (["FILE:build", "--data=FILE"], "expected a data set's name, a folder of classes or an"),
        (["FILE:build", "--data=FOLDER"], "with pictures in a folder for each class"),
        (["FILE:build", "--data=digits8", "--output=/no/where.json"], "there is no folder /no"),
    ],
)
def test_bad_input_is_one_line(file, tmp_path, capsys, given, clue):
    names = {"FILE": str(file), "FOLDER": str(tmp_path)}
    for short, long in names.items():
        given = [each.replace(short, long) for each in given]
    with pytest.raises(SystemExit):
        main(["advise", *given])
    line = capsys.readouterr().err
    assert clue in line
    assert line.count("\n") == 1
