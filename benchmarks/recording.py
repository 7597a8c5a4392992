"""What recording costs: ``python -m benchmarks.recording``.

ResNet-20 on batches of 32×32 images, one torch thread: steps of a model that is recorded, and of a
copy that is not, in turn. Times are of the processor, so that what else the machine does weighs
little. Channels are told most often in the first 240 steps, so that a longer training pays less.
"""

import argparse
import copy
import tempfile
import time

import torch
from torch import nn

from afn import record
from afn.backbones import resnet20
from afn.norms import make_norm
from afn.recording.recorder import INTERVAL, Recorder


def main() -> None:
    """Train, record and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--norms", nargs="+", default=["bn", "afn", "gn"])
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--interval", type=int, default=INTERVAL)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for norm in options.norms:
        plain, recorded, size = _times(norm, options.steps, options.batch, options.interval)
        share = 100 * (recorded / plain - 1)
        print(
            f"{norm:<5}every {options.interval} steps, batch {options.batch}: "
            f"{1000 * plain / options.steps:.0f} ms a step, recorded {share:+.2f} %   target +3 %: "
            f"{'met' if share <= 3 else 'MISSED'}; {size / 1e6:.2f} MB of {options.steps} steps",
            flush=True,
        )


def _times(norm: str, steps: int, batch: int, interval: int) -> tuple[float, float, int]:
    """Seconds of all steps without and with the recorder, and bytes written."""
    torch.manual_seed(0)
    plain = resnet20(3, 10, (32, 32), make_norm(norm))
    recorded = copy.deepcopy(plain)
    images, labels = torch.rand(batch, 3, 32, 32), torch.randint(10, (batch,))
    ours, theirs = _sgd(recorded), _sgd(plain)
    with tempfile.TemporaryDirectory() as folder:
        with record(recorded, "benchmark", optimizer=ours, interval=interval, store=folder) as run:
            _step(plain, theirs, images, labels)  # warm
            seconds = [0.0, 0.0]
            for number in range(steps):
                pair = [(plain, theirs, None), (recorded, ours, run)]
                for model, optimizer, recorder in pair if number % 2 else pair[::-1]:
                    began = time.process_time()
                    _step(model, optimizer, images, labels, recorder)
                    seconds[recorder is not None] += time.process_time() - began
        size = run.run.events_path.stat().st_size
    return seconds[0], seconds[1], size


def _sgd(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)


def _step(
    model: nn.Module, optimizer: torch.optim.Optimizer, images: torch.Tensor, labels: torch.Tensor,
    recorder: Recorder | None = None,
) -> None:  # fmt: skip
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    if recorder:
        recorder.step(loss=loss)


if __name__ == "__main__":
    main()
