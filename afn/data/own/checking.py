"""What is told of a set of pictures before anything learns it; and what comes twice."""

from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256

import numpy as np

from afn.data.own.gathering import Gathered, left_out_words
from afn.data.own.rules import FEWEST_OF_A_CLASS, NUM_CLASSES, SIDE
from afn.wording import count_words, enumerate_words

_FEW = 10
_UNEQUAL = 5
"""So many times as many pictures of one class as of another."""
_ALIKE, _ALIKE_SHARP = 5.0, 20.0
"""Of 255, root mean square: two pictures look alike that differ less, in averages over squares of
4×4 pixels and pixel by pixel. Of 500 test pictures of MNIST one does, of CIFAR-10, MNIST-M and PACS
none."""
_SHOWN = 3


def once(found: Gathered) -> list[str]:
    """Leave out what comes twice in a class, and of what is to learn, too, the test's copy.

    Returns:
        What was done, a line each.
    """
    first: dict[tuple[bytes, int], int] = {}
    classes: dict[bytes, set[int]] = defaultdict(set)
    kept: list[int] = []
    num_twins = num_leaks = 0
    order = sorted(range(len(found.labels)), key=lambda i: found.parts[i] == 1)  # to learn first
    for i in order:
        digest = sha256(found.pictures[i].tobytes()).digest()
        classes[digest].add(found.labels[i])
        twin = first.setdefault((digest, found.labels[i]), i)
        if twin == i:
            kept.append(i)
        elif found.parts[i] == 1 and found.parts[twin] != 1:
            num_leaks += 1
        else:
            num_twins += 1
    kept.sort()
    found.pictures = [found.pictures[i] for i in kept]
    found.labels = [found.labels[i] for i in kept]
    found.parts = [found.parts[i] for i in kept]
    lines = []
    if num_twins:
        lines.append(f"{count_words(num_twins, 'picture')} came twice: each is kept once.")
    if num_leaks:
        lines.append(
            f"{count_words(num_leaks, 'picture')} to test also came to learn: left out of the test."
        )
    if torn := [labels for labels in classes.values() if len(labels) > 1]:
        names = enumerate_words([found.class_names[label] for label in sorted(torn[0])])
        lines.append(f"{count_words(len(torn), 'picture')} came in two classes, as in {names}.")
    return lines


def why_unusable(class_names: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """What is lacking before it can be learned, in one line; "" for nothing.

    Args:
        class_names: Of all classes.
        counts: Of each class how many are to learn and to test.
    """
    if len(class_names) < NUM_CLASSES.start:
        return f"One class alone ({class_names[0]}): add another." if class_names else "Empty."
    for name, (num_train, num_test) in zip(class_names, counts, strict=True):
        if num_train + num_test < FEWEST_OF_A_CLASS:
            return f"{name} has {count_words(num_train + num_test, 'picture')}: add more."
        if not num_train:
            return f"{name} has pictures to test alone: add some to learn."
    if not sum(num_test for _, num_test in counts):
        return "There are no pictures to test: add some."
    return ""


def warnings_of(found: Gathered, counts: Sequence[Sequence[int]]) -> list[str]:
    """What may spoil the learning, a line each; see `why_unusable` for the arguments."""
    totals = {name: sum(count) for name, count in zip(found.class_names, counts, strict=True)}
    lines = []
    if few := [name for name, total in totals.items() if total < _FEW]:
        least = min(few, key=totals.__getitem__)
        more = f", {len(few) - 1} more classes hardly more" if len(few) > 1 else ""
        lines.append(
            f"Few: {least} has {count_words(totals[least], 'picture')}{more}. Twenty are a start."
        )
    most, least = max(totals, key=totals.__getitem__), min(totals, key=totals.__getitem__)
    if totals[most] > _UNEQUAL * totals[least]:
        lines.append(
            f"Unequal: {totals[most]:,} of {most}, {totals[least]:,} of {least}. A network will "
            f"rather say {most}."
        )
    if found.num_wide:
        lines.append(
            f"{count_words(found.num_wide, 'picture')} more than twice as long one way as the "
            "other: the middle square alone is seen."
        )
    if found.num_small:
        lines.append(f"{count_words(found.num_small, 'picture')} below {SIDE}×{SIDE}: enlarged.")
    if found.num_sequences:
        lines.append(
            f"{count_words(found.num_sequences, 'file')} of several frames or pages: the first one "
            "is taken."
        )
    if found.unread:
        some = [f"{place} ({why})" for place, why in list(found.unread.items())[:_SHOWN]]
        more = f" and {len(found.unread) - _SHOWN} more" if len(found.unread) > _SHOWN else ""
        lines.append(f"Not readable, left out: {'; '.join(some)}{more}.")
    if found.left_out:
        lines.append(f"Left out: {left_out_words(found.left_out)}.")
    return lines


def num_alike(train: np.ndarray, test: np.ndarray) -> int:
    """How many test pictures look almost like one of the training pictures.

    Args:
        train: (N, 32, 32, 3) uint8.
        test: (M, 32, 32, 3) uint8.
    """
    if not len(train) or not len(test):
        return 0
    a, b = _averaged(train), _averaged(test)
    squares = (b**2).sum(1)[:, None] + (a**2).sum(1)[None] - 2 * b @ a.T
    nearest = squares.argmin(1)
    blurred = np.sqrt(np.maximum(squares.min(1), 0) / a.shape[1])
    apart = train[nearest].astype(np.float32) - test
    sharp = np.sqrt((apart**2).mean((1, 2, 3)))
    return int(((blurred < _ALIKE) & (sharp < _ALIKE_SHARP)).sum())


def alike_line(alike: int, num_test: int) -> str:
    """The same as a line; "" for none."""
    if not alike:
        return ""
    return (
        f"{alike:,} of {count_words(num_test, 'test picture')} look almost like one that is "
        "learned: they test memory more than sight."
    )


def _averaged(pictures: np.ndarray) -> np.ndarray:
    """(N, 192): means over squares of 4×4 pixels."""
    n, side = len(pictures), SIDE // 4
    small = pictures.reshape(n, side, 4, side, 4, 3).mean((2, 4), dtype=np.float32)
    return small.reshape(n, -1)
