"""A protocol card asked again: what comes out again, what does not, and why."""

import json
import re
from dataclasses import replace

import pytest
import torch

from afn import (
    ProtocolCard,
    as_tested,
    corruption_grid,
    image_set,
    load_dataset,
    load_pretrained,
    verify,
)  # fmt: skip
from afn.ask.network_protocol import network_test
from afn.ask.protocol import card_of
from afn.ask.sources import network_of
from afn.cli.main import main

IMAGES = torch.rand(12, 3, 16, 16, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 1, 2] * 4)
SOME = {"corruptions": ["contrast"], "severities": [1, 5], "batch_size": 5}
BUILD = """
import torch
from torch import nn

def build(shift=0.0):
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(784, 3)
    )
    net[1].running_mean += shift
    return net

def other():
    return build(3.0)

def loader():
    return (torch.rand(12, 3, 16, 16, generator=torch.Generator().manual_seed(0)),
            torch.tensor([0, 1, 2] * 4))

def broken():
    raise OSError("no disk")
"""


@pytest.fixture
def net():
    names: dict[str, object] = {}
    exec(BUILD, names)
    return names["build"]().eval()


@pytest.fixture
def files(tmp_path, net, monkeypatch):
    """A card of a model that a file builds, and that file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.py").write_text(BUILD)
    corruption_grid(net, (IMAGES, LABELS), **SOME).card().save("card.json")
    return tmp_path


def test_the_same_model_and_images_give_the_same_answers(net):
    card = corruption_grid(net, (IMAGES, LABELS), **SOME).card()
    net.train()  # asked in the mode in which it was
    found = verify(card, net, (IMAGES, LABELS))
    assert (found.is_same, found.changes, len(found.checked)) == (True, (), 3)


@pytest.mark.parametrize("what", ["weights", "pixels or labels", "torch", "rule", "statistics"])
def test_what_changed_is_told(what, net):
    card, images = corruption_grid(net, (IMAGES, LABELS), **SOME).card(), IMAGES
    if what == "weights":
        net[1].running_mean += 5
    elif what == "pixels or labels":
        images = IMAGES.flip(0)
    elif what == "torch":
        card = replace(card, versions={**card.versions, "torch": "1.0"})
    elif what == "rule":
        card = replace(card, rule=1)
    else:
        net[1].running_mean = net[1].running_var = None
    found = verify(card, net, (images, LABELS))
    assert what in [change.what for change in found.changes]
    assert found.is_same == (what in ("torch", "rule"))


def test_other_answers_of_the_same_accuracy_are_no_same_answers(net):
    images = image_set((IMAGES, net(IMAGES).argmax(1)))  # all right
    card = corruption_grid(lambda x: net(x).roll(1, 1), images, corruptions=[]).card()
    found = verify(card, lambda x: net(x).roll(2, 1), images)  # all wrong, in another way
    [checked] = found.checked
    assert checked.then.correct == checked.now.correct == 0
    assert not found.is_same
    assert "but other images are right or wrong, or wrong in another way" in str(checked)


def test_ours_are_found_by_their_names_and_asked_in_their_way():
    network = network_of("mnist5k-afn")
    asked = {"num_images": 60, "stats": "running", "batch_size": 8, "networks": "off"}
    question = network.question(**asked)
    model = as_tested(load_pretrained("mnist5k-afn"), "running", networks=question.networks)
    cells = list(corruption_grid(model, load_dataset("mnist5k"), num_images=60, **{
        **SOME, "batch_size": question.batch_size,
    }))  # fmt: skip
    card = card_of([network_test(network, question, cells)])
    assert (card.tests[0].model.statistics, card.tests[0].model.networks) == ("running", "off")
    found = verify(ProtocolCard.from_json(json.loads(json.dumps(card.to_json()))))
    assert (found.is_same, found.changes) == (True, ())
    assert verify(card, "mnist5k-afn", "mnist5k").is_same


def test_the_command_ends_with_1_where_an_answer_differs(files, capsys):
    given = ["verify", "card.json", "--data", "my.py:loader"]
    main([*given, "--model", "my.py:build"])
    assert capsys.readouterr().out == "3 numbers came out again, from the same answers\n"
    with pytest.raises(SystemExit) as caught:
        main([*given, "--model", "Sequential=my.py:other", "--json"])
    assert caught.value.code == 1
    *records, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert (last["kind"], last["is_same"], last["numbers"]) == ("verification", False, 3)
    assert last["different"] == sum(not each.get("is_same", True) for each in records) > 0
    assert [each["what"] for each in records if each["kind"] == "change"] == ["weights"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([], "expected a model for 'Sequential', which is neither a run nor a pretrained one"),
        (["--model", "my.py:build"], r"expected the images of '\(X, y\)', which is no data set"),
        (["--model", "my.py:none"], "has no function 'none'"),
        (["--model", "my.py:build", "--data", "my.py:none"], "my.py:none: has no function 'none'"),
        (["--model", "my.py:build", "--data", "your.py:it"], "your.py:it: there is no such file"),
        (["--model", "my.py:build", "--data", "my.py:broken"], "raises OSError: no disk"),
        (["--model", "my.py:build", "--data", "nothing"], "unknown data set 'nothing'"),
        (["--model", "a", "--model", "b"], "--model: 'b' is a second one"),
        (["--model", "mnist5k-b"], "mnist5k-b"),
    ],
)
def test_what_cannot_be_asked_is_a_line(more, words, files, capsys, monkeypatch):
    monkeypatch.setenv("AFN_RUNS_DIR", str(files / "runs"))
    with pytest.raises(SystemExit) as caught:
        main(["verify", "card.json", *more])
    assert caught.value.code == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("afn: ")
    assert re.search(words, line)


def test_evaluate_and_domains_write_cards(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)
    main(["evaluate", "mnist5k-bn", "--grid", "--corruption", "fog", "--images", "50",
          "--order", "mixed", "3 classes", "--stats", "batch", "--batch-size", "20",
          "--card", "grid.json"])  # fmt: skip
    main(["domains", "mnist5k-bn", "--on", "mnist5k", "digits8", "--images", "50",
          "--card", "domains.json"])  # fmt: skip
    grid, domains = ProtocolCard.read("grid.json"), ProtocolCard.read("domains.json")
    assert [test.order for test in grid.tests] == ["mixed", "3 classes"]
    assert grid.tests[0].batches == ((20, 2), (10, 1))
    assert sum(size * count for size, count in grid.tests[1].batches) == 50
    assert [test.images.dataset for test in domains.tests] == ["mnist5k", "digits8"]
    capsys.readouterr()
    for name in ("grid.json", "domains.json"):
        main(["verify", name])
        assert "came out again, from the same answers" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["evaluate", "mnist5k-bn", "--card", "grid.json"])
    assert "--card is about a grid: add --grid" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["evaluate", "mnist5k-bn", "--grid", "--card", "nowhere/grid.json"])
    assert "--card: there is no folder nowhere" in capsys.readouterr().err
