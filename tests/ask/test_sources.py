"""Trained networks by name or configuration, scripts of changes, and the commands on top."""

import argparse
import json
import math
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from afn import LambdaInit, TrainConfig, as_tested, find, load, load_pretrained, train, trained
from afn.cli.main import main
from afn.cli.options import add_options, arguments, config_of, script_of
from afn.engine.execution import execute
from afn.runs.course import course_of, rescaling_of
from afn.runs.fork import fork
from afn.runs.store import RunStore
from afn.sweep.here import carry_out
from afn.sweep.spec import SweepSpec, read_spec

pytestmark = pytest.mark.slow

SCRIPT = [
    (4, {"command": "set", "lr": 0.2}),
    (8, {"command": "set", "lambda": {"mu": 0.5}}),
    (12, {"command": "evaluate", "severity": 5}),
]


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    """The run store of the environment, empty, and no data folder."""
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path / "no-data"))
    return RunStore()


def records(capsys, *words):
    main([*words, "--json"])
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def weights(run):
    return load_file(run.require_weights())


def timeless(events):
    """What must be equal."""
    return [
        (e.kind, e.step, {k: v for k, v in e.values.items() if k not in ("duration", "file")})
        for e in events
    ]


# -- a configuration's run -------------------------------------------------------------------------


def test_what_is_trained_is_found_again(quick):
    run = trained(quick)
    assert run.state().status == "finished"
    assert trained(quick).id == run.id
    assert trained(replace(quick, seed=1)).id != run.id


def test_any_run_of_the_configuration_serves_unless_it_was_changed(runs, quick):
    changed = runs.create(quick)
    list(execute(changed, script=SCRIPT))
    assert trained(quick).id != changed.id
    other = replace(quick, seed=2)
    mine = runs.create(other)
    list(execute(mine))
    made = fork(runs, mine, step=22, changes={"epochs": 2})
    list(execute(made))
    assert trained(other).id == mine.id
    assert trained(made.config()).id != made.id


def test_training_again_gives_the_same_bits(runs, quick, tmp_path):
    here, there = trained(quick), trained(quick, store=RunStore(tmp_path / "other"))
    assert all(torch.equal(value, weights(there)[name]) for name, value in weights(here).items())


def test_what_failed_says_so(runs, quick, monkeypatch):
    def damaged(*_):
        raise ValueError("digits8 is damaged")

    monkeypatch.setattr("afn.engine.state.load_tensors", damaged)
    with pytest.raises(RuntimeError, match=r"is failed: digits8 is damaged"):
        trained(quick)


def test_what_cannot_begin_leaves_no_run(runs, quick):
    with pytest.raises(FileNotFoundError, match="cifar10 is not on disk; to get it"):
        trained(replace(quick, dataset="cifar10"))
    assert runs.list() == []


def test_what_is_under_way_is_not_trained_twice(runs, quick):
    runs.create(quick, run_id=quick.run_id).claim()
    with pytest.raises(RuntimeError, match="is running"):
        trained(quick)


# -- scripts ---------------------------------------------------------------------------------------


def test_a_script_does_what_was_done_live(runs, quick):
    live = runs.create(quick)
    events = []
    for event in execute(live):
        events.append(event)
        for step, command in SCRIPT:
            if event.kind == "step" and event.step == step:
                live.send(command)
    again = list(train(quick, script=SCRIPT))
    of_a_folder = ("checkpoint", "probes", "sheet")
    wanted = [each for each in timeless(events) if each[0] not in of_a_folder]
    assert [each for each in timeless(again) if each[0] not in of_a_folder] == wanted
    rates = [e.values["lr"] for e in again if e.kind == "step"]
    assert rates == [quick.lr] * 4 + [0.2] * (len(rates) - 4)


def test_a_scripted_run_has_an_id_of_its_own_and_is_found(quick):
    run = trained(quick, SCRIPT)
    assert run.id.startswith(f"afn-{quick.hash()}-")
    assert trained(quick, SCRIPT).id == run.id
    assert trained(quick).id != run.id


def test_a_stop_in_a_script_ends_the_run(quick):
    run = trained(quick, [(3, {"command": "stop"})])
    assert run.state().status == "stopped"
    assert run.state().summary["step"] == 3


@pytest.mark.parametrize(
    ("script", "clue"),
    [
        ([(5, {"command": "set", "lr": 0.1}), (4, {"command": "stop"})], "ascend"),
        ([(-1, {"command": "stop"})], "0 or more"),
        ([(1, {"command": "dance"})], "a command is"),
    ],
)
def test_a_malformed_script_is_refused(quick, script, clue):
    with pytest.raises(ValueError, match=clue):
        list(train(quick, script=script))


@pytest.mark.parametrize(
    ("config", "script"),
    [
        (TrainConfig(), []),
        (TrainConfig(norm="bn", widths=(4, 8), corruptions=(), test_domains=("syn",)), SCRIPT),
        (TrainConfig(lambda_init=LambdaInit.REFERENCE, stan_width=3, adaptive=False), []),
        (TrainConfig(lambda_init=LambdaInit(mu=0.25, sigma=-math.inf), max_seconds=60.0), []),
        (
            TrainConfig(lambda_init=LambdaInit(mu=1.0, rescale_gate="linear")),
            [(2, {"command": "stop"})],
        ),
        (
            TrainConfig(eval_stats="batch", formula="reference"),
            [
                (3, {"command": "set", "batch_size": 8}),
                (3, {"command": "set", "lambda_lr_factor": 2.5}),
            ],
        ),
    ],
)  # fmt: skip
def test_a_run_as_options_is_itself(config, script):
    parser = argparse.ArgumentParser()
    add_options(parser)
    options = parser.parse_args(arguments(config, script))
    assert config_of(options) == config
    assert script_of(options.at) == script


@pytest.mark.parametrize(
    ("words", "clue"),
    [
        (["--at", "soon", "lr=1"], "a step of 0 or more"),
        (["--at", "3", "lr=fast"], "a number behind ="),
        (["--at", "3", "colour=1"], "a command is"),
        (["--at", "3", "evaluate=1.5"], "whole number"),
        (["--lambda-init", "ajar"], "a start of λ is one of paper"),
        (["--lambda-init", "mu=small"], "a number behind ="),
    ],
)
def test_a_bad_option_is_one_line(capsys, words, clue):
    with pytest.raises(SystemExit):
        main(["train", *words])
    error = capsys.readouterr().err
    assert clue in error
    assert error.count("\n") == 1


# -- by name ---------------------------------------------------------------------------------------


def test_runs_and_pretrained_models_are_found_by_name(quick):
    run = trained(quick)
    assert find(run.id).path == run.path
    assert find("mnist5k-afn").name == "mnist5k-afn"
    with pytest.raises(FileNotFoundError, match="afn pretrained"):
        find("nobody")


def test_a_loaded_run_answers_as_it_was_tested(quick):
    from afn.ask.evaluate import evaluate
    from afn.data import load_dataset
    from afn.pixels import as_float

    run = trained(quick)
    data = load_dataset(quick.dataset)
    images = as_float(torch.from_numpy(data.x_test[:100]))
    labels = torch.from_numpy(data.y_test[:100])
    score = evaluate(load(run), images, labels, quick.eval_batch_size)
    assert score.accuracy == run.state().summary["accuracy"]


def test_a_model_is_asked_in_several_ways_and_stays_as_it_is():
    model = load_pretrained("mnist5k-afn")
    images = torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        before = model(images)
        running, batch = as_tested(model, "running")(images), as_tested(model, "batch")(images)
        off = as_tested(model, "batch", networks="off")(images)
        assert torch.equal(as_tested(model, "batch", networks=False)(images), off)
        frozen = as_tested(model, "batch", networks="frozen")(images)
        assert torch.equal(model(images), before)
    assert torch.equal(batch, before)
    assert not torch.equal(running, batch)
    assert not torch.equal(off, batch)
    assert not torch.equal(frozen, batch)
    assert not torch.equal(frozen, off)
    with pytest.raises(ValueError, match='"on", "off" or "frozen", got \'thawed\''):
        as_tested(model, networks="thawed")
    with pytest.raises(ValueError, match="λ act in"):
        as_tested(load_pretrained("mnist5k-bn"), networks=False)(images)


def test_a_course_is_what_the_events_say(quick):
    run = trained(quick)
    layers, course = course_of(run, "lambda")
    events = [each for each in run.events()[0] if each["kind"] == "step"]
    assert course.values[:, :, -1].tolist() == events[-1]["lambdas"]
    snapshots = [each for each in run.events()[0] if each["kind"] == "snapshot"]
    found = rescaling_of(run)
    assert list(found) == [each["step"] for each in snapshots]
    assert found[22][layers[0]][0] == snapshots[-1]["layers"][0]["gamma"]


# -- commands --------------------------------------------------------------------------------------


def test_evaluate_takes_a_pretrained_model_and_switches_its_networks_off(capsys):
    told = {
        words: [
            each["accuracy"]
            for each in records(
                capsys, "evaluate", "mnist5k-afn", "--images=100", "--corruption=contrast",
                "--severity=5", *words,
            )
            if each["kind"] == "cell"
        ]
        for words in ((), ("--no-networks",), ("--networks=off",), ("--networks=frozen",),
            ("--stats=running",))
    }  # fmt: skip
    assert all(len(each) == 2 for each in told.values())
    assert told["--networks=off",] == told["--no-networks",]
    assert told[()] != told[("--stats=running",)]


def test_evaluate_goes_through_sizes_and_orders(capsys, quick):
    run = trained(quick)
    cells = [
        each
        for each in records(
            capsys, "evaluate", run.id, "--corruption=clean", "--batch-size", "2", "50",
            "--order", "mixed", "by label",
        )
        if each["kind"] == "cell"
    ]  # fmt: skip
    assert [(each["order"], each["statistics"]) for each in cells] == [
        (order, f"test batch of {size}") for order in ("mixed", "by label") for size in (2, 50)
    ]


def test_domains_of_several_models(capsys, quick):
    run = trained(quick)
    told = records(
        capsys, "domains", run.id, "mnist5k-bn", "--on", "digits8", "mnist5k", "--images=50"
    )
    assert [(each["model"], each["domain"]) for each in told] == [
        (model, domain) for domain in ("digits8", "mnist5k") for model in (run.id, "mnist5k-bn")
    ]
    assert told[0]["accuracy"] != told[2]["accuracy"]
    assert told[3]["accuracy"] > 0.9


def test_rescaling_of_bn_differs_nowhere(capsys):
    for name, is_zero in (("mnist5k-bn", True), ("mnist5k-asrnorm", False)):
        told = records(capsys, "rescaling", name, "--corruption=contrast", "--images=20")
        assert len(told) == 2 * 5
        assert all(each["gamma"] == 0 for each in told[5:]) is is_zero


@pytest.mark.parametrize(
    ("words", "clue"),
    [
        (["rescaling", "mnist5k-afn"], "--corruption NAME, or --domains NAME"),
        (["course", "mnist5k-bn"], "has no λ"),
        (["course", "mnist5k-afn", "--layer=last"], "no norm layer 'last'"),
        (["compare", "mnist5k-afn", "nobody"], "there is no run nobody"),
        (["pretrained", "tables", "seven"], "unknown table 'seven'"),
        (["domains", "mnist5k-afn", "--on", "moon"], "moon"),
    ],
)
def test_what_cannot_be_asked_is_one_line(capsys, words, clue):
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 1
    assert clue in capsys.readouterr().err


def test_a_course_and_a_comparison_by_command(capsys, quick):
    run = trained(quick)
    other = trained(replace(quick, lr=0.01))
    told = records(capsys, "course", run.id, "--of", "change")
    assert len(told) == 2 * 4
    assert {each["first"] for each in told} == {0.0}
    setting, where, *ends = records(capsys, "compare", run.id, other.id)
    assert (setting["setting"], setting["first"], setting["second"]) == ("lr", 0.05, 0.01)
    assert where["step"] == 1
    assert "loss" not in where["what"]  # that of the first step is told before it is taken
    assert [each["accuracy"] for each in ends] == [
        each.state().summary["accuracy"] for each in (run, other)
    ]


# -- sweeps ----------------------------------------------------------------------------------------


def test_a_sweep_carried_out_here_takes_what_is_trained(runs, quick):
    spec = SweepSpec.from_json(
        {"base": quick.changed(), "axes": {"norm": ["bn", "afn", "none"], "lr": [0.05, 10.0]}}
    )
    run = trained(quick)
    planned, lines = carry_out(spec)
    assert len(lines) == len(planned.runs) == 6
    assert run.id in {line.id for line in lines.values()}
    assert any(line.summary.get("diverged") for line in lines.values())


@pytest.mark.parametrize(
    "spec",
    [
        {"name": "a × \"b\"", "axes": {"norm": ["bn", "afn"], "lr": [0.1, 1.0]}, "seeds": 3},
        {"axes": {"lr": {"low": 0.01, "high": 1.0, "log": True}}, "samples": 5, "seeds": [4, 2]},
        {
            "base": {"lambda_init": "open", "adaptive": True, "corruptions": ["fog"], "epochs": 1},
            "axes": {
                "lambda_init": ["paper", "off", -1],
                "part of it": [{"label": "whole", "norm": "afn"},
                               {"label": "none", "norm": "afn", "adaptive": False}],
                "stat_dropout": [0, 0.5],
            },
            "max_runs": 20,
        },
    ],
)  # fmt: skip
def test_a_sweep_as_toml_is_itself(spec, tmp_path):
    made = SweepSpec.from_json(spec)
    (tmp_path / "spec.toml").write_text(made.to_toml())
    assert read_spec(tmp_path / "spec.toml") == made
