"""The lessons, in their order. Each is one file: texts, experiment, and answers from its data.

To add one: write ``app/page/lessons/lessons/NAME.py`` with a ``LESSON``, put it into `LESSONS`, and
run ``python -m benchmarks.lessons --keep SLUG``, which makes its precomputed result.
"""

from typing import Any

from . import (
    adapting,
    axes,
    batch_size,
    bounded,
    gain,
    hidden_hero,
    landscape,
    measuring,
    networks,
    one_image,
    price,
    sharing,
    small_lambda,
)
from .lesson import Lesson

LESSONS: dict[str, Lesson[Any]] = {
    each.LESSON.slug: each.LESSON
    for each in (
        axes,
        sharing,
        measuring,
        small_lambda,
        landscape,
        gain,
        networks,
        bounded,
        batch_size,
        hidden_hero,
        one_image,
        adapting,
        price,
    )
}
"""By slug."""
