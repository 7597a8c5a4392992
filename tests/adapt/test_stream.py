"""Streams: what comes when; and what is told of how networks lived on them."""

import pytest
import torch
from torch import nn

from afn import Adapter, StreamPlan, StreamStep, follow_stream, image_stream
from afn.adapt.plan import STREAM_ORDERS, AdaptMethod, stream_key
from afn.adapt.records import accuracy_of, collapse_of, pull_of, window
from afn.ask.measure import ShownImages
from afn.data import load_dataset

PLAN = {"images": 60, "batch_size": 7, "corruption": "gaussian_noise", "severity": 3}


@pytest.mark.parametrize("order", STREAM_ORDERS)
def test_every_image_comes_once_with_its_own_noise_and_the_same_again(order):
    plan = StreamPlan(order=order, **PLAN)
    data = load_dataset("digits8")
    stream = list(image_stream(data, plan))
    assert len(stream) == plan.num_batches
    numbers = torch.cat([each.numbers for each in stream])
    assert numbers.sort().values.tolist() == list(range(60))
    for batch in stream[:: max(1, len(stream) // 5)]:
        shown = ShownImages.of(data, 60, place=batch.place)
        assert torch.equal(batch.images, shown.images[batch.numbers])
        assert batch.labels.tolist() == [int(data.y_test[i]) for i in batch.numbers]
    again = list(image_stream(data, plan))
    assert all(torch.equal(a.images, b.images) for a, b in zip(stream, again, strict=True))


def test_the_seed_shuffles():
    streams = [
        torch.cat([each.numbers for each in image_stream("digits8", StreamPlan(seed=seed, **PLAN))])
        for seed in (0, 1)
    ]
    assert not torch.equal(*streams)


def test_orders():
    def severities(order, batches=12, **more):
        plan = StreamPlan(order=order, images=batches, batch_size=1, **more)
        return [plan.place(batch)[1] for batch in range(plan.num_batches)]

    assert severities("mixed", 3) == [5, 5, 5]
    assert severities("comes and goes") == [0, 0, 5, 5, 0, 0, 5, 5, 0, 0, 5, 5]
    assert severities("drifting") == [0, 1, 2, 3, 4, 5, 5, 4, 3, 2, 1, 0]
    assert severities("drifting", 1) == [0]
    assert severities("mixed", 2, corruption=None) == [0, 0]
    assert StreamPlan(order="one at a time", images=9, batch_size=4).num_batches == 9
    labels = torch.cat(
        [each.labels for each in image_stream("digits8", StreamPlan(order="sorted", images=60))]
    )
    assert labels.diff().min() >= 0


@pytest.mark.parametrize(
    ("given", "clue"),
    [
        ({"order": "backwards"}, "order must be one of mixed, sorted"),
        ({"corruption": "rain"}, "unknown corruption 'rain'; known: gaussian_noise"),
        ({"severity": 6}, "severity must be from 1 to 5, got 6"),
        ({"batch_size": 0}, "batch_size and images must be at least 1, got 0"),
        ({"seed": -1}, "seed must not be negative"),
        ({"resets": (50,)}, "resets must be batches from 1 to 49"),
        ({"resets": (0,)}, "resets must be batches from 1 to 49"),
    ],
)
def test_a_plan_that_cannot_be_is_one_line(given, clue):
    with pytest.raises(ValueError, match=clue):
        StreamPlan(**given)


def test_too_few_images_are_said():
    with pytest.raises(ValueError, match="test images, got images=100000"):
        next(image_stream("digits8", StreamPlan(images=100_000)))


def linear():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(64, 10))


def test_a_reset_puts_back_what_was_trained():
    plans = [StreamPlan(**PLAN, resets=resets) for resets in ((), (4,))]
    plain, put_back = (
        [step for _, step in follow_stream({"it": Adapter(linear(), "tent=0.1")}, "digits8", plan)]
        for plan in plans
    )
    assert plain[:4] == put_back[:4]
    assert plain[4] != put_back[4]
    fresh = Adapter(linear(), "tent=0.1")
    [batch] = [each for each in image_stream("digits8", plans[1]) if each.resets]
    assert tuple(fresh(batch.images).argmax(1).tolist()) == put_back[4].answers


def test_a_step_survives_json_and_counts_right():
    [(_, step), *_] = follow_stream({"it": Adapter(linear())}, "digits8", StreamPlan(**PLAN))
    read = StreamStep.from_json(step.to_json())
    assert read.answers == step.answers
    assert read.to_json() == step.to_json()
    assert step.accuracy == sum(step.hits) / 7
    logits = Adapter(linear())(next(image_stream("digits8", StreamPlan(**PLAN))).images)
    shares = logits.softmax(1)
    assert step.entropy == pytest.approx(float(-(shares * shares.log()).sum(1).mean()), rel=1e-5)
    assert step.confidence == pytest.approx(float(shares.max(1).values.mean()), rel=1e-5)
    with pytest.raises(ValueError, match="not a batch of a stream"):
        StreamStep.from_json({"batch": 0})


def told(batch, labels, answers):
    return StreamStep(
        batch=batch, corruption=None, severity=0, images=tuple(range(len(labels))),
        labels=tuple(labels), answers=tuple(answers), confidences=(1.0,) * len(labels), entropy=0.0,
        moved=0.0, rescaled=0.0, lambdas={},
    )  # fmt: skip


def test_windows_and_collapse():
    sound = [told(i, [i] * 20, [i] * 20) for i in range(6)]  # sorted by class, all right
    fallen = [told(6 + i, [6 + i] * 20, [3] * 20) for i in range(6)]
    steps = sound + fallen
    assert [each.batch for each in window(steps, 3, 40)] == [2, 3]
    assert [each.batch for each in window(steps, 0, 40)] == [0]
    assert accuracy_of(steps) == 0.5
    assert pull_of(sound) == (0, 0.0)  # however common, right answers are no pull
    assert pull_of(steps[3:8]) == (3, 0.4)
    assert collapse_of(steps) == 8  # three of the five batches of its window
    assert collapse_of(sound) is None
    assert told(0, [1, 2, 3], [4, 4, 3]).common == (4, 2 / 3)


def test_keys_tell_questions_apart_and_stay():
    plan = StreamPlan()
    keys = {
        stream_key("w", "d", each, AdaptMethod.read(method))
        for each in (plan, StreamPlan(resets=(3,)), StreamPlan(order="sorted"))
        for method in ("tent", "tent=0.01", "running")
    }
    assert len(keys) == 9
    assert stream_key("w", "d", plan, AdaptMethod("tent")) == stream_key(
        "w", "d", plan, AdaptMethod.read("tent=0.001")
    )
