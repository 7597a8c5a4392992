"""Networks and images at hand, so that looking into a layer again and again is quick."""

import math
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from afn.ask.evaluate import Classifier
from afn.ask.inside.layers import AtWork, at_work, layers_of, num_channels
from afn.ask.inside.look import (
    POOL,
    SHOWN,
    UNTRAINED,
    Answered,
    Batch,
    Look,
    Neighbours,
    Seen,
    ShownScore,
)
from afn.ask.inside.pool import check_image, chosen_of, ordered, picture_of, pool_of, set_of
from afn.ask.inside.steps import lambdas_of, scale_of, steps_of
from afn.ask.measure import ShownImages
from afn.ask.models import restored, switch
from afn.ask.network import Network, Stats
from afn.engine.building import started
from afn.engine.snapshots import short
from afn.engine.tensors import load_tensors
from afn.norms import override_lambdas
from afn.png import data_uri
from afn.settings.backbones import BACKBONE_ROWS

_MODELS, _POOLS, _SCORES = 12, 6, 256
"""So many are kept; a pool of 64×64 colour images takes 25 MB."""
_PASSES = 32
"""Small batches take long for their number: accuracy is counted in at most so many."""
_DEEP_WORK, _DEEP_IMAGES = 20, 128
"""Of so much work (a `BackboneRow`'s) a network's accuracy is counted on fewer images, so that it
follows a hand on a slider."""
_DRAWN_BATCHES = 24
_FEWEST_BATCHES, _MOST_CLASSES = 4, 12
"""Of what is drawn for a model of one's own, which may be slow or have a thousand classes."""
_MOST_NEIGHBOURS = 63
_QUICK = 2e-3
"""So many seconds an image may take a network before fewer are asked about."""
Value = TypeVar("Value")


class Bench:
    """Answers looks one after the other; what it has loaded stays."""

    def __init__(self) -> None:
        self._models = _Kept(_MODELS)
        self._sets = _Kept(_POOLS)
        self._pools = _Kept(_POOLS)
        self._scores = _Kept(_SCORES)
        self._scales = _Kept(_SCORES)
        self._speeds = _Kept(_SCORES)

    @torch.inference_mode()
    def look(self, look: Look) -> Seen:
        """Send the batch through the network and say what its layer did.

        Raises:
            ValueError: No such layer or image, a λ out of range, other classes, a data set that
                is not there, or a batch that the layer cannot take.
            OSError: Weights or images cannot be read.
        """
        model = self._model(look.subject)
        layers = layers_of(model)
        name = look.layer or next(iter(layers), "")
        if name not in layers:
            raise ValueError(
                f"the network has no layer {name!r}; it has {', '.join(layers) or 'no norm layers'}"
            )
        layer, batch = layers[name], look.batch
        pool = self._pool(look.subject, batch)
        chosen = chosen_of(pool, batch)
        check_image(look, chosen)
        images, labels = pool.images[chosen], pool.labels[chosen]
        if batch.picture:
            images = images.clone(memory_format=torch.preserve_format)
            images[0] = picture_of(look)
            labels[0] = -1
        trained = lambdas_of(layer)
        scale = self._scale(look, name, pool.images[chosen])
        with _changed(model, layer, look):
            logits, work = _through(model, layer, name, images)
            steps = steps_of(
                work, channel=look.channel, image=look.image, pixel=look.pixel, scale=scale
            )
            score = self._score(model, look.subject, pool, batch)
        who_else = [self._other(other, look, pool, images) for other in look.others]
        # one dict, spelled in two parts: what the layer did, and what came of it
        seen: dict[str, Any] = {
            **steps,
            "layers": {each: num_channels(layers[each]) for each in layers},
            "layer": name,
            "norm": look.subject.config.norm,
            "image": look.image,
            "size": len(chosen),
            "trained": {key: short(value) for key, value in trained.items()},
            "pictures": [_uri(each) for each in images[:SHOWN]],
            "labels": labels[:SHOWN].tolist(),
            "class_names": list(look.subject.class_names),
            "source": pool.source,
            "now": _answered(logits, look.image, score),
            "as_trained": self._trained_score(look.subject, look.subject, pool, batch),
            "others": who_else,
        }
        return seen  # type: ignore[return-value]

    @torch.inference_mode()
    def neighbours(self, look: Look) -> Neighbours:
        """The followed image among other images, as each network is trained, again and again.

        The batches are the same for all networks, and the same whenever it is asked.

        Raises:
            ValueError, OSError: As `look`; and an image that is not in the batch.
        """
        batch = look.batch
        pool = self._pool(look.subject, batch)
        chosen = chosen_of(pool, batch)
        check_image(look, chosen)
        is_own = batch.picture and look.image == 0
        image = picture_of(look) if is_own else pool.images[chosen[look.image]]
        count = min(batch.size - 1, _MOST_NEIGHBOURS)
        generator = torch.Generator().manual_seed(0)
        slowness = max(self._slowness(each) for each in (look.subject, *look.others))
        drawn = [
            torch.randperm(len(pool.images), generator=generator)[:count]
            for _ in range(max(_DRAWN_BATCHES // slowness, _FEWEST_BATCHES))
        ]
        there = pool.labels[pool.labels >= 0].unique().tolist()[: _MOST_CLASSES // slowness]
        if look.subject.rebuilt is None:
            there = list(range(look.subject.num_classes))
        classes = [(pool.labels == label).nonzero().flatten()[:count] for label in there]
        models = [self._like(each, look.subject) for each in (look.subject, *look.others)]
        clean = self._pool(look.subject, replace(batch, corruption=None, severity=0))

        def answer(model: Classifier, beside: Tensor, among: ShownImages = pool) -> list[float]:
            logits = model(torch.cat([image[None], among.images[beside]]))[0]
            confidence, said = logits.softmax(0).max(0)
            return [int(said), short(float(confidence))]

        nobody = drawn[0][:0]
        return {
            "alone": [answer(model, nobody) for model in models],
            "mixed": [[answer(model, each) for each in drawn] for model in models],
            "clean": [
                [answer(model, each, clean) for each in drawn if batch.severity] for model in models
            ],
            "by_class": [[answer(model, each) for each in classes] for model in models],
            "classes": [look.subject.class_names[label] for label in there],
            "class_names": list(look.subject.class_names),
        }

    # -- what is at hand ---------------------------------------------------------------------------

    def _model(self, network: Network) -> nn.Module:
        return self._models.of((network.sha256, network.config), lambda: _built(network))

    def _as_trained(self, network: Network) -> nn.Module:
        model = self._model(network)
        switch(model, _stats_of(network))
        return model

    def _other(self, network: Network, look: Look, pool: ShownImages, images: Tensor) -> Answered:
        """What a network says as trained; kept, for it does not change with what is forced."""
        return self._scores.of(
            (
                network.sha256,
                network.config,
                network.class_names,
                look.subject.image_shape,
                look.subject.class_names,
                look.batch,
                look.image,
            ),
            lambda: _answered(
                self._like(network, look.subject)(images),
                look.image,
                self._trained_score(network, look.subject, pool, look.batch),
            ),
        )

    def _like(self, network: Network, first: Network) -> Classifier:
        """A network as trained, its logits in the order of another one's classes.

        Raises:
            ValueError: It knows other classes.
        """
        model = self._as_trained(network)
        if network.class_names == first.class_names:
            return model
        if set(network.class_names) != set(first.class_names):
            raise ValueError(
                f"{network.id} and {first.id} know other classes: expected "
                f"{', '.join(first.class_names)}, got {', '.join(network.class_names)}; compare "
                f"networks of the same ones"
            )
        order = [network.class_names.index(name) for name in first.class_names]
        return lambda images: model(images)[:, order]

    def _scale(self, look: Look, name: str, images: Tensor) -> tuple[float, float]:
        """Of the channel's pictures: of the batch's own images and the network as trained."""
        subject, batch = look.subject, replace(look.batch, picture=b"")
        key = subject.sha256, subject.config, subject.class_names, batch, name, look.channel

        def made() -> tuple[float, float]:
            model = self._as_trained(subject)
            _, work = _through(model, layers_of(model)[name], name, images)
            return scale_of(work, channel=look.channel)

        return self._scales.of(key, made)

    def _pool(self, network: Network, batch: Batch) -> ShownImages:
        """The images that the network can be asked about, labelled as its logits are numbered."""
        key = (
            batch.dataset, network.image_shape, batch.corruption, batch.severity,
            network.class_names,
        )  # fmt: skip

        def made() -> ShownImages:
            return pool_of(network, batch, *self._sets.of(key[:2], lambda: set_of(network, batch)))

        return self._pools.of(key, made)

    def _score(
        self, model: Classifier, network: Network, pool: ShownImages, batch: Batch
    ) -> ShownScore:
        those = ordered(pool, batch)[: min(self._most(network), _PASSES * batch.size)]
        those = those[pool.labels[those] >= 0]  # of other classes no answer is right
        correct = sum(
            int((model(pool.images[each]).argmax(1) == pool.labels[each]).sum())
            for each in those.split(batch.size)
        )
        return {"correct": correct, "n": len(those)}

    def _most(self, network: Network) -> int:
        """On how many images its accuracy is counted, so that it follows a hand on a slider."""
        if network.rebuilt is None:
            work = BACKBONE_ROWS[network.config.backbone].work
            return POOL if work < _DEEP_WORK else _DEEP_IMAGES
        return int(POOL / self._slowness(network))

    def _slowness(self, network: Network) -> int:
        """1 for a network that is quick; 2, 4, ... for one of one's own that takes longer."""
        if network.rebuilt is None:
            return 1
        return self._speeds.of(network.sha256, lambda: _slowness(self._model(network), network))

    def _trained_score(
        self, network: Network, first: Network, pool: ShownImages, batch: Batch
    ) -> ShownScore:
        key = (
            network.sha256, network.config, network.class_names, pool.dataset, pool.place,
            first.image_shape, pool.class_names, batch.size, batch.order,
        )  # fmt: skip
        return self._scores.of(
            key, lambda: self._score(self._like(network, first), network, pool, batch)
        )


class _Kept:
    """The values last asked for, by key."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[Hashable, Any] = {}

    def of(self, key: Hashable, made: Callable[[], Value]) -> Value:
        value: Value = self._values.pop(key) if key in self._values else made()
        self._values[key] = value  # the newest last
        if len(self._values) > self._most:
            del self._values[next(iter(self._values))]
        return value


def _built(network: Network) -> nn.Module:
    if network.sha256 != UNTRAINED:
        return restored(network)
    config = network.config
    data = load_tensors(config.dataset, config.train_images, 1)
    model = started(
        config,
        image_size=data.image_shape[:2],
        num_classes=len(data.class_names),
        mean=data.mean,
        std=data.std,
    )
    return model.to(memory_format=torch.channels_last).eval()


def _through(
    model: nn.Module, layer: nn.Module, name: str, images: Tensor
) -> tuple[Tensor, AtWork]:
    """The logits, and what the layer did.

    Raises:
        ValueError: It ran more or less than once, or its steps are not known.
    """
    inputs: list[Tensor] = []
    outputs: list[Tensor] = []
    handles = [  # copies, which what comes later in the network may not change in place
        layer.register_forward_pre_hook(lambda _, given: inputs.append(given[0].clone())),
        layer.register_forward_hook(lambda _, __, made: outputs.append(made.clone())),
    ]
    try:
        logits = model(images)
    finally:
        for handle in handles:
            handle.remove()
    if len(inputs) != 1:
        raise ValueError(f"{name} must run once per forward pass, it ran {len(inputs)}×")
    return logits, at_work(layer, inputs[0], outputs[0])


@contextmanager
def _changed(model: nn.Module, layer: nn.Module, look: Look) -> Iterator[None]:
    switch(model, look.stats or _stats_of(look.subject))
    with ExitStack() as stack:
        if look.lambdas:
            where = model if look.everywhere else layer
            stack.enter_context(override_lambdas(where, **look.lambdas))
        yield


def _stats_of(network: Network) -> Stats:
    """As it was trained to be used."""
    return "batch" if network.config.statistics.startswith("test batch") else "running"


def _slowness(model: nn.Module, network: Network) -> int:
    height, width, channels = network.image_shape
    images = torch.zeros(2, channels, height, width)
    model(images)
    begun = time.perf_counter()
    model(images)
    seconds = (time.perf_counter() - begun) / len(images)
    return int(2 ** max(0, min(6, math.ceil(math.log2(seconds / _QUICK)))))


def _answered(logits: Tensor, image: int, score: ShownScore) -> Answered:
    probabilities = logits.softmax(1)
    confidences, answers = probabilities[:SHOWN].max(1)
    return {
        "answers": answers.tolist(),
        "confidences": [short(value) for value in confidences.tolist()],
        "probabilities": [short(value) for value in probabilities[image].tolist()],
        "score": score,
    }


def _uri(image: Tensor) -> str:
    pixels = image.mul(255).round().to(torch.uint8).permute(1, 2, 0)
    return data_uri(pixels.contiguous().numpy())
