"""Counting against numbers worked out by hand, known allocations, turns, ratios; no timings."""

import pytest
import torch

from afn.cost import figures as figures_module
from afn.cost.counting import count_macs, count_parameters, inference_statistics
from afn.cost.figures import Figure, Targets, figures
from afn.cost.measure import measure
from afn.cost.memory import peak_bytes
from afn.cost.plan import Case, Plan
from afn.cost.records import Measurement, Reached
from afn.cost.subjects import StepInputs, build, inference_step, training_step
from afn.cost.timing import interleaved, median_ms, median_ratio, one_thread
from afn.norms import NORMS

LAYER = Case(subject="layer", channels=16, size=4, batch_size=2)
VALUES = 16 * 4 * 4
NETWORKS_OF_16 = 4 * 16 * (8 + 1)


def generator():
    return torch.Generator().manual_seed(0)


# -- counting --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("norm", "parameters", "macs", "statistics"),
    [
        # γ, β; four λ; 16→8 and twice 8→16; 16→1 and twice 1→16
        ("afn", 32 + 4 + 136 + 288 + 17 + 64, VALUES, "running"),
        ("asrnorm", 541, 3 * VALUES + NETWORKS_OF_16, "the image's own"),
        ("bn", 32, VALUES, "running"),
        ("in", 32, 3 * VALUES, "the image's own"),
        ("gn", 32, 3 * VALUES, "the image's own"),
        ("ln", 32, 3 * VALUES, "the image's own"),
        ("bin", 48, 3 * VALUES, "running and the image's own"),
        ("none", 0, 0, "none"),
    ],
)
def test_a_layer_by_hand(norm, parameters, macs, statistics):
    layer = build(LAYER, norm).eval()
    assert count_parameters(layer) == parameters
    assert count_macs(layer, torch.rand(1, 16, 4, 4)) == macs
    assert inference_statistics(layer) == statistics


def test_a_network_by_hand():
    convolutions = 32 * 32 * 16 * 3 * 9 + 16 * 16 * 32 * 16 * 9
    linears = 32 * 8 * 8 * 128 + 128 * 10
    values = 16 * 32 * 32 + 32 * 16 * 16
    case, image = Case(subject="convnet"), torch.rand(1, 3, 32, 32)
    assert count_macs(build(case, "none").eval(), image) == convolutions + linears
    assert count_macs(build(case, "afn").eval(), image) == convolutions + linears + values
    networks = NETWORKS_OF_16 + 4 * 32 * (16 + 2)
    assert count_macs(build(case, "asrnorm").eval(), image) == (
        convolutions + linears + 3 * values + networks
    )


def test_counting_leaves_no_hooks_behind():
    model = build(Case(subject="resnet8"), "afn").eval()
    count_macs(model, torch.rand(1, 3, 32, 32))
    assert not any(module._forward_hooks for module in model.modules())


# -- memory ----------------------------------------------------------------------------------------


def test_the_peak_of_known_allocations_is_exact():
    def step():
        a = torch.empty(1000, 1000)
        b = torch.empty(500, 1000)
        del a
        c = torch.empty(1000, 1500)
        del b, c

    assert peak_bytes(step) == 4 * (500 * 1000 + 1000 * 1500)


def test_what_was_there_before_does_not_count():
    held = [torch.empty(1000, 1000)]
    assert peak_bytes(held.clear) == 0
    assert peak_bytes(lambda: None) == 0


def test_the_peak_of_a_layer_that_does_nothing_is_the_gradient_of_its_input():
    batch = StepInputs.of(LAYER, generator())
    step = training_step(LAYER, build(LAYER, "none"), batch)
    assert peak_bytes(step) == batch.x.nbytes


@pytest.mark.parametrize("subject", ["layer", "convnet"])
def test_a_training_step_leaves_nothing_allocated_and_repeats_itself(subject):
    case = LAYER if subject == "layer" else Case(subject=subject, batch_size=2)
    step = training_step(case, build(case, "bn"), StepInputs.of(case, generator()))
    step()  # momentum is made in the first one
    assert peak_bytes(step) == peak_bytes(step) > 0


# -- subjects --------------------------------------------------------------------------------------


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("case", [LAYER, Case(subject="convnet", batch_size=2)], ids=str)
def test_steps_run_and_touch_no_global_generator(case, norm):
    state = torch.get_rng_state()
    model, batch = build(case, norm), StepInputs.of(case, generator())
    assert batch.x.is_contiguous(memory_format=torch.channels_last)
    training_step(case, model, batch)()
    assert model.training
    inference_step(model, batch)()
    assert not model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    torch.testing.assert_close(torch.get_rng_state(), state)


# -- timing ----------------------------------------------------------------------------------------


def test_steps_take_turns_twice_each_and_each_round_begins_one_later():
    taken = []
    steps = {name: lambda name=name: taken.append(name) for name in "abc"}
    rounds = list(interleaved(steps, rounds=3, warmup=1))
    assert "".join(taken) == "ccaabb" + "aabbcc" + "bbccaa" + "ccaabb"
    assert [set(seconds) for seconds in rounds] == [{"a", "b", "c"}] * 3


def test_only_second_steps_are_timed_and_warming_up_is_not_given():
    now = [0.0]
    costs = {
        "slow": iter([9.0, 9.0, 8.0, 2.0, 8.0, 4.0]),
        "quick": iter([9.0, 9.0, 8.0, 1.0, 8.0, 1.0]),
    }

    def step(name):
        now[0] += next(costs[name])

    steps = {name: lambda name=name: step(name) for name in costs}
    rounds = list(interleaved(steps, rounds=2, warmup=1, clock=lambda: now[0]))
    assert rounds == [{"slow": 2.0, "quick": 1.0}, {"slow": 4.0, "quick": 1.0}]


def test_the_ratio_is_that_of_the_typical_round():
    # The machine is ten times slower for a while: times suffer, the ratio does not.
    rounds = [{"a": 2.0, "b": 1.0}, {"a": 20.0, "b": 10.0}, {"a": 20.0, "b": 10.0}]
    assert median_ratio(rounds, "a", "b") == 2.0
    assert median_ms(rounds, "a") == 20_000.0
    assert median_ratio([*rounds, {"a": 99.0, "b": 1.0}], "a", "b") == 2.0


def test_the_thread_count_comes_back():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
        news = measure(Plan(channels=(2,), sizes=(2,), batch_sizes=(2,), rounds=1), generator())
        next(news)
        assert torch.get_num_threads() == 1
        news.close()
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


# -- whole measurements ----------------------------------------------------------------------------


def test_a_plan_is_measured_case_by_case_with_progress():
    plan = Plan(channels=(2, 4), sizes=(2,), batch_sizes=(2,), norms=("afn", "none"), rounds=2)
    news = list(measure(plan, generator()))
    shares = [each.share for each in news if isinstance(each, Reached)]
    assert len(shares) == 2 * 2 * plan.rounds
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    measured = [each for each in news if isinstance(each, Measurement)]
    assert [(each.case, each.norm) for each in measured] == [
        (case, norm) for case in plan.cases for norm in ("bn", "afn", "none")
    ]
    for each in measured:
        assert each.rounds == 2
        assert min(each.train_step_ms, each.inference_ms, each.peak_bytes) > 0
        if each.norm == "bn":
            assert each.train_ratio == each.inference_ratio == 1.0


def test_the_figures_are_those_that_are_to_be_met(monkeypatch):
    targets = Targets(
        title="tiny", case=Case(subject="convnet", batch_size=2),
        afn_training=1000.0, asrnorm_training=0.0, afn_inference=1000.0, folded=1000.0,
    )  # fmt: skip
    monkeypatch.setattr(figures_module, "NETWORKS", (targets,))
    monkeypatch.setattr(figures_module, "LAYER", LAYER)
    found = list(figures(1, generator()))
    assert [(each.case, each.target, each.is_least) for each in found] == [
        ("tiny", 1000.0, False),
        ("tiny", 0.0, False),
        ("tiny", 1.1, False),
        ("tiny", 1.1, False),
        ("tiny", 1000.0, False),
        ("tiny", 1000.0, False),
        ("the layer alone, (2, 16, 4, 4), forward and backward", 3.0, True),
        ("the layer alone, (2, 16, 4, 4), forward and backward", None, False),
    ]
    assert [each.is_met for each in (*found[:2], found[-1])] == [True, False, None]


@pytest.mark.parametrize(
    ("value", "is_least", "is_met"),
    [(1.1, False, True), (1.104, False, True), (1.106, False, False), (1.1, True, True),
     (1.09, True, False)],
)  # fmt: skip
def test_a_figure_is_met_as_it_is_printed(value, is_least, is_met):
    figure = Figure(case="", name="", value=value, target=1.1, is_least=is_least, detail="")
    assert figure.is_met is is_met
