"""How far small networks moved from their start, on networks that were moved by hand."""

import copy
import json
import math
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch import nn

from afn.ask.evaluation import EvaluationStore
from afn.ask.execution import carry_out
from afn.ask.movement import Movement, conditions_of
from afn.ask.movement_statistics import movement, movement_of, start_of
from afn.ask.network import Network
from afn.ask.sources import network_of
from afn.ask.tasks import MovementTask, task_from_json
from afn.cli import movement as movement_command
from afn.cli.main import main
from afn.engine.execution import execute
from afn.engine.training import Training
from afn.norms import AFN2d, ASRNorm2d, BatchNorm2d, norm_layers, set_eval_stats
from afn.pretrained.cards import read_card
from afn.runs.store import RunStore
from afn.settings.lambda_init import LambdaInit

CLEAN, FOG = ("digits8", None, 0), ("digits8", "fog", 5)
MATRICES = {
    "standardize": {"encoder", "mu_decoder", "sigma_decoder"},
    "rescale": {"encoder", "gamma_decoder", "beta_decoder"},
}


def net(kind=AFN2d, channels=4, **options):
    torch.manual_seed(0)
    return nn.Sequential(kind(channels, **options)).eval()


def moved(trained, start=None, **conditions):
    return movement(trained, start or trained, **conditions)


def turned(start, angle, ratio):
    """A vector of that length, at that angle to the start."""
    aside = torch.randn(start.shape, generator=torch.Generator().manual_seed(1)).to(start)
    aside = aside - (aside.flatten() @ start.flatten()) / start.norm() ** 2 * start
    aside = aside * (start.norm() / aside.norm())
    return ratio * (math.cos(angle) * start + math.sin(angle) * aside)


# -- weights ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("backbone", ["convnet", "resnet8"])
@pytest.mark.parametrize("norm", ["afn", "asrnorm"])
def test_the_start_is_what_training_began_with_bit_for_bit(quick, tmp_path, norm, backbone):
    config = replace(quick, norm=norm, backbone=backbone, seed=7)
    training = Training(config)
    subject = Network(
        id="x", config=config, image_shape=(8, 8, 1), class_names=training.data.class_names,
        weights=tmp_path, sha256="", folder=tmp_path,
    )  # fmt: skip
    start = start_of(subject)
    theirs = dict(training.model.named_parameters())
    for name, parameter in start.named_parameters():
        assert torch.equal(parameter, theirs[name]), name
    found = movement(training.model.eval(), start)
    assert found.weights == (1.0, 1.0)
    for network in found.networks:
        assert {network.weights, network.biases, *network.matrices.values()} == {(1.0, 1.0)}
        assert network.matrices.keys() == MATRICES[network.part]
        assert network.dead is None
    assert [(n.layer, n.part) for n in found.networks] == [
        (layer, part) for layer in norm_layers(start) for part in MATRICES
    ]


def test_networks_that_may_not_learn_have_not_moved_and_others_have(store, quick):
    config = replace(quick, norm="afn", corruptions=(), lr=0.3, network_decay_factor=0.0)
    found = {}
    for factor in (0.0, 30.0):
        run = store.create(replace(config, network_lr_factor=factor))
        list(execute(run))
        found[factor] = movement_of(Network.of_run(run), num_images=0)
    assert found[0.0].weights == (1.0, 1.0)
    assert {network.biases for network in found[0.0].networks} == {(1.0, 1.0)}
    assert found[30.0].weights[0] < 0.999


@torch.no_grad()
def test_a_known_turn_and_a_known_length_are_found():
    start = net()
    trained = copy.deepcopy(start)
    layer = trained[0]
    layer.standardize.mu_decoder.weight.copy_(
        turned(layer.standardize.mu_decoder.weight, math.pi / 3, 0.5)
    )
    for name, parameter in layer.rescale.named_parameters():
        parameter.mul_(0.25 if name.endswith("weight") else -2)
    found = movement(trained, start)
    standardize, rescale = found.networks
    assert standardize.matrices == {
        "encoder": (1.0, 1.0), "mu_decoder": pytest.approx((0.5, 0.5)), "sigma_decoder": (1.0, 1.0)
    }  # fmt: skip
    assert standardize.biases == (1.0, 1.0)
    assert rescale.weights == (1.0, 0.25)
    assert rescale.biases == (-1.0, 2.0)
    now, before = (
        torch.cat([p.flatten() for p in model[0].parameters() if p.dim() > 1])
        for model in (trained, start)
    )
    cosine = torch.cosine_similarity(now, before, dim=0).item()
    assert found.weights == pytest.approx((cosine, (now.norm() / before.norm()).item()), rel=1e-5)


def test_the_shipped_networks_are_their_start_shrunk():
    cifar10 = movement_of(network_of(read_card("cifar10-afn")), num_images=0)
    assert cifar10.weights == pytest.approx((0.9959, 0.2970), abs=5e-5)  # decay alone: 0.2956
    assert len(cifar10.networks) == 2 * 19
    mnist = movement_of(network_of(read_card("mnist-rgb-afn")), num_images=0)
    assert mnist.weights == pytest.approx((0.9998, 1.0007), abs=5e-5)


# -- answers ---------------------------------------------------------------------------------------


@torch.no_grad()
def test_a_constant_answer_has_an_effect_and_does_not_vary():
    model = net(channels=1, stan_width=1)
    layer = model[0]
    layer.standardize.mu_decoder.weight.zero_()
    layer.standardize.mu_decoder.bias.fill_(2.0)
    images = torch.rand(8, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    found = moved(model, conditions={CLEAN: images, FOG: 5 * images}, batch_size=2)
    mu, *_ = found.outputs
    share = layer.lambdas()["mu"]
    assert (mu.output, mu.varies, mu.follows) == ("mu", 0.0, 0.0)
    assert mu.effect == pytest.approx(2 * share, rel=1e-5)


@torch.no_grad()
def test_an_answer_that_repeats_the_mean_varies_as_the_mean_does():
    model = net(channels=1, stan_width=1)
    layer = model[0]
    for linear in (layer.standardize.encoder, layer.standardize.mu_decoder):
        linear.weight.fill_(1.0)
        linear.bias.zero_()
    layer.lambda_mu_logit.fill_(math.log(3))  # λ 0.75
    images = torch.rand(7, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    fog = images + 1
    found = moved(model, conditions={CLEAN: images, FOG: fog}, batch_size=2)
    mu, *_ = found.outputs
    batches = images[:6].reshape(3, -1)  # the last batch is not full: left out
    deviation = batches.mean(1).std().item()
    between = torch.stack([batches.mean(), batches.mean() + 1]).std().item()
    assert mu.effect == pytest.approx(0.75 * batches.mean().item(), rel=1e-5)
    assert mu.varies == pytest.approx(0.75 * deviation, rel=1e-5)
    assert mu.follows == pytest.approx(0.75 * between, rel=1e-5)
    assert mu.measured == pytest.approx((0.25 * deviation, 0.25 * between), rel=1e-5)
    spread = (batches.var(1, correction=0) + layer.eps).sqrt().mean().item()
    assert mu.spread == pytest.approx(spread, rel=1e-5)
    assert mu.in_spreads(spread) == pytest.approx(1, rel=1e-5)
    gamma = found.outputs[2]
    assert gamma.measured is None
    assert gamma.spread == pytest.approx(layer.trace(images).gamma_hat.item(), rel=1e-3)


@torch.no_grad()
def test_a_lambda_below_0_has_an_effect_of_that_size():
    model = net(lambda_init=LambdaInit.REFERENCE)
    images = torch.rand(6, 4, 5, 5, generator=torch.Generator().manual_seed(1))
    found = {}
    for share in (0.5, -0.5):
        model[0].lambda_gamma_logit.fill_(share)
        found[share] = moved(model, conditions={CLEAN: images}, batch_size=2).outputs[2]
    assert (found[-0.5].lambda_, found[0.5].lambda_) == (-0.5, 0.5)
    assert found[-0.5].effect == found[0.5].effect > 0
    assert found[-0.5].varies == found[0.5].varies > 0


def test_asrnorm_answers_each_image():
    model = net(ASRNorm2d)
    images = torch.rand(6, 4, 5, 5, generator=torch.Generator().manual_seed(1))
    found = moved(model, conditions={CLEAN: images}, batch_size=3)
    assert found.varies_between == "images"
    answers = model[0].trace(images).mu_stan
    share = model[0].lambdas()["mu"]
    varies = share * answers.std(0).square().mean().sqrt().item()
    assert found.outputs[0].varies == pytest.approx(varies, rel=1e-4)
    assert found.outputs[0].follows is None  # nothing but clean images
    assert moved(net(), conditions={CLEAN: images}, batch_size=3).varies_between == "batches"


@torch.no_grad()
def test_a_dead_unit_is_one_that_nothing_wakes():
    model = net(channels=2, stan_width=4, rescale_width=1)
    encoder = model[0].standardize.encoder
    encoder.weight.zero_()
    encoder.weight[0] = 1.0  # μ is below 0, σ above it
    encoder.weight[3] = -1.0
    encoder.bias.copy_(torch.tensor([0.0, 1.0, -1.0, -2.5]))
    model[0].rescale.encoder.weight.zero_()
    model[0].rescale.encoder.bias.fill_(-1.0)
    dark = -torch.rand(4, 2, 4, 4, generator=torch.Generator().manual_seed(1))
    found = moved(model, conditions={CLEAN: dark}, batch_size=2)
    standardize, rescale = found.networks
    assert (standardize.hidden, standardize.dead) == (4, (3, 2))
    assert not standardize.is_silent
    assert (rescale.hidden, rescale.dead, rescale.is_silent) == (1, (1, 1), True)
    assert [(o.varies, o.follows) for o in found.outputs[2:]] == [(0.0, None)] * 2
    awake = moved(model, conditions={CLEAN: dark, FOG: 9 * dark}, batch_size=2)
    assert awake.networks[0].dead == (2, 2)  # the last unit answers a mean far below 0


@torch.no_grad()
def test_frozen_networks_are_fed_their_averages_and_answer_constants():
    model = net(channels=1, stan_width=1, frozen_networks=True)
    encoder = model[0].standardize.encoder
    encoder.weight.fill_(1.0)
    encoder.bias.fill_(-0.5)  # the average mean is 0, the average σ 1
    bright = 5 + torch.rand(4, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    found = moved(model, conditions={CLEAN: bright, FOG: 2 * bright}, batch_size=2)
    assert found.networks[0].dead == (1, 0)
    assert {(each.varies, each.follows) for each in found.outputs} == {(0.0, 0.0)}
    assert found.outputs[0].measured[1] > 1


def test_statistics_are_the_batchs_whatever_the_model_is_tested_with():
    model = net()
    images = torch.rand(6, 4, 5, 5, generator=torch.Generator().manual_seed(1))
    by_batch = moved(model, conditions={CLEAN: images}, batch_size=2)
    before = copy.deepcopy(model.state_dict())
    set_eval_stats(model, "running")
    assert moved(model, conditions={CLEAN: images}, batch_size=2) == by_batch
    assert model[0].eval_stats == "running"
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name])


# -- what cannot be, records, the command ----------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "clue"),
    [
        (lambda m: (net(BatchNorm2d), m, {}), "got one without"),
        (lambda m: (net(adaptive=False), m, {}), "got one without"),
        (lambda m: (m, net(channels=6), {}), "same form"),
        (lambda m: (m.train(), m, {}), "eval mode"),
        (lambda m: (m, m, {"batch_size": 0}), "at least 1"),
        (lambda m: (m, m, {"conditions": {CLEAN: torch.rand(0, 4, 5, 5)}}), "none of one"),
        (lambda m: (m, m, {"conditions": {CLEAN: torch.full((2, 4, 5, 5), torch.nan)}}), "finite"),
    ],
)
def test_what_cannot_be_measured_is_said(change, clue):
    trained, start, options = change(net())
    with pytest.raises(ValueError, match=clue):
        movement(trained, start, **options)


def test_weights_that_are_not_finite_are_said():
    model = net()
    model[0].rescale.encoder.weight.data[0, 0] = torch.nan
    with pytest.raises(ValueError, match="diverged"):
        movement(model, net())


def test_a_record_is_what_was_measured_or_says_why_not():
    images = torch.rand(4, 4, 5, 5, generator=torch.Generator().manual_seed(1))
    for conditions in ({}, {CLEAN: images}, {CLEAN: images, FOG: 2 * images}):
        found = moved(net(), conditions=conditions, batch_size=2)
        record = json.loads(json.dumps(found.to_json()))
        assert Movement.from_json(record) == found
    for damage in (
        lambda r: r.pop("weights"),
        lambda r: r["networks"][0]["weights"].pop(),
        lambda r: r["networks"][0]["matrices"].update(encoder=None),
        lambda r: r["outputs"][0].update(effect=math.inf),
        lambda r: r["outputs"].append(1),
    ):
        damaged = json.loads(json.dumps(record))
        damage(damaged)
        with pytest.raises(ValueError, match="not a record of movement"):
            Movement.from_json(damaged)


def test_what_is_shown_is_clean_and_corrupted():
    clean, *others = conditions_of("mnist5k", (28, 28, 1))
    assert clean == ("mnist5k", None, 0)
    assert len(others) == 15
    assert ("mnist5k", "contrast", 5) in others


def test_the_command_tells_and_keeps(monkeypatch, tmp_path, capsys, quick):
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "runs"))
    run = RunStore().create(replace(quick, norm="afn", corruptions=()))
    list(execute(run))
    path = tmp_path / "kept.jsonl"
    main(["movement", run.id, "mnist5k-afn", "--images", "0", "--output", str(path), "--json"])
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    mine, shipped = (each for each in said if each["kind"] == "movement")
    assert (mine["name"], mine["decay_alone"], shipped["cosine"]) == (run.id, 1.0, 0.999921)
    assert sum(each["kind"] == "network" for each in said) == 8
    kept = [json.loads(line) for line in path.read_text().splitlines()]
    assert kept[1]["sha256"] == read_card("mnist5k-afn").sha256["weights"]
    assert Movement.from_json(kept[1]) == movement_of(
        network_of(read_card("mnist5k-afn")), num_images=0
    )
    main(["movement", run.id, "--images", "20", "--batch-size", "10"])
    told = capsys.readouterr().out
    assert "weight decay alone: 1.0000" in told
    assert "dead units of 1: fed μ" in told
    assert "between batches" in told
    for arguments, clue in (
        (["mnist5k-bn"], "no small networks"),
        ([], "or say --all"),
        (["mnist5k-afn", "--images", "-1"], "at least"),
    ):
        with pytest.raises(SystemExit):
            main(["movement", *arguments])
        assert clue in capsys.readouterr().err


def test_what_is_kept_in_the_file_is_not_measured_again(monkeypatch, tmp_path):
    measured = []

    def counted(subject, **options):
        measured.append(subject.id)
        return movement_of(subject, **options)

    monkeypatch.setattr(movement_command, "movement_of", counted)
    path = str(tmp_path / "kept.jsonl")
    for names, images in ((["mnist5k-afn"], "0"), (["mnist5k-afn", "usps-grey-afn"], "0")):
        main(["movement", *names, "--images", images, "--output", path])
    assert measured == ["mnist5k-afn", "usps-grey-afn"]
    main(["movement", "usps-grey-afn", "--images", "0", "--batch-size", "9", "--output", path])
    assert measured[2:] == ["usps-grey-afn"]  # asked otherwise


def test_a_task_is_carried_out_once_and_kept(store, quick):
    run = store.create(replace(quick, norm="afn", corruptions=()))
    list(execute(run))
    subject = Network.of_run(run)
    task = MovementTask(
        network=subject,
        question=subject.question(num_images=40, batch_size=10),
        conditions=conditions_of("digits8", (8, 8, 1))[:3],
    )
    assert task_from_json(json.loads(json.dumps(task.to_json()))) == task
    evaluation = EvaluationStore.beside(store).create([task])
    carry_out(evaluation)
    assert evaluation.state().summary == {"problems": []}
    assert task.left() is None
    found = task.read()
    assert found.conditions == task.conditions
    assert (found.num_images, found.batch_size) == (40, 10)
    assert found.weights == movement_of(subject, num_images=0).weights
    task.path.write_text("{")
    assert task.read() is None


def test_records_need_no_torch():
    code = "import afn.ask.movement, afn.stats.decay, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
