"""What is seen inside a layer is what the layer does."""

import base64
from dataclasses import replace

import numpy as np
import pytest
import torch

from afn import load_pretrained
from afn.ask.evaluate import evaluate
from afn.ask.inside.bench import Bench
from afn.ask.inside.look import SHOWN, Batch
from afn.ask.inside.networks import untrained
from afn.data import load_dataset
from afn.engine.training import Training
from afn.norms import norm_layers, override_lambdas, set_eval_stats
from afn.pixels import as_float
from afn.settings.config import TrainConfig

OFF = dict.fromkeys(("mu", "sigma", "gamma", "beta"), 0.0)
NAMES = (
    "mu", "sigma", "mu_stan", "sigma_stan", "mu_hat", "sigma_hat", "gamma_net", "beta_net",
    "gamma_hat", "beta_hat",
)  # fmt: skip


@pytest.fixture(scope="module")
def bench():
    return Bench()


def first_images(num):
    data = load_dataset("mnist5k")
    return as_float(torch.from_numpy(data.x_test[:num])), torch.from_numpy(data.y_test[:num])


def given_to(model, name, images):
    """The input that a layer gets."""
    found = []
    layer = norm_layers(model)[name]
    handle = layer.register_forward_pre_hook(lambda _, given: found.append(given[0]))
    with torch.inference_mode():
        model(images)
    handle.remove()
    return layer, found[0]


@pytest.mark.parametrize("norm", ["afn", "asrnorm", "bn"])
@pytest.mark.parametrize("number", [0, 1])
def test_every_number_is_the_layers_own(bench, asks, norm, number):
    model = load_pretrained(f"mnist5k-{norm}")
    name = list(norm_layers(model))[number]
    layer, x = given_to(model, name, first_images(16)[0])
    with torch.inference_mode():
        trace, y = layer.trace(x), layer(x)
    seen = bench.look(asks(norm, layer=name, image=3, channel=5))
    for each in NAMES:
        value = getattr(trace, each)
        if value is None:
            assert each not in seen["channels"]
            continue
        expected = value[3] if value.dim() == 2 else value
        torch.testing.assert_close(
            torch.tensor(seen["channels"][each]), expected, rtol=1e-4, atol=1e-6
        )
    at = int(seen["pixel"]["row"]), int(seen["pixel"]["column"])
    furthest = (x[3, 5] - x[3, 5].mean()).abs()
    assert float(furthest[at]) == pytest.approx(float(furthest.max()), rel=1e-4)
    assert seen["pixel"]["x"] == pytest.approx(float(x[3, 5][at]), rel=1e-4)
    assert seen["pixel"]["x_hat"] == pytest.approx(float(trace.x_hat[3, 5][at]), rel=1e-4)
    assert seen["pixel"]["y"] == pytest.approx(float(y[3, 5][at]), rel=1e-4)
    histogram = seen["histograms"]["y"]
    assert sum(histogram["counts"]) == x[:, 5].numel()  # as trained nothing leaves the scale
    assert histogram["below"] == histogram["above"] == 0
    assert seen["layers"] == {each: lay.num_features for each, lay in norm_layers(model).items()}


@pytest.mark.parametrize(
    ("norm", "stats", "name"),
    [("afn", "batch", "bn_batch"), ("afn", "running", "bn_running"), ("asrnorm", None, None)],
)
def test_with_all_lambdas_at_0_nothing_but_rounding_is_left(bench, asks, norm, stats, name):
    seen = bench.look(asks(norm, lambdas=OFF, stats=stats))
    assert set(seen["lambdas"].values()) == {0.0}
    if name:
        assert seen["beside"][name]["difference"] < 1e-5
    assert seen["channels"]["mu_hat"] == seen["channels"]["mu"]
    assert bench.look(asks(norm, stats=stats))["channels"]["mu_hat"] != seen["channels"]["mu"]


def test_forcing_lambdas_moves_the_answers_and_leaves_no_trace(bench, asks):
    before = bench.look(asks("afn", corruption="contrast", severity=5))
    forced = bench.look(asks("afn", corruption="contrast", severity=5, lambdas={"mu": 1.0}))
    after = bench.look(asks("afn", corruption="contrast", severity=5))
    assert forced["now"]["score"]["correct"] < before["now"]["score"]["correct"] - 50
    assert forced["as_trained"] == before["now"]["score"] == before["as_trained"]
    assert forced["trained"] == before["lambdas"]
    assert forced["lambdas"]["mu"] == 1.0
    assert after == before


def pictures(seen, name):
    """Of all shown images, back in the layer's numbers."""
    maps, (low, high) = seen["maps"][name], seen["scale"]
    raw = np.stack([np.frombuffer(base64.b64decode(each), np.uint8) for each in maps["pixels"]])
    return raw, low + (raw.astype(float) - 1) * (high - low) / 253


def test_pictures_are_on_one_scale_that_lambda_does_not_change(bench, asks):
    before = bench.look(asks("afn", corruption="contrast", severity=5, channel=1))
    forced = bench.look(
        asks("afn", corruption="contrast", severity=5, channel=1, lambdas={"sigma": 0.98})
    )
    assert forced["scale"] == before["scale"]
    assert before["scale"][0] == -before["scale"][1]
    moved = np.abs(pictures(forced, "x_hat")[1] - pictures(before, "x_hat")[1])
    assert moved.max() > 0.25 * before["scale"][1]  # seen by the eye
    at = int(forced["pixel"]["row"]), int(forced["pixel"]["column"])
    for seen in (before, forced):
        for name in ("x", "x_hat", "y"):
            raw, values = pictures(seen, name)
            shape = seen["maps"][name]["height"], seen["maps"][name]["width"]
            if 0 < raw[0].reshape(shape)[at] < 255:
                step = (seen["scale"][1] - seen["scale"][0]) / 253
                assert abs(values[0].reshape(shape)[at] - seen["pixel"][name]) <= 0.51 * step


def test_values_that_leave_the_scale_are_marked_and_counted(bench, asks):
    _, second = bench.look(asks("afn"))["layers"]
    seen = bench.look(asks("afn", layer=second, lambdas={"sigma": 1.0}, everywhere=False))
    low, high = seen["scale"]
    histogram, (raw, _) = seen["histograms"]["x_hat"], pictures(seen, "x_hat")
    assert histogram["high"] > high
    assert histogram["above"] > 0
    assert (raw == 255).any()
    assert sum(histogram["counts"]) + histogram["above"] + histogram["below"] == 16 * raw.shape[1]
    assert (raw == 0).any() == (histogram["low"] < low)


def test_the_pixel_that_is_asked_for_is_followed(bench, asks):
    x = given_to(load_pretrained("mnist5k-afn"), "backbone.blocks.0.norm", first_images(16)[0])[1]
    seen = bench.look(asks("afn", image=2, channel=4, pixel=(3, 14)))
    assert (seen["pixel"]["row"], seen["pixel"]["column"]) == (3, 14)
    assert seen["pixel"]["x"] == pytest.approx(float(x[2, 4, 3, 14]), rel=1e-4)
    assert bench.look(asks("afn", pixel=(99, 99)))["pixel"]["row"] == x.shape[2] - 1


def test_lambdas_are_forced_in_every_layer_or_in_one(bench, asks):
    _, second = bench.look(asks("afn"))["layers"]
    here = bench.look(asks("afn", layer=second, lambdas={"mu": 1.0}, everywhere=False))
    everywhere = bench.look(asks("afn", layer=second, lambdas={"mu": 1.0}))
    plain = bench.look(asks("afn", layer=second))
    assert here["lambdas"]["mu"] == everywhere["lambdas"]["mu"] == 1.0
    assert here["channels"]["mu"] == plain["channels"]["mu"]  # the layer before is as trained
    assert everywhere["channels"]["mu"] != plain["channels"]["mu"]


def test_the_score_is_the_networks_accuracy(bench, asks):
    images, labels = first_images(512)
    model = load_pretrained("mnist5k-afn")
    assert bench.look(asks("afn", size=64))["now"]["score"] == {
        "correct": evaluate(model, images, labels, 64).correct,
        "n": 512,
    }
    with override_lambdas(model, sigma=0.9):
        forced = evaluate(model, images, labels, 64).correct
    seen = bench.look(asks("afn", size=64, lambdas={"sigma": 0.9}))
    assert seen["now"]["score"]["correct"] == forced
    set_eval_stats(model, "running")
    running = evaluate(model, images, labels, 64).correct
    assert bench.look(asks("afn", size=64, stats="running"))["now"]["score"]["correct"] == running


def test_the_others_answer_the_same_images_as_trained(bench, asks, network):
    look = asks("afn", others=(network("bn"), network("asrnorm")), lambdas=OFF)
    seen = bench.look(look)
    images = first_images(16)[0]
    for norm, found in zip(("bn", "asrnorm"), seen["others"], strict=True):
        with torch.inference_mode():
            expected = load_pretrained(f"mnist5k-{norm}")(images)
        assert found["answers"] == expected[:SHOWN].argmax(1).tolist()
        torch.testing.assert_close(
            torch.tensor(found["probabilities"]), expected[0].softmax(0), rtol=1e-3, atol=1e-6
        )


@pytest.mark.parametrize("norm", ["afn", "asrnorm"])
def test_the_sibling_beside_takes_its_statistics_over_the_other_axes(bench, asks, norm):
    seen = bench.look(asks(norm, image=2))
    other = "per_image" if norm == "afn" else "batch"
    alone = bench.look(asks(norm, size=1, first=2))
    assert seen["beside"][other]["difference"] > 0
    if norm == "afn":  # alone, a batch is an image: AFN is ASRNorm with its parameters
        torch.testing.assert_close(
            seen["beside"][other]["mu_hat"], alone["channels"]["mu_hat"], rtol=1e-3, atol=1e-5
        )
        assert alone["beside"][other]["difference"] < 1e-4


def test_a_batch_wraps_around_and_may_be_sorted_by_class(bench, asks):
    labels = first_images(512)[1]
    assert bench.look(asks("bn", first=510))["labels"] == [
        *labels[510:].tolist(),
        *labels[: SHOWN - 2].tolist(),
    ]
    assert set(bench.look(asks("bn", order="by label"))["labels"]) == {0}


def test_a_picture_of_ones_own_takes_the_first_place_and_is_corrupted(bench, asks):
    pixels = np.zeros((28, 28, 1), dtype=np.uint8)
    pixels[4:24, 12:16] = 255
    seen = bench.look(asks("afn", picture=pixels.tobytes()))
    plain = bench.look(asks("afn"))
    assert seen["labels"] == [-1, *plain["labels"][1:]]
    assert seen["pictures"][1:] == plain["pictures"][1:]
    assert seen["now"]["answers"][0] == 1
    foggy = bench.look(asks("afn", picture=pixels.tobytes(), corruption="fog", severity=5))
    assert foggy["pictures"][0] != seen["pictures"][0]
    kept = asks(
        "afn", picture=pixels.tobytes(), corruption="fog", severity=5, damages_picture=False
    )
    assert bench.look(kept)["pictures"] == [seen["pictures"][0], *foggy["pictures"][1:]]
    assert bench.look(asks("afn"))["pictures"] == plain["pictures"]  # the pool is untouched


def test_an_untrained_network_is_the_one_that_training_begins_with(bench, asks):
    look = asks("afn")
    seen = bench.look(replace(look, subject=untrained(TrainConfig(norm="afn", seed=3))))
    training = Training(TrainConfig(norm="afn", seed=3))
    layer = next(iter(norm_layers(training.model.eval()).values()))
    _, x = given_to(training.model, "backbone.blocks.0.norm", first_images(16)[0])
    with torch.inference_mode():
        expected = layer.trace(x)
    torch.testing.assert_close(
        torch.tensor(seen["channels"]["gamma_hat"]), expected.gamma_hat, rtol=1e-4, atol=1e-6
    )
    assert seen["channels"]["running_mu"] == [0.0] * 16
    other = bench.look(replace(look, subject=untrained(TrainConfig(norm="afn", seed=4))))
    assert other["channels"]["mu"] != seen["channels"]["mu"]


@pytest.mark.parametrize("norm", ["afn", "asrnorm", "bn"])
def test_a_batch_of_one(bench, asks, norm):
    seen = bench.look(asks(norm, size=1))
    assert len(seen["labels"]) == 1
    assert seen["count"] == 28 * 28


def test_neighbours_change_answers_only_where_the_batch_is_measured(bench, asks, network):
    look = asks("afn", size=8, corruption="contrast", severity=5, image=1)
    look = replace(look, others=(network("bn"), network("asrnorm")))
    found = bench.neighbours(look)
    confidences = [
        {round(confidence, 3) for _, confidence in [*mixed, *clean, *by_class]}
        for mixed, clean, by_class in zip(
            found["mixed"], found["clean"], found["by_class"], strict=True
        )
    ]
    assert len(confidences[0]) > 10
    assert [len(each) for each in confidences[1:]] == [1, 1]
    assert len(found["by_class"][0]) == len(found["class_names"]) == 10
    assert found == bench.neighbours(look)
    alone = found["alone"][0][0]
    flips = [sum(answer != alone for answer, _ in found[how][0]) for how in ("mixed", "clean")]
    assert flips[0] < flips[1]  # one pale image among clean ones
    plain = bench.neighbours(replace(look, batch=Batch(dataset="mnist5k", size=8)))
    assert plain["clean"] == [[], [], []]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"layer": "nope"}, "no layer 'nope'; it has backbone.blocks.0.norm"),
        ({"image": 99}, "images 0 to 15"),
        ({"lambdas": {"mu": 2.0}}, r"must be in \[0, 1\]"),
        ({"picture": b"123"}, "28×28×1 bytes, got 3"),
        ({"dataset": "nope"}, "nope"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(bench, asks, changes, words):
    with pytest.raises(ValueError, match=words):
        bench.look(asks("afn", **changes))
    if "image" in changes or "dataset" in changes:
        with pytest.raises(ValueError, match=words):
            bench.neighbours(asks("afn", **changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size": 0}, "1 to 512"),
        ({"first": 512}, "0 to 511"),
        ({"order": "sorted"}, "order must be"),
        ({"severity": 3}, "severity 0 is clean"),
    ],
)
def test_a_batch_that_cannot_be(changes, words):
    with pytest.raises(ValueError, match=words):
        Batch(dataset="mnist5k", **changes)


def test_other_classes_are_refused(bench, asks):
    look = asks("afn")
    others = replace(look.subject, class_names=tuple("abcdefghij"))
    with pytest.raises(ValueError, match=r"no class in common: mnist5k \(0, 1, 2 and 7 more\)"):
        bench.look(replace(look, subject=others))
    with pytest.raises(ValueError, match="know other classes: expected 0, 1, 2"):
        bench.look(replace(look, others=(others,)))


def test_classes_are_found_by_their_names(bench, asks, monkeypatch):
    """The test images with three classes renamed and the rest turned around."""
    look = asks("afn")
    data = load_dataset("mnist5k")
    names = tuple(f"{9 - label}" if label < 7 else f"letter {label}" for label in range(10))
    turned = replace(data, name="turned", class_names=names)
    monkeypatch.setattr("afn.ask.inside.pool.load_dataset", {"turned": turned}.__getitem__)
    seen = bench.look(replace(look, batch=replace(look.batch, dataset="turned")))
    first = [9 - label for label in data.y_test[:512].tolist() if label < 7]
    assert seen["labels"] == first[: len(seen["labels"])]
    assert seen["class_names"] == [f"{label}" for label in range(10)]
    left = 512 - len(first)
    assert seen["source"].endswith(
        f"{left} images of unknown classes left out (letter 7, letter 8, letter 9)"
    )


def test_others_answer_in_the_order_of_the_first_ones_classes(bench, asks):
    look = asks("afn")
    same = replace(look, others=(look.subject,))
    [straight] = bench.look(same)["others"]
    order = look.subject.class_names[::-1]
    [turned] = bench.look(replace(look, others=(replace(look.subject, class_names=order),)))[
        "others"
    ]
    assert turned["answers"] == [9 - answer for answer in straight["answers"]]
