"""First gradients of the lesson on gains, taken apart: ``python -m benchmarks.first_gradients``.

Of each network and start of λ, as ratios to the same network with BN, medians over the lesson's
seeds: the gradient of all parameters and that of the kernels of convolutions, for the error at the
logits that the network makes itself, and for the same random error in both. *Shared* is the norm of
that error's mean over the images, which all of them have in common.
"""

import argparse
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from afn.data import load_dataset
from afn.engine.training import Training
from afn.pixels import as_float
from afn.settings.config import TrainConfig
from app.page.lessons.lessons.gain import LESSON

COLUMNS = ("all", "kernels", "shared", "all, same error", "kernels, same error")
_BN = "BN"


def main() -> None:
    """Print a row for each network and start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, help="that are taken (default all of the lesson's)")
    seeds = parser.parse_args().seeds
    torch.set_num_threads(1)
    found: dict[tuple[str, ...], list[list[float]]] = {}
    for run in LESSON.experiment.plan.runs:
        point = tuple(label for _, label in run.point)
        rows = found.setdefault(point, [])
        if seeds is None or len(rows) < seeds:
            rows.append(measured(run.config))
    print(f"{'':<28}{''.join(f'{name:>22}' for name in COLUMNS)}")
    for (depth, start), rows in found.items():
        if start != _BN:
            pairs = zip(rows, found[depth, _BN], strict=True)
            each = [[a / b for a, b in zip(*pair, strict=True)] for pair in pairs]
            told = "".join(f"{median(ratio):>22.2f}" for ratio in zip(*each, strict=True))
            print(f"{f'{depth}, {start}':<28}{told}")


def measured(config: TrainConfig) -> list[float]:
    """What `COLUMNS` names, of a network before its first step."""
    data, size = load_dataset(config.dataset), config.batch_size
    images = as_float(torch.from_numpy(data.x_train[:size]))
    labels = torch.from_numpy(data.y_train[:size])
    model = Training(config).model.train()
    logits = model(images)
    own = (logits.softmax(1) - one_hot(labels, logits.shape[1])).detach() / size
    drawn = torch.randn(own.shape, generator=torch.Generator().manual_seed(0))
    same = (drawn - drawn.mean(1, keepdim=True)) / size
    torch.testing.assert_close(
        torch.autograd.grad(cross_entropy(logits, labels), logits, retain_graph=True)[0], own
    )
    return [
        *norms(model, logits, own), float(own.mean(0).norm()), *norms(model, model(images), same)
    ]  # fmt: skip


def norms(model: nn.Module, logits: Tensor, error: Tensor) -> tuple[float, float]:
    """Of the gradient of all parameters, and of the kernels alone."""
    model.zero_grad()
    logits.backward(error)
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    kernels = [grad for grad in gradients if grad.dim() == 4]
    return (
        float(torch.cat([grad.flatten() for grad in gradients]).norm()),
        float(torch.cat([grad.flatten() for grad in kernels]).norm()),
    )


if __name__ == "__main__":
    main()
