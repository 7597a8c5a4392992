"""What may be dropped, told beforehand; and how it is seen."""

import re

PREFIX = "own-"
"""What the names of such data sets begin with."""
_NAME = re.compile(PREFIX + r"[0-9a-f]{16}")
SIDE = 32
"""Pictures become squares of so many pixels: the middle of each."""
MOST_MB = 100
"""Of one upload."""
MOST_IMAGES = 5_000
NUM_CLASSES = range(2, 51)
FEWEST_OF_A_CLASS = 2
"""One to learn, one to test."""
MOST_PIXELS = 64_000_000
"""Of one picture, before it is decoded."""
MOST_FILE_MB = 50
"""Of one picture's file."""
MOST_UNPACKED_MB = 1_000
"""Of all that an archive holds."""
MOST_MEMBERS = 20_000
"""Files within a zip."""
MOST_SECONDS = 120
"""For the reading of one upload."""
SEED = 20150110
"""Of the split: the same pictures are split alike."""


def is_own(name: str) -> bool:
    """Whether it is the name of such a data set."""
    return bool(_NAME.fullmatch(name))


def own_in(dataset: str) -> str:
    """The first such data set that a data set is made of, as ``own-…@grey`` is; "" for none."""
    found = _NAME.search(dataset)
    return found[0] if found else ""
