"""Forks: nothing changed is nothing changed, and what is changed is all that is."""

import json
import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from afn.cli.main import main
from afn.engine.execution import execute
from afn.engine.training import Training
from afn.runs.fork import changes_of, fork, place_of, steps_of
from afn.runs.history import History
from afn.runs.store import RunStore
from afn.settings.events import TIMES
from afn.settings.lambda_init import LAMBDAS, LambdaInit
from tests.conftest import QUICK

pytestmark = pytest.mark.slow

MIDDLE = 22
"""The step of the first of two checkpoints."""


@pytest.fixture
def config(quick):
    """Two epochs of 22 steps, a checkpoint behind each."""
    return replace(quick, epochs=2)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A run of it, to be read only."""
    return trained(RunStore(tmp_path_factory.mktemp("original")), replace(QUICK, epochs=2))


@pytest.fixture
def parent(store, original):
    shutil.copytree(original.path, store.root / original.id)
    return store.open(original.id)


def trained(store, config):
    run = store.create(config)
    told = [json.loads(event.to_line()) for event in execute(run)]
    assert run.state().status == "finished", run.state().reason
    assert told
    return run


def events_of(run):
    return [{k: v for k, v in event.items() if k not in TIMES} for event in run.events()[0]]


def forked(store, run, **how):
    made = fork(store, run, step=how.pop("step", MIDDLE), **how)
    list(execute(made))
    assert made.state().status == "finished", made.state().reason
    return made


@pytest.mark.parametrize(
    "options",
    [
        {"norm": "bn"},
        {"norm": "afn"},
        {"norm": "asrnorm", "stat_dropout": 0.3},
        {"norm": "afn", "lr_schedule": "cosine", "augment": "crop_flip", "weight_decay": 1e-3},
    ],
)
def test_with_nothing_changed_it_trains_as_its_parent_bit_for_bit(store, config, options):
    parent = trained(store, replace(config, **options))
    told = events_of(parent)
    saved = [i for i, event in enumerate(told) if event["kind"] == "checkpoint"]
    made = forked(store, parent)
    start, *shown = events_of(made)[:5]
    rest = events_of(made)[5:]
    assert (start["kind"], start["step"]) == ("start", MIDDLE)
    assert [event["kind"] for event in shown] == ["samples", "probes", "probe", "sheet"]
    assert [(event["kind"], event["step"]) for event in rest[:1]] == [("step", MIDDLE + 1)]
    assert rest == told[saved[0] + 1 :]
    assert start["total_steps"] == told[0]["total_steps"]
    theirs, mine = load_file(parent.weights()), load_file(made.weights())
    assert theirs.keys() == mine.keys()
    for name, tensor in theirs.items():
        torch.testing.assert_close(mine[name], tensor, rtol=0, atol=0)


def test_a_change_made_while_the_parent_trained_lasts(store, config):
    run = store.create(config, commands=[{"command": "set", "lr": 0.01}])
    list(execute(run))
    made = forked(store, run)
    assert made.config().lr == 0.01
    assert changes_of(made.config(), made.origin()) == ["lr 0.05 → 0.01"]
    told = [event for event in events_of(run) if event["kind"] == "step"]
    assert [event for event in events_of(made) if event["kind"] == "step"] == told[MIDDLE:]


def test_its_record_says_where_it_began(store, parent):
    made = forked(store, parent, changes={"lr": 0.01}, lambda_logits={"mu": 0.0})
    record = made.record()["forked_from"]
    assert record["run"] == parent.id
    assert record["step"] == MIDDLE
    assert record["file"] == f"step-{MIDDLE:08d}.safetensors"
    assert made.record()["name"] == f"from step {MIDDLE}: lr 0.05 → 0.01; λ_μ logit 0"
    assert changes_of(made.config(), made.origin()) == ["lr 0.05 → 0.01", "λ_μ logit 0"]
    assert made.state().summary["changes"] == 1, "its configuration does not say all"
    assert parent.origin() is None


def test_it_is_of_whoever_forked_it(store, parent):
    assert fork(store, parent, step=MIDDLE, owner="ben").owner == "ben"
    assert parent.owner is None


def test_lambda_is_set_in_all_layers_and_the_rest_is_the_parents(store, parent):
    made = fork(store, parent, step=MIDDLE, lambda_logits={"mu": 1.0, "beta": -2.0})
    training = Training(made.config())
    training.fork(made.path / "origin.safetensors", made.origin())
    before = load_file(place_of(parent, MIDDLE).path)
    for name, tensor in training.model.state_dict().items():
        if name.endswith("lambda_mu_logit"):
            assert tensor.item() == 1.0
        elif name.endswith("lambda_beta_logit"):
            assert tensor.item() == -2.0
        else:
            torch.testing.assert_close(tensor, before[name], rtol=0, atol=0)
    start = next(training.events()).values
    for mu, _, _, beta in start["lambdas"]:
        assert (mu, beta) == pytest.approx((0.731059, 0.119203), abs=1e-5)
    assert start["forked_from"]["fresh"] == start["forked_from"]["dropped"] == []


def test_lambda_that_was_frozen_at_zero_learns_once_it_is_set_and_after_a_resumption(store, config):
    parent = trained(store, replace(config, lambda_init=LambdaInit.OFF))
    made = forked(store, parent, lambda_logits={"mu": -1.0})
    history = History.of(made)
    layer = history.lambdas[0]
    moved = {name: layer[i][0] != layer[i][-1] for i, name in enumerate(LAMBDAS)}
    assert moved == {"mu": True, "sigma": False, "gamma": False, "beta": False}
    again = Training(made.config())
    again.restore(made.weights())
    assert again.adaptive_layers["backbone.blocks.0.norm"].lambda_mu_logit.requires_grad


@pytest.mark.parametrize(("before", "after"), [("bn", "afn"), ("afn", "bn"), ("asrnorm", "none")])
def test_another_norm_keeps_what_fits_and_says_what_does_not(store, config, before, after):
    parent = trained(store, replace(config, norm=before))
    made = fork(store, parent, step=MIDDLE, changes={"norm": after})
    training = Training(made.config())
    training.fork(made.path / "origin.safetensors", made.origin())
    old = load_file(place_of(parent, MIDDLE).path)
    new = training.model.state_dict()
    start = next(training.events()).values["forked_from"]
    fresh, dropped = set(start["fresh"]), set(start["dropped"])
    weights = {name for name in old if not name.startswith("optimizer/")}
    assert fresh == new.keys() - weights
    assert dropped == weights - new.keys()
    for name in new.keys() - fresh:
        torch.testing.assert_close(new[name], old[name], rtol=0, atol=0)
    momentum = {
        name: training.optimizer.state[parameter].get("momentum_buffer")
        for name, parameter in training.model.named_parameters()
    }
    assert {name for name, value in momentum.items() if value is None} == fresh & momentum.keys()
    by_name = {name: number for number, name in enumerate(names_by_number(parent.config()))}
    for name, value in momentum.items():
        if value is not None:
            theirs = old[f"optimizer/{by_name[name]}/momentum_buffer"]
            torch.testing.assert_close(value, theirs, rtol=0, atol=0)


def names_by_number(config):
    """As the optimizer has them, told by identity and not by the code under test."""
    training = Training(config)
    names = {id(parameter): name for name, parameter in training.model.named_parameters()}
    groups = training.optimizer.param_groups
    return [names[id(parameter)] for group in groups for parameter in group["params"]]


def test_batch_and_rate_change_and_epochs_may_be_raised(store, parent):
    made = forked(store, parent, step=44, changes={"batch_size": 200, "lr": 0.01, "epochs": 3})
    steps = [event for event in events_of(made) if event["kind"] == "step"]
    assert [event["step"] for event in steps] == [*range(45, 45 + 1437 // 200)]
    assert {(event["batch_size"], event["lr"]) for event in steps} == {(200, 0.01)}


def test_a_history_begins_where_the_fork_does(store, parent):
    made = forked(store, parent, lambda_logits={"sigma": 0.0})
    history = History.of(made)
    assert history.first_step == MIDDLE
    assert list(history.steps) == [*range(MIDDLE + 1, 45)]
    assert history.start["lambdas"][0][1] == 0.5
    assert [len(column) for layer in history.lambdas for column in layer] == [22] * 8


def test_it_outlives_its_parent_and_is_forked_itself(store, parent):
    made = fork(store, parent, step=MIDDLE, changes={"norm": "bn"})
    parent.delete()
    list(execute(made))
    child = forked(store, made, step=44, changes={"norm": "afn", "epochs": 3})
    assert child.origin().run == made.id
    assert child.origin().config.norm == "bn"
    assert steps_of(child) == [66]


def test_one_that_died_before_its_first_checkpoint_begins_anew(store, parent):
    made = fork(store, parent, step=MIDDLE)
    events = execute(made)
    while next(events).step < MIDDLE + 3:
        pass
    events.close()
    for path in made.checkpoints():
        path.unlink()
    assert made.reopen(anew=True)
    list(execute(made))
    history = History.of(made)
    assert list(history.steps) == [*range(MIDDLE + 1, 45)]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"step": 30}, "there is no checkpoint at step 30 of run .*; there are those at 22, 44"),
        ({"step": 44}, "at step 44 all 2 epochs are done: raise the epochs"),
        ({"changes": {"backbone": "resnet8"}}, "a fork cannot change 'backbone'; it can norm, "),
        ({"changes": {"batch_size": 513}}, "batch_size must be a whole number from 1 to 512"),
        ({"changes": {"lr": "fast"}}, "lr must be a number"),
        ({"changes": {"norm": "vgg"}}, "unknown norm 'vgg'"),
        ({"changes": {"norm": "bn"}, "lambda_logits": {"mu": 0.0}}, "bn has no λ to set"),
        ({"changes": {"adaptive": False}, "lambda_logits": {"mu": 0.0}}, "λ does nothing"),
        ({"lambda_logits": {"nu": 0.0}}, "lambda takes one or more of mu, sigma"),
        ({"lambda_logits": {"mu": float("nan")}}, "the logit of λ_mu must be a number"),
    ],
)
def test_what_does_not_fit_is_one_line_and_leaves_nothing_behind(store, parent, how, message):
    how = {"step": MIDDLE, **how}
    with pytest.raises(ValueError, match=message) as raised:
        fork(store, parent, **how)
    assert "\n" not in str(raised.value)
    assert [run.id for run in store.list()] == [parent.id]


def test_a_batch_above_the_data_is_refused_at_once(store, config):
    parent = trained(store, replace(config, train_images=100, batch_size=10))
    with pytest.raises(ValueError, match="the batch size 101 is above the 100 training images"):
        fork(store, parent, step=10, changes={"batch_size": 101})


def test_a_run_without_checkpoints_says_so(store, config):
    with pytest.raises(ValueError, match="has no checkpoint yet: train it for an epoch first"):
        fork(store, store.create(config))


def test_a_damaged_checkpoint_is_one_line(store, parent):
    place_of(parent, MIDDLE).path.write_bytes(b"no tensors")
    with pytest.raises(ValueError, match=f"cannot read the checkpoint step-{MIDDLE:08d}"):
        fork(store, parent, step=MIDDLE)


def test_a_damaged_origin_fails_the_fork_in_one_line(store, parent):
    made = fork(store, parent, step=MIDDLE)
    record = made.record()
    del record["forked_from"]["config"]
    (made.path / "config.json").write_text(json.dumps(record))
    list(execute(made))
    assert made.state().status == "failed"
    assert "what the run was forked from is damaged" in made.state().reason


def test_the_command_forks_and_trains_to_the_end(store, parent, monkeypatch, capsys):
    monkeypatch.setenv("AFN_RUNS_DIR", str(store.root))
    main(["fork", parent.id, "--step", "22", "--lr", "0.01", "--lambda", "mu=0", "sigma=-1"])
    told = capsys.readouterr().out
    assert f"goes on from step 22 of {parent.id}" in told
    assert "finished" in told
    [made] = [run for run in store.list() if run.id != parent.id]
    assert made.config().lr == 0.01
    assert made.origin().logits == {"mu": 0.0, "sigma": -1.0}
    main(["fork", parent.id, "--step", "22", "--norm", "bn", "--name", "as BN", "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[1]["forked_from"]["dropped"]
    assert lines[-1]["status"] == "finished"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--step", "7"], "there are those at 22, 44"), (["--lambda", "mu:3"], "NAME=LOGIT")],
)
def test_the_command_ends_with_one_line(store, parent, monkeypatch, capsys, arguments, message):
    monkeypatch.setenv("AFN_RUNS_DIR", str(store.root))
    with pytest.raises(SystemExit) as ended:
        main(["fork", parent.id, *arguments])
    assert ended.value.code == 1
    [line] = capsys.readouterr().err.splitlines()
    assert message in line
