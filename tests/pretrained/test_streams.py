"""Pretrained networks on streams: what is planned, how it is measured, kept and looked up."""

import base64
from dataclasses import replace

import numpy as np
import pytest

from afn import Adapter, follow_stream, load_pretrained
from afn.adapt.plan import AdaptMethod, StreamPlan
from afn.adapt.records import accuracy_of
from afn.cli.main import main
from afn.pretrained import adapt
from afn.pretrained.cards import pretrained_dir, read_card
from afn.pretrained.plan import PLAN
from afn.pretrained.streamed import FILE, StreamAnswer, StreamResults, update_streams
from afn.pretrained.streams import (
    PROTOCOL_WAYS,
    STREAM_ABLATIONS,
    STREAM_MODELS,
    STREAM_PLACES,
    StreamAsk,
    asks_of,
    protocol_asks,
)
from afn.runs.store import RunStore
from afn.settings.corruptions import RULE
from afn.stats.intervals import joint_half_width

PLANS = [StreamPlan(corruption=name, images=400) for name in ("fog", "contrast")]
OURS, THEIRS = ([StreamAsk("cifar10-r8-bn", AdaptMethod(way), plan) for plan in PLANS]
                for way in ("batch", "running"))  # fmt: skip


def answers(asks, seed, share, *, draw=0):
    """Right in about that share of the images, the same ones for the same draw."""
    right = np.random.default_rng(draw).random(400) < share
    return [
        StreamAnswer(
            model=ask.model, seed=seed, method=str(ask.method), plan=ask.plan, rule=RULE,
            weights="0" * 64, n=400, correct=int(right.sum()), collapsed=None,
            right="" if seed else base64.b64encode(np.packbits(right).tobytes()).decode(),
        )
        for ask in asks
    ]  # fmt: skip


def test_all_that_is_drawn_is_asked_of_its_network():
    drawn = {ask for way in PROTOCOL_WAYS for ask in protocol_asks(way)}
    for ablation in STREAM_ABLATIONS.values():
        for asks in ablation.arms.values():
            assert [ask.plan.corruption for ask in asks] == list(STREAM_PLACES)
            drawn |= set(asks)
    asked = {
        StreamAsk(model, method, plan)
        for model in STREAM_MODELS
        for plan, methods in asks_of(model).items()
        for method in methods
    }
    assert asked == drawn


def test_running_averages_do_not_care_how_images_are_batched():
    by_label = {dict(point)["test batch"]: asks
                for point, asks in STREAM_ABLATIONS["adapting-batch-size"].arms.items()
                if dict(point)["part"] == "BN, as trained"}  # fmt: skip
    assert len(by_label) == 5
    assert len(set(by_label.values())) == 1


def test_figures_are_means_over_streams_with_the_noise_of_trainings_and_images(tmp_path):
    known = [
        answer
        for seed, share in enumerate((0.50, 0.54, 0.58))
        for asks, gain in ((OURS, 0.1), (THEIRS, 0.0))
        for answer in answers(asks, seed, share + gain)
    ]
    update_streams(tmp_path, known)
    results = StreamResults.read(tmp_path)
    counts = [[each.correct for each in known if each.seed == seed] for seed in range(3)]
    expected = [100 * sum(count[:2]) / 800 for count in counts]
    found = results.over_seeds(OURS)
    assert [value for _, value in found.values] == pytest.approx(expected)
    # the same images are right in both streams: the image is the unit, not the answer
    hits = known[0].hits
    error = 100 * hits.std(ddof=1) / np.sqrt(400)
    assert results.half_width(OURS) == pytest.approx(joint_half_width(found.spread, 3, error))
    gain = results.gain(OURS, THEIRS)
    assert gain.mean == pytest.approx(np.mean([(c[0] - c[2]) / 4 for c in counts]))
    flips = (known[0].hits.astype(float) - known[2].hits).std(ddof=1)
    assert gain.image_error == pytest.approx(100 * flips / np.sqrt(400))


def test_answers_take_the_place_of_older_ones_and_stand_beside_others(tmp_path):
    first = update_streams(tmp_path, answers(OURS, 0, 0.5))
    assert update_streams(tmp_path, answers(OURS, 0, 0.5)) == first
    update_streams(tmp_path, answers(OURS, 0, 0.9) + answers(OURS, 1, 0.7))
    found = StreamResults.read(tmp_path).over_seeds(OURS)
    assert [seed for seed, _ in found.values] == [0, 1]
    assert found.values[0][1] > 85


def test_images_by_an_older_rule_are_no_answer():
    older = [replace(each, rule=RULE - 1) for each in answers(OURS, 0, 0.5)]
    assert StreamResults(older).over_seeds(OURS) is None


@pytest.mark.parametrize("content", [b"", b"no gzip", b"\x1f\x8b"])
def test_a_damaged_file_is_one_line(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(ValueError, match=f"^{FILE} is damaged .*: get it again$"):
        StreamResults.read(tmp_path)
    assert StreamResults.read(tmp_path / "none").answers == ()


def test_a_network_lives_on_what_is_planned_and_goes_on_where_it_was_left(tmp_path, monkeypatch):
    plans = {
        StreamPlan(images=60, batch_size=20, corruption="fog"): [AdaptMethod("batch")],
        StreamPlan(images=60, batch_size=30, order="sorted"): [AdaptMethod("tent", 0.05)],
    }
    monkeypatch.setattr(adapt, "asks_of", lambda model: plans)
    spec, store, told = PLAN["mnist5k-bn"], RunStore(tmp_path), []
    found = adapt.have_adapted(spec, store, pretrained_dir(), told.append)
    for answer, (plan, [method]) in zip(found, plans.items(), strict=True):
        adapter = Adapter(load_pretrained("mnist5k-bn"), method)
        steps = [step for _, step in follow_stream({"it": adapter}, "mnist5k", plan)]
        assert answer.correct / answer.n == accuracy_of(steps)
        right = {number: hit for s in steps for number, hit in zip(s.images, s.hits, strict=True)}
        assert answer.hits.tolist() == [right[number] for number in range(60)]
        assert answer.weights == read_card("mnist5k-bn").sha256["weights"]
    assert [each["stream"] for each in told] == [1, 2]
    monkeypatch.setattr(adapt, "live_on", lambda *args: pytest.fail("asked again"))
    assert adapt.have_adapted(spec, store, pretrained_dir(), told.append) == found


def test_further_seeds_come_along_as_weights(tmp_path):
    for suffix in (".json", ".safetensors", ".cells.jsonl.gz", ".events.jsonl.gz"):
        (tmp_path / f"cifar10-r8-bn{suffix}").symlink_to(
            pretrained_dir() / f"cifar10-r8-bn{suffix}"
        )
    weights = tmp_path / "cifar10-r8-bn-s1.safetensors"
    weights.write_bytes((pretrained_dir() / "cifar10-r8-bn.safetensors").read_bytes())
    network = adapt._network(PLAN["cifar10-r8-bn-s1"], RunStore(tmp_path / "runs"), tmp_path)
    assert (network.config.seed, network.weights) == (1, weights)
    assert network.sha256 == read_card("cifar10-r8-bn").sha256["weights"]


def test_a_network_that_is_not_there_is_one_line(tmp_path, capsys):
    with pytest.raises(ValueError, match=r"^cifar10-r8-bn-s1 is not trained here: python -m afn"):
        adapt.have_adapted(PLAN["cifar10-r8-bn-s1"], RunStore(tmp_path), tmp_path, print)
    with pytest.raises(ValueError, match=r"^no stream is planned for mnist5k-bn$"):
        adapt.have_adapted(PLAN["mnist5k-bn"], RunStore(tmp_path), tmp_path, print)
    with pytest.raises(SystemExit):
        main(["pretrained", "adapt", "mnist5k-*"])
    assert "no stream is planned for mnist5k-*; planned: cifar10-r8-bn" in capsys.readouterr().err
