"""What weight decay alone leaves, held against trainings whose networks get no gradient."""

from dataclasses import replace

import pytest
import torch

from afn.ask.movement_statistics import movement_of
from afn.ask.network import Network
from afn.engine.execution import execute
from afn.pretrained.cards import read_card
from afn.runs.fork import fork
from afn.runs.history import History
from afn.settings.lambda_init import LambdaInit
from afn.stats.decay import decay_alone, scheduled_rates, shrunk

pytestmark = pytest.mark.slow

LR_CHANGE = [(9, {"command": "set", "lr": 0.3})]


@pytest.fixture
def ungraded(quick):
    """Every λ is 0 and stays so: no gradient reaches the networks, only weight decay."""
    return replace(
        quick, norm="afn", lambda_init=LambdaInit.OFF, lr=0.1, lr_schedule="cosine",
        momentum=0.9, weight_decay=0.02, corruptions=(), evals_per_epoch=0,
    )  # fmt: skip


def measured(run):
    return movement_of(Network.of_run(run), num_images=0)


def test_it_is_what_torchs_optimizer_does_without_a_gradient():
    weight = torch.tensor([2.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=1, momentum=0.9, weight_decay=0.05)
    rates = [0.1, 0.4, 0.4, 0.02]
    for rate in rates:
        optimizer.param_groups[0]["lr"] = rate
        weight.grad = torch.zeros(1, dtype=torch.float64)
        optimizer.step()
    assert shrunk(rates, decay=0.05, momentum=0.9) == pytest.approx(weight.item() / 2, rel=1e-12)


def test_without_momentum_it_is_the_product_over_the_steps():
    assert shrunk([0.5, 1.0], decay=0.1, momentum=0) == pytest.approx(0.95 * 0.9)
    assert shrunk([], decay=0.1, momentum=0.9) == 1
    assert shrunk([0.0] * 9, decay=0.1, momentum=0.9) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"network_lr_factor": 3.0},
        {"network_decay_factor": 4.0},
        {"network_lr_factor": 0.0},
        {"norm": "asrnorm", "momentum": 0.0},
    ],
)
def test_networks_without_a_gradient_shrink_by_just_that(store, ungraded, changes):
    run = store.create(replace(ungraded, **changes))
    list(execute(run))
    alone, found = decay_alone(run, store=store).ratio, measured(run)
    assert found.weights == pytest.approx((1.0, alone), abs=2e-6)
    for network in found.networks:
        assert network.weights == pytest.approx((1.0, alone), abs=2e-6)
        assert network.biases == (1.0, 1.0)
    assert (alone == 1) == (changes.get("network_lr_factor") == 0)
    rates = scheduled_rates(run.config(), 1437)
    assert History.of(run).columns["lr"].tolist() == rates


def test_a_learning_rate_that_was_changed_by_hand_counts(store, ungraded):
    changed, plain = store.create(ungraded), store.create(ungraded)
    list(execute(changed, script=LR_CHANGE))
    list(execute(plain))
    alone = decay_alone(changed, store=store).ratio
    assert measured(changed).weights[1] == pytest.approx(alone, abs=2e-6)
    assert alone < decay_alone(plain, store=store).ratio - 0.01


def test_a_resumed_run_counts_every_step_once(store, ungraded):
    run = store.create(replace(ungraded, epochs=2))
    list(execute(run, script=[(30, {"command": "stop"})]))
    run.reopen()
    list(execute(run))
    assert run.state().status == "finished"
    alone = decay_alone(run, store=store).ratio
    assert measured(run).weights[1] == pytest.approx(alone, abs=2e-6)


def test_a_fork_goes_on_from_what_the_run_before_left(store, ungraded):
    run = store.create(ungraded)
    list(execute(run, script=LR_CHANGE))
    forked = fork(store, run, changes={"epochs": 2, "lr": 0.05})
    list(execute(forked))
    alone = decay_alone(forked, store=store)
    assert measured(forked).weights[1] == pytest.approx(alone.ratio, abs=2e-6)
    assert alone.ratio < decay_alone(run, store=store).ratio
    run.delete()
    gone = decay_alone(forked, store=store)
    assert gone.ratio is None
    assert run.id in gone.why


def test_networks_that_a_fork_brought_in_start_there(store, ungraded):
    run = store.create(replace(ungraded, norm="bn"))
    list(execute(run))
    forked = fork(store, run, changes={"epochs": 2, "norm": "afn"})
    list(execute(forked))
    run.delete()  # not needed
    alone = decay_alone(forked, store=store).ratio
    assert measured(forked).weights == pytest.approx((1.0, alone), abs=2e-6)


def test_a_run_that_lacks_a_step_says_so(store, ungraded):
    run = store.create(ungraded)
    list(execute(run))
    lines = run.events_path.read_text().splitlines(keepends=True)
    lines.remove(next(line for line in lines if '"step":5,' in line.replace(" ", "")))
    run.events_path.write_text("".join(lines))
    assert decay_alone(run, store=store).ratio is None


def test_a_shipped_model_follows_from_its_schedule_unless_that_was_not_kept_to():
    card = read_card("cifar10-afn")
    assert decay_alone(card).ratio == pytest.approx(0.2956, abs=5e-5)
    other = replace(card, config=replace(card.config, lr=0.2))
    assert decay_alone(other).ratio is None
    assert "changed" in decay_alone(other).why
    assert decay_alone(read_card("mnist5k-afn")).ratio == 1
