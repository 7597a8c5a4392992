import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch import nn

from afn.ask.evaluation import EvaluationStore
from afn.ask.execution import carry_out
from afn.ask.network import Network
from afn.ask.rescaling import Rescaling
from afn.ask.rescaling_statistics import layer_rescaling
from afn.ask.tasks import RescalingTask, task_from_json
from afn.engine.execution import execute
from afn.norms import NORMS, AFN2d, set_eval_stats

CLEAN, FOG = ("digits8", None, 0), ("digits8", "fog", 3)


@pytest.fixture
def conditions():
    """The same pictures, once three times as bright."""
    pictures = torch.rand(40, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    return {CLEAN: pictures, FOG: 3 * pictures}


def net(norm, **options):
    torch.manual_seed(0)
    layer = NORMS[norm](4, **options)
    for name in ("gamma", "beta"):
        if hasattr(layer, f"lambda_{name}_logit"):
            getattr(layer, f"lambda_{name}_logit").data.fill_(0.0)  # λ 0.5: enough to see
    return nn.Sequential(nn.Conv2d(1, 4, 3), layer).eval()


def only_layer(rescaling):
    [layer] = rescaling.layers
    return layer


def test_parameters_differ_nowhere(conditions):
    for norm in ("bn", "in", "gn", "bin"):
        layer = only_layer(layer_rescaling(net(norm), conditions))
        assert layer.varies == "nothing"
        assert layer.gamma[0] == layer.gamma[1] == (1.0,) * 4
        assert layer.beta[0] == layer.beta[1] == (0.0,) * 4
        assert set(layer.gamma_spread[1] + layer.beta_spread[1]) == {0.0}


def test_afn_follows_the_batch_and_with_running_averages_nothing(conditions):
    model = net("afn")
    layer = only_layer(layer_rescaling(model, conditions, batch_size=10))
    assert (layer.name, layer.varies) == ("1", "batches")
    assert layer.gamma[0] != layer.gamma[1]
    assert max(layer.gamma_spread[0]) > 0  # four batches
    alone = only_layer(layer_rescaling(model, conditions, batch_size=40))
    assert set(alone.gamma_spread[0]) == {0.0}  # one batch
    trace = model[1].trace(model[0](conditions[FOG]))
    assert alone.gamma[1] == pytest.approx(trace.gamma_hat.tolist(), rel=1e-6)
    assert alone.beta[1] == pytest.approx(trace.beta_hat.tolist(), rel=1e-6)
    set_eval_stats(model, "running")
    fixed = only_layer(layer_rescaling(model, conditions))
    assert (fixed.varies, fixed.gamma[0]) == ("nothing", fixed.gamma[1])


def test_asrnorm_follows_each_image_and_not_those_beside_it(conditions):
    model = net("asrnorm")
    layer = only_layer(layer_rescaling(model, conditions, batch_size=10))
    assert layer.varies == "images"
    assert layer == only_layer(layer_rescaling(model, conditions, batch_size=40))
    trace = model[1].trace(model[0](conditions[CLEAN]))
    assert layer.gamma[0] == pytest.approx(trace.gamma_hat.mean(0).tolist(), rel=1e-6)
    spread = trace.beta_hat.std(0, correction=0)
    assert layer.beta_spread[0] == pytest.approx(spread.tolist(), rel=1e-3)


def test_dead_units_behind_each_are_counted_over_all_conditions(conditions):
    model = net("afn", rescale_width=3)
    encoder = model[1].rescale.encoder
    with torch.no_grad():
        encoder.weight.zero_()
        encoder.weight[0] = 1.0  # σ is above 0
        encoder.weight[1] = 1.0
        encoder.bias.copy_(torch.tensor([0.0, -1e6, -1e6]))
    layer = only_layer(layer_rescaling(model, conditions, batch_size=10))
    behind_gamma, behind_beta = layer.dead
    assert (layer.hidden, behind_gamma) == (3, 2)
    assert behind_beta in (2, 3)  # by the sign of the means
    with torch.no_grad():
        encoder.bias[0] = -1e6
    silent = only_layer(layer_rescaling(model, conditions, batch_size=10))
    assert silent.dead == (3, 3)
    assert silent.gamma[0] == silent.gamma[1]
    assert only_layer(layer_rescaling(net("bn"), conditions)).hidden == 0
    record = layer_rescaling(model, conditions).to_json()
    for old in record["layers"]:
        del old["hidden"], old["dead"]  # what was kept before units were counted
    assert only_layer(Rescaling.from_json(record)).hidden == 0


def test_without_networks_nothing_varies(conditions):
    layer = only_layer(layer_rescaling(net("afn", adaptive=False), conditions, batch_size=10))
    assert layer.varies == "nothing"


def test_a_mean_counts_images_not_batches():
    model = nn.Sequential(AFN2d(1)).eval()
    images = torch.rand(5, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    layer = only_layer(layer_rescaling(model, {CLEAN: images}, batch_size=4))
    first, last = (model[0].trace(batch).gamma_hat.item() for batch in images.split(4))
    assert layer.gamma[0][0] == pytest.approx((4 * first + last) / 5, rel=1e-6)


@pytest.mark.parametrize(
    ("change", "clue"),
    [
        (lambda m, c: (nn.Conv2d(1, 1, 1).eval(), c), "without any"),
        (lambda m, c: (m.train(), c), "eval mode"),
        (lambda m, c: (m, {}), "one condition or more"),
        (lambda m, c: (m, {CLEAN: c[CLEAN][:0]}), "each with images"),
        (lambda m, c: (m, {CLEAN: c[CLEAN] * torch.inf}), "not finite"),
    ],
)
def test_what_cannot_be_measured_is_said(conditions, change, clue):
    with pytest.raises(ValueError, match=clue):
        layer_rescaling(*change(net("afn"), conditions))


def test_a_record_is_what_was_measured_or_says_why_not(conditions):
    rescaling = layer_rescaling(net("afn"), conditions, batch_size=10)
    record = json.loads(json.dumps(rescaling.to_json()))
    assert Rescaling.from_json(record) == rescaling
    assert rescaling.num_images == (40, 40)
    for damage in (
        lambda r: r.pop("layers"),
        lambda r: r["layers"][0].update(varies="moods"),
        lambda r: r["layers"][0]["gamma"].pop(),
        lambda r: r["layers"][0]["beta"][0].pop(),
        lambda r: r["layers"][0]["beta"][0].__setitem__(0, None),
        lambda r: r["conditions"].append([1]),
    ):
        damaged = json.loads(json.dumps(rescaling.to_json()))
        damage(damaged)
        with pytest.raises(ValueError, match="not a record of rescaling"):
            Rescaling.from_json(damaged)


def test_a_task_is_carried_out_once_and_kept(store, quick):
    run = store.create(replace(quick, norm="afn"))
    list(execute(run))
    network = Network.of_run(run)
    question = network.question(num_images=60)
    task = RescalingTask(network=network, question=question, conditions=(CLEAN, FOG))
    assert task_from_json(json.loads(json.dumps(task.to_json()))) == task
    assert task.read() is None
    assert task.left() == task
    evaluation = EvaluationStore.beside(store).create([task])
    carry_out(evaluation)
    assert evaluation.state().summary == {"problems": []}
    assert task.left() is None
    rescaling = task.read()
    assert rescaling.conditions == (CLEAN, FOG)
    assert rescaling.num_images == (60, 60)
    assert [layer.varies for layer in rescaling.layers] == ["batches", "batches"]
    other = replace(task, conditions=(CLEAN,))
    assert other.left() == other
    task.path.write_text("{")
    assert task.read() is None


def test_what_cannot_be_had_becomes_a_line(store, quick):
    run = store.create(replace(quick, norm="bn"))
    list(execute(run))
    network = Network.of_run(run)
    question = network.question(num_images=20)
    gone = RescalingTask(network=network, question=question, conditions=(("gone", None, 0),))
    evaluation = EvaluationStore.beside(store).create([gone])
    carry_out(evaluation)
    [line] = evaluation.state().summary["problems"]
    assert "gone" in line


def test_records_need_no_torch():
    code = "import afn.ask.tasks, afn.ask.rescaling, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
