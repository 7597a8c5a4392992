"""A training that is changed, paused, stopped and resumed."""

from dataclasses import replace

import pytest

from afn import train
from afn.engine.execution import execute
from afn.engine.training import Training
from afn.runs.history import History
from afn.runs.store import progress_of
from afn.settings.commands import check_command
from tests.engine.told import Scripted, of_kind, without_times

pytestmark = pytest.mark.slow


def test_changes_take_effect_at_the_next_step(quick):
    script = Scripted(
        {
            5: [{"command": "set", "lr": 0.001}, {"command": "set", "batch_size": 10}],
            7: [{"command": "set", "lambda": {"mu": 0.0}}],
        }
    )
    events = list(Training(quick).events(script))
    steps = of_kind(events, "step")
    assert [event.values["lr"] for event in steps[4:6]] == [0.05, 0.001]
    assert [event.values["batch_size"] for event in steps[4:6]] == [64, 10]
    assert steps[6].values["lambdas"][0][0] < 0.06
    assert steps[7].values["lambdas"][0][0] == pytest.approx(0.5, abs=0.01)
    commands = of_kind(events, "command")
    assert [event.step for event in commands] == [5, 5, 7]
    assert of_kind(events, "step")[-1].step > 100  # smaller batches: more steps to the same end


def test_pause_step_resume(quick):
    script = Scripted({0: [{"command": "step"}, {"command": "step"}], 9: [{"command": "resume"}]})
    events = list(Training(quick).events(script))
    states = [(event.step, event.values["state"]) for event in of_kind(events, "state")]
    assert states == [(0, "paused"), (2, "running")]
    assert len(of_kind(events, "step")) == 22


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ({"command": "set", "lr": -1}, "lr must be a number"),
        ({"command": "set", "batch_size": 513}, "batch_size must be a whole number"),
        ({"command": "set", "lambda": {"mu": "x"}}, "logit of λ_mu must be"),
        ({"command": "set", "lambda": {"nu": 1}}, "lambda takes one or more of"),
        ({"command": "fly"}, "a command is pause"),
        ({"command": "evaluate", "severity": 6}, "severity must be"),
    ],
)
def test_a_bad_command_is_answered_and_nothing_else_happens(quick, command, message):
    events = list(Training(quick).events(Scripted({3: [command]})))
    [answer] = of_kind(events, "command")
    assert message in answer.values["error"]
    assert without_times(of_kind(events, "step")) == without_times(of_kind(train(quick), "step"))


def test_a_batch_above_the_data_is_refused_while_running(quick):
    training = Training(quick)
    training.order.num_images = 400
    events = list(training.events(Scripted({1: [{"command": "set", "batch_size": 500}]})))
    assert "above the 400 training images" in of_kind(events, "command")[0].values["error"]


def test_stop_and_limits_say_why(quick):
    training = Training(quick)
    list(training.events(Scripted({4: [{"command": "stop"}]})))
    assert (training.step, training.stop_reason) == (4, "stopped by hand")
    training = Training(replace(quick, max_steps=3))
    list(training.events())
    assert (training.step, training.stop_reason) == (3, "its limit of 3 steps")


def test_a_forgotten_pause_ends_at_the_wall_time_limit(quick):
    training = Training(replace(quick, max_seconds=1))
    list(training.events(Scripted({2: [{"command": "pause"}]})))
    assert (training.step, training.stop_reason) == (2, "its limit of 1 s of wall time")


@pytest.mark.parametrize("norm", ["afn", "bn"])
def test_resumed_equals_uninterrupted_bit_for_bit(quick, norm, tmp_path):
    config = replace(quick, norm=norm, epochs=2, stat_dropout=0.2 if norm == "afn" else 0.0)
    whole = without_times(of_kind(train(config), "step"))
    first = Training(config, tmp_path)
    before = list(first.events(Scripted({17: [{"command": "stop"}]})))
    second = Training(config, tmp_path)
    second.restore(max(tmp_path.glob("*.safetensors")))
    after = list(second.events())
    assert without_times(of_kind([*before, *after], "step")) == whole
    assert second.is_complete


@pytest.mark.parametrize(
    "changes",
    [
        {"augment": "crop_flip"},
        {"augment": "crop_flip_corruptions", "network_lr_factor": 5, "network_decay_factor": 0},
        {"norm": "asrnorm", "frozen_networks": True},
    ],
)
def test_resumed_equals_uninterrupted_with_schedule_augmentation_and_decay(
    changes, quick, tmp_path
):
    config = replace(quick, epochs=2, lr_schedule="cosine", weight_decay=1e-2, **changes)
    whole = without_times(of_kind(train(config), "step"))
    before = list(Training(config, tmp_path).events(Scripted({17: [{"command": "stop"}]})))
    second = Training(config, tmp_path)
    second.restore(max(tmp_path.glob("*.safetensors")))
    assert without_times(of_kind([*before, *second.events()], "step")) == whole


def test_a_checkpoint_keeps_its_class_names_and_is_not_resumed_with_others(
    quick, tmp_path, monkeypatch
):
    training = Training(quick, tmp_path)
    for _ in training.events():
        pass
    [path] = tmp_path.glob("*.safetensors")
    assert progress_of(path)["class_names"] == [*"0123456789"]
    resumed = Training(quick)
    resumed.data = replace(resumed.data, class_names=tuple("1023456789"))
    with pytest.raises(ValueError, match=r"digits8 had other classes when .*: expected 0, 1, 2"):
        resumed.restore(path)


def test_commands_take_effect_behind_the_step_that_they_say(store, quick):
    run = store.create(quick)
    for command in ({"command": "set", "lr": 0.01, "at": 6}, {"command": "set", "lr": 0.02},
                    {"command": "set", "lr": 0.03, "at": 4}):  # fmt: skip
        run.send(command)
    list(execute(run))
    history = History.of(run)
    # In their order: what comes behind one waits with it, also where its own step is past then.
    assert [(each["step"], each["lr"]) for each in history.commands] == [
        (6, 0.01), (6, 0.02), (6, 0.03),
    ]  # fmt: skip
    assert history.columns["lr"][[5, 6]].tolist() == [0.05, 0.03]


def test_what_was_to_come_at_a_later_step_is_obeyed_before_a_stop_and_at_the_end(store, quick):
    stopped, ended = store.create(quick), store.create(quick)
    stopped.send({"command": "set", "lr": 0.01, "at": 900})
    stopped.send({"command": "stop"})
    list(execute(stopped))
    assert stopped.state().summary["step"] == 0
    assert [each["command"] for each in History.of(stopped).commands] == ["set", "stop"]
    assert stopped.pending() == []
    ended.send({"command": "pause", "at": 900})
    list(execute(ended))
    assert (ended.state().status, ended.state().summary["step"]) == ("finished", 22)
    assert [each["command"] for each in History.of(ended).commands] == ["pause"]


def test_a_resumed_run_obeys_what_was_still_to_come_and_nothing_twice(store, quick):
    config = replace(quick, epochs=2)  # a checkpoint at step 22
    run = store.create(config)
    run.send({"command": "set", "lr": 0.02, "at": 3})
    run.send({"command": "set", "lr": 0.01, "at": 30})
    events = execute(run)
    for event in events:
        if event.kind == "step" and event.step == 25:
            break
    events.close()  # as a crash
    assert [command["at"] for command in run.pending()] == [30]
    assert run.reopen()
    list(execute(run))
    history = History.of(run)
    assert [(each["step"], each["lr"]) for each in history.commands] == [(3, 0.02), (30, 0.01)]
    assert history.columns["lr"][[29, 30]].tolist() == [0.02, 0.01]


@pytest.mark.parametrize("at", [-1, 2.5, "7", True, None])
def test_a_step_that_is_none_is_refused(at):
    with pytest.raises(ValueError, match="at must be a step"):
        check_command({"command": "pause", "at": at})
