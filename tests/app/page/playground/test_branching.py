"""What-ifs on the Playground: branches of runs, earlier seeds, a λ that is let move."""

import json
from dataclasses import replace

import pytest

from afn.runs.branch import branch
from afn.runs.history import History
from afn.settings.lambda_init import LambdaInit
from app.kit.comparison import names_of
from app.kit.draw.chart import Shown
from app.kit.draw.learning import learning_chart
from app.page.playground.branching import command_of
from tests.app.one_view import drawn, text
from tests.app.playground import (
    CONFIG,
    QUICK_LINK,
    finished,
    playground,
    press,
    settings,
    standing,
)
from tests.app.playground import fed as everything_fed

pytestmark = pytest.mark.slow
MU = {"command": "set", "lambda": {"mu": pytest.approx(-0.847298)}}


@pytest.mark.parametrize(
    ("config", "name", "value", "command"),
    [
        (CONFIG, "mu", 0.3, MU),
        (CONFIG, "lr", 0.01, {"command": "set", "lr": 0.01}),
        (CONFIG, "batch_size", 32.0, {"command": "set", "batch_size": 32}),
        (
            replace(CONFIG, lambda_init=LambdaInit.REFERENCE), "gamma", -0.5,
            {"command": "set", "lambda": {"gamma": -0.5}},
        ),
    ],
)  # fmt: skip
def test_what_is_dropped_is_a_command(config, name, value, command):
    assert command_of(config, name, value) == command


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [("mu", 1.0, "between 0 and 1"), ("seed", 3, "a branch sets lr, batch_size, mu")],
)
def test_what_cannot_be_dropped_is_one_line(name, value, line):
    with pytest.raises(ValueError, match=line):
        command_of(CONFIG, name, value)


def test_the_old_future_is_a_ghost_from_where_the_new_one_begins(runs):
    parent = finished(runs, CONFIG)
    made = branch(runs, parent, step=7, command=command_of(CONFIG, "mu", 0.3))
    pair = [parent, made]
    names = names_of([run.config() for run in pair], [run.origin() for run in pair])
    assert names == ["AFN", "AFN (λ_μ 0.3 from step 7)"]
    shown = [
        Shown(name, "#D55E00", run.config(), History.of(run), origin=run.origin())
        for name, run in zip(names, pair, strict=True)
    ]
    old, new = learning_chart(shown).spec["runs"]
    assert (old["until"], new["from"]) == (7, 7)
    assert "until" not in learning_chart(shown[:1]).spec["runs"][0]


# -- earlier seeds ---------------------------------------------------------------------------------


def specs(at):
    return {key: chunk.get("spec", {}) for key, chunk in everything_fed(at).items()}


def test_a_new_seed_keeps_the_earlier_ones_in_the_link_and_in_the_curves(runs):
    first, second = (finished(runs, replace(CONFIG, seed=seed)) for seed in (0, 1))
    other = finished(runs, replace(CONFIG, lr=0.01, seed=2))
    at = press(playground(run=first.id), "New seed")
    assert standing(at) == [("AFN", "ready")]
    assert at.query_params["past"] == first.id
    assert [run["past"] for run in specs(at)["learning"]["runs"]] == ["AFN"]

    link = {"run": second.id, "past": f"{first.id}~{other.id}~gone"}
    at = playground(**link)
    drawn_runs = specs(at)["lambdas"]["runs"]
    assert [(run["label"], run.get("past")) for run in drawn_runs] == [
        ("AFN", None), ("AFN, seed 0", "AFN"),
    ]  # fmt: skip
    assert "AFN, seed 0" not in json.dumps(everything_fed(at)["learning"]["reading"])
    assert dict(at.query_params)["past"] == link["past"]


def test_no_more_than_eight_seeds_are_kept(runs):
    run = finished(runs, CONFIG)
    past = "~".join(f"r{i}" for i in range(40))
    at = press(playground(run=run.id, past=past), "New seed")
    kept = at.query_params["past"].split("~")
    assert kept[:2] == [run.id, "r0"]
    assert len(kept) == 28  # seven earlier ones of four contenders


# -- a λ that moves --------------------------------------------------------------------------------


def test_one_click_lets_lambda_move_and_says_what_that_teaches(runs):
    at = playground(run=finished(runs, CONFIG).id, **QUICK_LINK, c="afn")
    drawn(at.button(key="lambda.move").click().run())
    [wanted] = settings(at)
    assert wanted.lambda_lr_factor == 30
    assert "run" in at.query_params
    assert standing(at) == [("AFN", "waiting")]
    assert not [b for b in at.button if b.key == "lambda.move"]
    assert "lamlr" in at.query_params
    assert text(at.caption)
