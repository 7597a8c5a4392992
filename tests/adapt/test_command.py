"""``python -m afn adapt``, in process."""

import json

import pytest

from afn import Adapter, StreamPlan, follow_stream, load_pretrained
from afn.adapt.protocol import PUBLISHED_LEVELS
from afn.adapt.records import accuracy_of
from afn.ask.records import STANDARD
from afn.cli.main import main

SHORT = ["--images=60", "--batch=30", "--order=sorted", "--corruption=fog", "--severity=3"]


def said(capsys, *arguments):
    main(["adapt", *arguments, "--json"])
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_it_says_every_batch_and_what_each_did(capsys):
    records = said(capsys, "mnist5k-bn", "mnist5k-afn", "--method", "batch", "tent=0.01", *SHORT)
    batches = [each for each in records if each["kind"] == "batch"]
    ends = {each["contender"]: each for each in records if each["kind"] == "contender"}
    assert list(ends) == [
        f"mnist5k-{norm} {way}" for norm in ("bn", "afn") for way in ("batch", "tent=0.01")
    ]
    assert len(batches) == 2 * 4
    plan = StreamPlan(order="sorted", images=60, batch_size=30, corruption="fog", severity=3)
    adapter = {"it": Adapter(load_pretrained("mnist5k-bn"), "tent=0.01")}
    steps = [step for _, step in follow_stream(adapter, "mnist5k", plan)]
    assert ends["mnist5k-bn tent=0.01"]["accuracy"] == accuracy_of(steps)
    assert ends["mnist5k-bn tent=0.01"]["rescaled"] == pytest.approx(steps[-1].rescaled, abs=1e-6)
    assert ends["mnist5k-afn batch"]["lambdas"]["mu"] > 0


def test_people_get_a_line_each(capsys):
    main(["adapt", "mnist5k-bn", "--method", "running", "mix=0.2", *SHORT])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" %")[0].rsplit(maxsplit=1)[0].strip() for line in lines] == [
        "mnist5k-bn running", "mnist5k-bn mix=0.2"
    ]  # fmt: skip


def test_the_protocol_stands_beside_what_is_published(capsys):
    main(["adapt", "mnist5k-bn", "--protocol", "--images=20", "--method", "running"])
    told = capsys.readouterr().out
    assert "43.5" in told
    assert "levels are not comparable" in told
    records = said(capsys, "mnist5k-bn", "--protocol", "--images=20", "--method", "running")
    cells = {each["corruption"]: each["error"] for each in records if each["kind"][-4:] == "cell"}
    assert tuple(cells) == STANDARD
    assert all(abs(error / 5 - round(error / 5)) < 1e-9 for error in cells.values())  # 20 images
    [end] = [each for each in records if each["kind"] == "protocol"]
    assert end["mean"] == pytest.approx(sum(cells.values()) / 15)


def test_published_means_are_those_of_the_published_errors():
    for each in PUBLISHED_LEVELS:
        assert sum(each.errors) / 15 == pytest.approx(each.mean, abs=0.06)
        assert each.by_corruption["jpeg_compression"] == each.errors[-1]


@pytest.mark.parametrize(
    ("arguments", "clue"),
    [
        (["nosuch"], "nosuch"),
        (["mnist5k-bn", "--method=fly"], "unknown way to adapt 'fly'"),
        (["mnist5k-bn", "--method=frozen"], "frozen is about AFN's networks"),
        (["mnist5k-asrnorm"], "got a model without any"),
        (["mnist5k-bn", "--severity=9"], "severity must be from 1 to 5, got 9"),
        (["mnist5k-bn", "--images=100000"], "test images, got images=100000"),
        (["mnist5k-bn", "--reset=0"], "resets must be batches from 1"),
        (["mnist5k-bn", "cifar10-r8-bn"], "take images of one form"),
        (["mnist5k-bn", "--data=nosuch"], "unknown data set"),
    ],
)
def test_bad_input_is_one_line(capsys, arguments, clue):
    with pytest.raises(SystemExit) as caught:
        main(["adapt", *arguments])
    assert caught.value.code == 1
    told = capsys.readouterr().err
    assert clue in told
    assert told.count("\n") == 1
