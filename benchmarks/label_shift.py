"""Accuracy in test batches of few classes: ``python -m benchmarks.label_shift NAME ...``.

Of 1 to 10 classes, and of images sorted by class. Clean images, 128 to a batch at most, of
pretrained models whose data are in ``AFN_DATA_DIR``. With ``--keep`` the page shows the result: it
goes into ``app/reference/label-shift.jsonl``, in the place of what was there of these models.
"""

import argparse
import json
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from afn.ask.measure import kept_grid
from afn.ask.models import asked, restored
from afn.ask.network import Network
from afn.data import load_dataset
from afn.pretrained.cards import read_card
from app.page.robustness.charts.label_shift import ShiftPoint
from app.page.robustness.label_shift import REFERENCE, asks, kept_line, point_of


def main() -> None:
    """Print each accuracy; keep them if asked to."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("names", nargs="+", metavar="NAME", help="pretrained models")
    options.add_argument("--images", type=int, default=2000, help="(default 2000)")
    options.add_argument("--keep", action="store_true", help="lay the result into the app")
    given = options.parse_args()
    torch.set_num_threads(1)
    lines = {}
    for name in given.names:
        with TemporaryDirectory() as folder:
            network = read_card(name).network(Path(folder))
            lines[name] = kept_line(network, measured(network, given.images))
    if given.keep:
        before = REFERENCE.read_text().splitlines() if REFERENCE.exists() else []
        others = {json.loads(line)["model"]: line for line in before}
        REFERENCE.write_text("".join(f"{line}\n" for line in {**others, **lines}.values()))


def measured(network: Network, num_images: int) -> list[ShiftPoint]:
    """All points of a model."""
    data, model = load_dataset(network.config.dataset), restored(network)
    found = []
    for mode, classes, question in asks(network, partial(network.question, num_images=num_images)):
        with asked(model, question):
            [cell] = kept_grid(network.file(question), model, data, corruptions=())
        point = point_of(mode, classes, question, cell)
        what = "sorted by class" if point.is_sorted else "any batch"
        what = f"{classes} a batch" if classes else what
        low, high = point.estimate.low, point.estimate.high
        print(
            f"{network.id:<16} {mode:<10} {what:<18} {100 * point.accuracy:6.2f} %  95 % CI "
            f"{100 * low:.2f} to {100 * high:.2f}  ({cell.n} images)",
            flush=True,
        )
        found.append(point)
    return found


if __name__ == "__main__":
    main()
