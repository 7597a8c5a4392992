"""Asking a protocol card's questions again, and what came out otherwise."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from afn.ask.classifiers import AskedModel, module_of
from afn.ask.image_sets import ImageSet, StreamedImages, image_set
from afn.ask.measure import ShownImages, answers, brought
from afn.ask.models import as_tested, restored
from afn.ask.progress import shown_progress
from afn.ask.protocol import (
    AnswerFacts,
    ImageFacts,
    ModelFacts,
    ProtocolCard,
    Test,
    versions,
)
from afn.ask.reading import model_facts
from afn.ask.records import Place
from afn.ask.results import image_facts
from afn.ask.sources import find, network_of
from afn.settings.corruptions import RULE

_SHORT = 12
"""Of a digest, hexadecimal digits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Something that is not as it was."""

    what: str
    then: str
    now: str

    def __str__(self) -> str:
        return f"{self.what}: {self.then} → {self.now}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """A number of a card beside the one that came out now."""

    model: str
    dataset: str
    then: AnswerFacts
    now: AnswerFacts

    @property
    def is_same(self) -> bool:
        """Whether each image has the answer that it had."""
        was, is_now = self.then, self.now
        return (was.n, was.correct, was.answers) == (is_now.n, is_now.correct, is_now.answers)

    def __str__(self) -> str:
        then, now = self.then, self.now
        told = f"{100 * then.accuracy:.2f} % → {100 * now.accuracy:.2f} %"
        if then.n != now.n:
            told += f", of {then.n:,} and {now.n:,} images"
        elif then.correct == now.correct and not self.is_same:
            told += ", but other images are right or wrong, or wrong in another way"
        return f"{self.model} on {self.dataset}, {then.where}: {told}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """What came of a card's questions when they were asked again."""

    checked: tuple[Checked, ...]
    changes: tuple[Change, ...]
    """What is not as it was, whether or not it changed an answer."""

    @property
    def is_same(self) -> bool:
        """Whether every number came out again, from the same answers."""
        return not self.different

    @property
    def different(self) -> list[Checked]:
        """The numbers that did not."""
        return [each for each in self.checked if not each.is_same]


def verify(
    card: ProtocolCard,
    model: Callable[..., Any] | str | Mapping[str, Callable[..., Any] | str] | None = None,
    data: Any = None,
    *,
    progress: bool = False,
) -> Verification:
    """Ask a protocol card's questions again, and say what differs.

    Args:
        card: What was asked, and what came out.
        model: The model, or the name of a run or a pretrained one; or several of these by the
            card's names for them. Where it is left out, the card's name is looked for.
        data: The images, as `image_set` takes them; or by the card's names, several. A data set of
            the catalogue is found by its name where it is left out.
        progress: Whether to show a bar with the time left (needs rich).

    Raises:
        ValueError: A model or images that are neither given nor found by their name; or the model
            does not fit the images.

    Example:
        >>> from afn import corruption_grid, load_dataset, load_pretrained, verify
        >>> model, data = load_pretrained("mnist5k-bn"), load_dataset("mnist5k")
        >>> asked = {"num_images": 100, "corruptions": ["fog"], "severities": [3]}
        >>> card = corruption_grid(model, data, **asked).card()
        >>> verify(card, model).is_same
        True
        >>> import torch
        >>> with torch.no_grad():
        ...     _ = next(model.parameters()).add_(0.2)
        >>> found = verify(card, model)
        >>> [change.what for change in found.changes], len(found.checked)
        (['weights'], 2)
    """
    total = sum(len(test.answers) * test.images.n for test in card.tests)
    changes = list(_versions(card.versions))
    if card.rule != RULE:
        changes.append(Change(what="rule", then=str(card.rule), now=str(RULE)))
    checked: list[Checked] = []
    subjects = [_subject(test, _of(model, test.model.name)) for test in card.tests]
    with shown_progress(progress, total) as advance:
        for test, subject in zip(card.tests, subjects, strict=True):
            images = _images(test, _of(data, test.images.dataset))
            facts = subject.facts(test)
            changes += _model_changes(test.model, facts)
            changes += _image_changes(test.images, image_facts(images))
            for then in test.answers:
                cell = answers(
                    subject.asked(images),
                    subject.shown(images, (then.corruption, then.severity)),
                    batch_size=test.batch_size,
                    order=test.order,
                    class_names=subject.class_names or _names(test, images),
                    advance=lambda count, what=then.where: advance(what, count),  # type: ignore[misc]
                )
                now = AnswerFacts.of(cell)
                if then.rule and now.rule and then.rule != now.rule != card.rule:
                    changes.append(Change(what="rule", then=str(then.rule), now=str(now.rule)))
                if now.source != then.source:
                    changes.append(Change(what="images", then=then.source, now=now.source))
                checked.append(
                    Checked(model=test.model.name, dataset=test.images.dataset, then=then, now=now)
                )
    return Verification(checked=tuple(checked), changes=tuple(dict.fromkeys(changes)))


@dataclass(frozen=True, slots=True)
class _Subject:
    """A model to be asked again."""

    model: Callable[..., Any]
    class_names: tuple[str, ...] | None = None
    image_shape: tuple[int, int, int] | None = None
    """(H, W, C) to which images are brought; None takes them as they are."""
    file: str = ""

    def asked(self, images: ImageSet) -> AskedModel:
        return AskedModel(self.model, images)

    def shown(self, images: ImageSet, place: Place) -> ShownImages | StreamedImages:
        if self.image_shape is None or images.data is None:
            return StreamedImages.of(images, place)
        those = brought(images.data, self.image_shape, len(images))
        if not those[2]:
            return StreamedImages.of(images, place)
        return ShownImages.of(*those, place=place)

    def facts(self, test: Test) -> ModelFacts:
        found = model_facts(self.model, test.batch_size, name=test.model.name)
        return replace(found, file=self.file)


def _subject(test: Test, model: Callable[..., Any] | str | None) -> _Subject:
    asked = test.model
    name = asked.name if model is None else model
    if model is not None and not isinstance(model, str):
        module = module_of(model)
        if isinstance(model, nn.Module) and module is not None and asked.mode != "unknown":
            model.train(asked.mode == "train")
        return _Subject(model)
    try:
        network = network_of(find(str(name)))
    except (ValueError, FileNotFoundError) as error:
        if model is not None:
            raise
        raise ValueError(
            f"expected a model for {asked.name!r}, which is neither a run nor a pretrained one: "
            f"give it (--model FILE.py:FUNCTION)"
        ) from error
    stats = None
    if network.has_choice:
        stats = "running" if asked.statistics == "running" else "batch"
    tested = as_tested(restored(network), stats, networks=asked.networks)  # type: ignore[arg-type]
    return _Subject(tested, network.class_names, network.image_shape, network.sha256)


def _images(test: Test, data: Any) -> ImageSet:
    asked = test.images
    size = asked.shape[1:]
    moments: dict[str, Any] = {"mean": asked.mean, "std": asked.std}
    if data is None:
        try:
            return image_set(asked.dataset, asked.n, **moments)
        except (ValueError, FileNotFoundError):
            raise ValueError(
                f"expected the images of {asked.dataset!r}, which is no data set here: give them "
                f"(--data FOLDER, an archive, a name or FILE.py:FUNCTION)"
            ) from None
    return image_set(data, asked.n, size=size, name=asked.dataset, **moments)


def _of(given: Any, name: str) -> Any:
    """Of several by their names that one; what is given for all, for each."""
    if isinstance(given, Mapping):
        return given.get(name)
    return given


def _names(test: Test, images: ImageSet) -> tuple[str, ...] | None:
    """Names of the logits where the images' are others than the card's."""
    told = test.images.class_names
    return told if told and images.class_names is None else None


def _versions(then: Mapping[str, str]) -> Iterator[Change]:
    now = versions()
    for package, version in then.items():
        if (other := now.get(package, "none")) != version:
            yield Change(what=package, then=version, now=other)


def _model_changes(then: ModelFacts, now: ModelFacts) -> Iterator[Change]:
    for name in ("weights", "file"):
        was, is_now = getattr(then, name), getattr(now, name)
        if was and is_now and was != is_now:
            yield Change(what="weights", then=was[:_SHORT], now=is_now[:_SHORT])
            break
    told = ["statistics", "networks"] if then.norms == () else ["statistics", "networks", "mode"]
    for name in told:
        was, is_now = getattr(then, name), getattr(now, name)
        if was != is_now and "unknown" not in (was, is_now):
            yield Change(what=name, then=was, now=is_now)


def _image_changes(then: ImageFacts, now: ImageFacts) -> Iterator[Change]:
    if then.pixels != now.pixels:
        yield Change(what="pixels or labels", then=then.pixels[:_SHORT], now=now.pixels[:_SHORT])
    for name in ("n", "shape"):
        was, is_now = getattr(then, name), getattr(now, name)
        if was != is_now:
            yield Change(what=f"images' {name}", then=str(was), now=str(is_now))
    if then.class_names and now.class_names and then.classes != now.classes:
        few = (", ".join(each.class_names[:3]) for each in (then, now))
        yield Change(what="classes", then=next(few), now=next(few))
