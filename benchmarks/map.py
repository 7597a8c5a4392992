"""How long λ as a map takes: ``python -m benchmarks.map``.

The landscape of ``mnist5k-afn`` under contrast at severity 5 on 512 of the embedded digits, on one
torch thread, as the app's worker measures it: the network is restored and its images are made once;
then 16 points are the first picture, and as many more as are asked for refine it. A point is
compared with a plain forward pass of the same images.
"""

import argparse
import statistics
import time

import torch

from afn.ask.lambda_maps import at, correct_of, wanted
from afn.ask.map_task import NUM_IMAGES, task_of
from afn.ask.mapping import Mapped
from afn.ask.measure import ShownImages, brought
from afn.ask.models import asked, restored
from afn.ask.sources import network_of
from afn.data import load_dataset
from afn.work.memory import keep_freed_memory


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="mnist5k-afn")
    parser.add_argument("--images", type=int, default=NUM_IMAGES)
    parser.add_argument("--points", type=int, default=90)
    parser.add_argument("--repeats", type=int, default=9, help="points and plain passes by turns")
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    network = network_of(options.model)
    task = task_of(
        network, corruption="contrast", severity=5, num_images=options.images, points=options.points
    )
    begun = time.perf_counter()
    data = brought(load_dataset(network.config.dataset), network.image_shape, options.images)
    shown = ShownImages.of(*data, place=task.place)
    model = restored(network)
    ready = time.perf_counter() - begun
    points, times = [], [time.perf_counter()]
    with Mapped(model, shown, task.question, network.class_names) as mapped:
        mapped.answer()
        while nodes := wanted(correct_of(points), options.points):
            for node in nodes:
                points.append(mapped.point(*at(node)))
                times.append(time.perf_counter())
    first, whole = times[16] - times[0], times[-1] - times[0]
    batches = torch.arange(len(shown.labels)).split(task.question.batch_size)
    other, each, plain = restored(network), [], []
    with (
        torch.inference_mode(),
        asked(other, task.question),
        Mapped(model, shown, task.question, network.class_names) as mapped,
    ):
        mapped.answer()
        for _ in range(options.repeats):  # by turns, so that both meet the same load
            begun = time.perf_counter()
            mapped.answer(0.5, 0.5)
            between = time.perf_counter()
            for images in shown.batches(batches):
                other(images)
            each.append(between - begun)
            plain.append(time.perf_counter() - between)
    ratio = statistics.median(a / b for a, b in zip(each, plain, strict=True))
    print(f"network and images made, once: {ready:.2f} s")
    print(f"first picture, 16 points: {first:.2f} s (asked: 1)")
    print(f"{len(points)} points: {whole:.2f} s (asked: 5)")
    print(
        f"a point: {1000 * statistics.median(each):.1f} ms, {ratio:.2f} plain forwards of the "
        f"same {len(shown.labels)} images ({1000 * statistics.median(plain):.1f} ms)"
    )


if __name__ == "__main__":
    main()
