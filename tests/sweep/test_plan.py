import pytest

from afn import TrainConfig
from afn.settings.corruptions import RULE
from afn.sweep.execution import outdated_words
from afn.sweep.plan import plan, words
from afn.sweep.spec import SweepSpec

BASE = {"dataset": "digits8", "epochs": 1}


def planned(axes, **more):
    return plan(SweepSpec.from_json({"base": BASE, "axes": axes, **more}))


def test_each_combination_makes_a_run_for_each_seed_seed_by_seed():
    found = planned({"norm": ["bn", "afn"], "batch_size": [8, 64]}, seeds=2)
    assert [(run.point, run.config.seed) for run in found.runs[:4]] == [
        ((("norm", norm), ("batch_size", size)), 0)
        for norm in ("bn", "afn")
        for size in ("8", "64")
    ]
    assert [run.config.seed for run in found.runs] == [0] * 4 + [1] * 4
    assert len(found.points) == 4
    assert found.runs[1].config == TrainConfig(**BASE, norm="bn", batch_size=64)
    assert found.skipped == ()


def test_a_run_is_named_by_its_configuration_whatever_the_sweep():
    one = planned({"norm": ["bn"]}).runs[0]
    other = planned({"batch_size": [32, 64], "norm": ["afn", "bn"]}).runs[-1]
    assert one.run_id == other.run_id == f"bn-{one.config.hash()}-r{RULE}"
    clean = TrainConfig(**BASE, norm="bn", corruptions=())
    assert clean.run_id == f"bn-{clean.hash()}"  # no rule is about what it tests


def test_runs_that_an_older_rule_has_tested_are_told():
    runs = planned({"norm": ["bn", "afn"]}).runs
    older = {run.config.run_id_under(1) for run in runs}
    assert outdated_words(runs, older) == (
        "2 runs were tested under an older rule of corruptions: trained again"
    )
    assert outdated_words(runs, older | {runs[0].run_id}).startswith("1 run was tested")
    assert outdated_words(runs, {run.run_id for run in runs}) == ""


@pytest.mark.parametrize(
    ("axes", "left_out", "reason"),
    [
        (
            {"norm": ["bn", "afn"], "lambda_init": ["paper", "open"]},
            "norm bn, lambda_init open",
            "BN has no λ and no networks: lambda_init would change nothing",
        ),
        (
            {"norm": ["asrnorm", "afn"], "eval_stats": ["running"]},
            "norm asrnorm, eval_stats running",
            "ASRNORM has one kind of statistics: eval_stats would change nothing",
        ),
        (
            {"adaptive": [True, False], "stat_dropout": [0.3]},
            "adaptive off, stat_dropout 0.3",
            "statistic dropout acts on the input of the encoder-decoder, which is disabled; "
            "enable it or set the dropout to 0",
        ),
        (
            {"adaptive": [True, False], "stan_ratio": [4]},
            "adaptive off, stan_ratio 4",
            "the encoder-decoder is disabled: stan_ratio would change nothing",
        ),
        (
            {"backbone": ["resnet8", "convnet"], "widths": [[4, 8]]},
            "backbone resnet8, widths 4, 8",
            "resnet8 has channels of its own: widths would change nothing",
        ),
        (
            {"norm": ["bn", "afn"], "network_lr_factor": [50.0]},
            "norm bn, network_lr_factor 50",
            "BN has no λ and no networks: network_lr_factor would change nothing",
        ),
        (
            {"norm": ["bn", "afn"], "frozen_networks": [True]},
            "norm bn, frozen_networks on",
            "BN has no λ and no networks: frozen_networks would change nothing",
        ),
        (
            {"adaptive": [True, False], "frozen_networks": [True]},
            "adaptive off, frozen_networks on",
            "frozen_networks is about the encoder-decoder, which is disabled; enable it or freeze "
            "nothing",
        ),
        (
            {"weight_decay": [0.0, 0.1], "network_decay_factor": [0.5]},
            "weight_decay 0, network_decay_factor 0.5",
            "weight_decay is 0: network_decay_factor would change nothing",
        ),
        (
            {"norm": ["none", "bn"], "norm_eps": [1e-6]},
            "norm none, norm_eps 1e-06",
            "there is no norm: norm_eps would change nothing",
        ),
    ],
)
def test_what_contradicts_itself_is_left_out_with_its_reason(axes, left_out, reason):
    found = planned(axes)
    assert [(words(each.point), each.reason) for each in found.skipped] == [(left_out, reason)]
    assert found.runs


def test_two_axes_that_set_the_same_are_left_out_where_they_differ():
    part = [{"label": "small", "batch_size": 8}, {"label": "any"}]
    found = planned({"batch_size": [8, 64], "part": part})
    assert {words(e.point): e.reason for e in found.skipped} == {
        "batch_size 8, part any": "the same run as batch_size 8, part small",
        "batch_size 64, part small": "two axes set batch_size, to 64 and 8",
    }


def test_nothing_left_is_an_error():
    with pytest.raises(ValueError, match=r"all 2 combinations are contradictory, .* BN has no λ"):
        planned({"norm": ["bn", "gn"], "lambda_init": ["open"]})


def test_too_many_runs_are_refused_before_they_are_made():
    with pytest.raises(ValueError, match="comes to 6 runs and its limit is 5: take fewer"):
        planned({"batch_size": [8, 64]}, seeds=3, max_runs=5)
    many = {name: [k / 1000 for k in range(1, 200)] for name in ("lr", "momentum", "weight_decay")}
    with pytest.raises(ValueError, match="comes to over 250 runs and its limit is 5"):
        planned(many, max_runs=5)


def test_samples_are_drawn_the_same_each_time_and_within_their_range():
    axes = {"lr": {"low": 0.001, "high": 1.0, "log": True}, "norm": ["bn", "afn"]}
    found = planned(axes, samples=20)
    assert found == planned(axes, samples=20)
    rates = [run.config.lr for run in found.runs]
    assert len(set(rates)) == 20
    assert min(rates) >= 0.001
    assert max(rates) <= 1.0
    assert {run.config.norm for run in found.runs} == {"bn", "afn"}
