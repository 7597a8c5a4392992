"""What may be dropped, told beforehand; and how it is seen."""

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
