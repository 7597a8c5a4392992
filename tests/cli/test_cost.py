"""``python -m afn bench``, in process; what ends with its parent is tested as a process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from afn.cli.main import main
from afn.cost import figures as figures_module
from afn.cost.plan import Case
from afn.cost.records import Report
from afn.settings.norms import NORM_NAMES
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
TINY = ["--subject", "layer", "--channels", "2", "--size", "2", "--batch-size", "2", "--rounds=1"]


@pytest.fixture
def says(capsys):
    """Runs a command that must succeed; returns its lines."""

    def run(*arguments):
        main(["bench", *arguments])
        captured = capsys.readouterr()
        assert captured.err == ""
        return captured.out.splitlines()

    return run


def test_a_sweep_says_machine_case_and_a_line_per_norm(says):
    machine, case, *lines, took = says(*TINY, "--norms", "afn")
    assert "1 thread, channels_last" in machine
    assert machine.endswith("; medians of 1 alternating steps")
    assert case == "layer, 2 channels, 2×2, batch 2"
    assert [line.split()[0] for line in lines] == ["bn", "afn"]
    assert took.startswith("took")


def test_a_sweep_as_json_is_a_report(says, tmp_path):
    lines = says(*TINY, "--norms", "afn", "none", "--json")
    head, *_, end = map(json.loads, lines)
    assert (
        head["command"] == f"python -m afn bench {' '.join(TINY[:-1])} --norms afn none --rounds 1"
    )
    assert end["status"] == "finished"
    (path := tmp_path / "report.jsonl").write_text("\n".join(lines) + "\n")
    report = Report.read(path)
    assert [each.norm for each in report.measurements] == ["bn", "afn", "none"]
    assert report.share > 0


def test_the_records_are_kept_without_progress(says, tmp_path):
    path = tmp_path / "kept.jsonl"
    says(*TINY, "--output", str(path))
    kinds = [json.loads(line)["kind"] for line in path.read_text().splitlines()]
    assert kinds == ["head", *["measurement"] * len(NORM_NAMES), "end"]


def test_without_a_subject_the_figures_to_meet_are_told(says, monkeypatch):
    monkeypatch.setattr(figures_module, "NETWORKS", ())
    layer = Case(subject="layer", channels=4, size=4, batch_size=2)
    monkeypatch.setattr(figures_module, "LAYER", layer)
    _, case, figure, price, _ = says("--rounds=1")
    assert case == "the layer alone, (2, 4, 4, 4), forward and backward"
    assert "≥ 3.00" in figure
    assert ("met" in figure) != ("MISSED" in figure)
    assert price.split()[:3] == ["AFN", "/", "BN"]
    assert "met" not in price
    _, figure, price, _ = map(json.loads, says("--rounds=1", "--json"))
    assert price["is_met"] is None
    assert figure["is_met"] == (round(figure["value"], 2) >= 3)


@pytest.mark.parametrize(
    ("arguments", "clue"),
    [
        (["--subject", "vgg"], "known: layer, convnet, resnet8, resnet20"),
        (["--subject", "layer", "--norms", "vgg"], "known: afn, asrnorm"),
        (["--subject", "layer", "--channels", "0"], "channels must be a whole number from 1"),
        (["--subject", "layer", "--channels", "many"], "--channels"),
        (["--subject", "convnet", "--size", "8"], "3×32×32"),
        (
            ["--subject", "layer", "--size", "1", "--batch-size", "1", "--channels", "1"],
            "one value",
        ),
        (["--subject", "layer", "--device", "tpu"], "cpu, cuda"),
        (["--norms", "afn"], "only for a sweep"),
        (["--rounds", "0"], "rounds must be"),
        ([*TINY, "--output", "/nowhere/there"], "/nowhere"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_ends_with_one_line_and_no_success(capsys, arguments, clue):
    with pytest.raises(SystemExit) as end:
        main(["bench", *arguments])
    error = capsys.readouterr().err
    assert end.value.code not in (0, None)
    assert error.count("\n") == 1
    assert error.startswith("afn: ")
    assert clue in error


def test_it_ends_with_the_program_that_started_it():
    command = [sys.executable, "-m", "afn", "bench", "--subject", "resnet20", "--json"]
    with subprocess.Popen(
        [*command, "--until-input-closes"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert json.loads(process.stdout.readline())["kind"] == "head"
        process.stdin.close()
        assert process.wait(PATIENCE) == 1
        assert process.stderr.read() == b""
