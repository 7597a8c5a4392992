"""Networks that never learned: no page draws one without saying so."""

from collections.abc import Iterable
from functools import lru_cache

import streamlit as st

from afn.data import dataset_entry
from afn.stats.chance import is_at_chance
from afn.wording import enumerate_words

from .draw.chart import Shown
from .markdown import plain


@lru_cache(maxsize=256)
def classes_of(dataset: str) -> int:
    """How many classes a data set has; 0 for one that nothing is known of."""
    try:
        return dataset_entry(dataset).num_classes
    except (ValueError, OSError):
        return 0


def never_learned(accuracy: float | None, dataset: str) -> bool:
    """Whether a network does no better than guessing on the images it was trained for.

    Not of a data set whose classes are not known, or before the first test.
    """
    classes = classes_of(dataset)
    return accuracy is not None and classes > 1 and is_at_chance(accuracy, classes)


def warn_of(labels: Iterable[str]) -> None:
    """Say who answers at chance; nothing where nobody does."""
    if names := list(dict.fromkeys(labels)):
        verb = "answers" if len(names) == 1 else "answer"
        told = f"{enumerate_words(names)} {verb} at chance: the training came to nothing."
        st.warning(plain(told), icon=":material/casino:")


def warn_of_shown(shown: Iterable[Shown]) -> None:
    """The same of networks with their histories, once they are trained."""
    tested = ((each, each.history.latest_accuracy()) for each in shown if each.is_over)
    warn_of(
        each.label
        for each, test in tested
        if test and never_learned(test["accuracy"], test["dataset"])
    )
