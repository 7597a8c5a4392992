"""Measuring accuracy over λ_μ and λ_σ: a network asked again and again about the same images.

A point costs one forward pass of every image, less the layers before the first with λ: what these
put out is the same at every point and is kept.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn

from afn.ask.lambda_maps import (
    POINTS,
    LambdaMap,
    MapPoint,
    at,
    check_share,
    correct_of,
    wanted,
)
from afn.ask.map_task import NUM_IMAGES, MapTask, task_of
from afn.ask.measure import ShownImages, answers, brought
from afn.ask.models import asked, restored
from afn.ask.network import Network, Stats
from afn.ask.records import Cell, Question
from afn.ask.sources import Source, network_of
from afn.data import load_dataset
from afn.norms import AdaptiveNorm, override_lambdas

_MOST_BYTES = 2**28
"""What is kept of the layers before the first λ; with more images they are computed again."""


def lambda_map(
    network: Network | Source | str,
    *,
    corruption: str | None = None,
    severity: int = 0,
    dataset: str = "",
    num_images: int = NUM_IMAGES,
    points: int = POINTS,
    beside: Sequence[tuple[float, float]] = (),
    statistics: Stats | None = None,
    batch_size: int = 128,
) -> LambdaMap:
    """Accuracy of a trained network over λ_μ and λ_σ, forced in every layer alike.

    Measured on 4 × 4 points of the unit square, then where the accuracy changes; the same question
    has the same points. λ_γ and λ_β stay as each layer learned them.

    Args:
        network: What was trained: a run's id or a pretrained model's name, what `afn.find` and
            `afn.trained` give, or the network.
        corruption: Of ``CORRUPTIONS``; None for clean images.
        severity: 1 to 5; 0 for clean images.
        dataset: Whose test images; the network's own by default.
        num_images: The first so many.
        points: How many, 16 to 625.
        beside: More of them, (λ_μ, λ_σ), off the grid or on it.
        statistics: "running" or "batch", where the norms have the choice; None is as trained.
        batch_size: Where statistics are a test batch's, answers depend on it.

    Raises:
        ValueError: A network without λ, an unknown corruption, a severity or a number of points
            out of range, or a corruption that changes none of the images.
        FileNotFoundError: There is no such run, or the data set is not on disk.

    Example:
        >>> from afn import lambda_map
        >>> found = lambda_map(
        ...     "mnist5k-afn", corruption="contrast", severity=5, num_images=100, points=20
        ... )
        >>> len(found.points), found.accuracy(0.1, 0.1) > found.accuracy(0.95, 0.95)
        (20, True)
    """
    if not isinstance(network, Network):
        network = network_of(network)
    task = task_of(
        network, corruption=corruption, severity=severity, dataset=dataset, num_images=num_images,
        points=points, beside=tuple(beside), statistics=statistics, batch_size=batch_size,
    )  # fmt: skip
    data = brought(load_dataset(task.question.dataset), network.image_shape, num_images)
    shown = ShownImages.of(*data, place=task.place)
    with Mapped(restored(network), shown, task.question, network.class_names) as mapped:
        trained = mapped.answer()
        found: list[MapPoint] = []
        while nodes := wanted(correct_of(found), points):
            found += [mapped.point(*at(node)) for node in nodes]
        known = {(point.mu, point.sigma) for point in found}
        found += [mapped.point(*each) for each in task.beside if each not in known]
    return LambdaMap(trained=trained, points=tuple(found))


class Mapped:
    """A network before its images, to be asked with any λ; a context, behind which it is as before.

    Args:
        model: In eval mode, with λ.
        shown: The images; of every point the same.
        question: Whose statistics, and in which batches.
        class_names: What each logit stands for; None for the classes of the images.
    """

    def __init__(
        self,
        model: nn.Module,
        shown: ShownImages,
        question: Question,
        class_names: Sequence[str] | None = None,
    ) -> None:
        self._model, self._shown, self._question = model, shown, question
        self._class_names = class_names
        self._kept: dict[nn.Module, dict[int, Tensor]] = {}
        self._batch, self._stack = 0, ExitStack()

    def __enter__(self) -> "Mapped":
        with ExitStack() as stack:
            stack.enter_context(asked(self._model, self._question))
            with torch.inference_mode():
                before = layers_before(self._model, self._shown.images[:2])
            for layer in before:
                stack.enter_context(self._remembering(layer))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stack.close()
        self._kept.clear()

    def answer(self, mu: float | None = None, sigma: float | None = None) -> Cell:
        """What it says with λ forced; None leaves each layer its own."""
        self._batch = 0
        with override_lambdas(self._model, mu=mu, sigma=sigma):
            return answers(
                self._logits, self._shown, batch_size=self._question.batch_size,
                order=self._question.order, class_names=self._class_names,
            )  # fmt: skip

    def point(self, mu: float, sigma: float) -> MapPoint:
        """The same as a point of the map."""
        for name, value in (("mu", mu), ("sigma", sigma)):
            check_share(name, value)
        return MapPoint(mu=mu, sigma=sigma, cell=self.answer(mu, sigma))

    def _logits(self, images: Tensor) -> Tensor:
        logits: Tensor = self._model(images)
        self._batch += 1
        return logits

    @contextmanager
    def _remembering(self, layer: nn.Module) -> Iterator[None]:
        """Its output for each batch is computed once; copies, which others may change in place."""
        kept = self._kept[layer] = {}
        compute = layer.forward

        def forward(given: Tensor) -> Tensor:
            if self._batch not in kept:
                made: Tensor = compute(given)
                if self._size + made.nbytes > _MOST_BYTES:
                    return made
                kept[self._batch] = made
            return kept[self._batch].clone()

        layer.forward = forward
        try:
            yield
        finally:
            del layer.forward

    @property
    def _size(self) -> int:
        return sum(made.nbytes for batches in self._kept.values() for made in batches.values())


def mapped_and_kept(task: MapTask, model: nn.Module, shown: ShownImages) -> Iterator[None]:
    """Measure what of a map is not known yet and keep it, result by result.

    Args:
        task: What is to be known, and where it is kept.
        model: The task's network, in eval mode.
        shown: The images of its place.
    """
    file = task.file
    with Mapped(model, shown, task.question, task.network.class_names) as mapped:
        if file.read()[0] is None:
            file.append(mapped.answer())
            yield
        while points := task.next_points():
            for mu, sigma in points:
                file.append(mapped.answer(mu, sigma), mu, sigma)
                yield


def layers_before(model: nn.Module, images: Tensor) -> list[nn.Module]:
    """The layers without parts that run before the first with λ, from one tensor to one, and once.

    Args:
        model: In eval mode.
        images: A few that it takes, (N, C, H, W).
    """
    ran: list[tuple[nn.Module, bool]] = []

    def note(layer: nn.Module, given: tuple[object, ...], made: object) -> None:
        ran.append((layer, len(given) == 1 and all(isinstance(x, Tensor) for x in (*given, made))))

    def reached(layer: nn.Module, given: tuple[object, ...]) -> None:
        ran.append((layer, False))

    handles = []
    for layer in model.modules():
        if isinstance(layer, AdaptiveNorm) and layer.adaptive:
            handles.append(layer.register_forward_pre_hook(reached))
        elif not (list(layer.children()) or isinstance(layer, torch.jit.ScriptModule)):
            handles.append(layer.register_forward_hook(note))
    try:
        model(images)
    finally:
        for handle in handles:
            handle.remove()
    order = [layer for layer, _ in ran]
    first = next(k for k, it in enumerate(order) if isinstance(it, AdaptiveNorm) and it.adaptive)
    return [layer for layer, is_plain in ran[:first] if is_plain and order.count(layer) == 1]
