"""Two processes with a share of the batch each are one process with all of it."""

import copy
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import distributed, nn
from torch.testing import assert_close

from afn import LambdaInit
from afn.norms import (
    NORMS,
    AFN2d,
    BatchNorm2d,
    convert_norm,
    make_norm,
    norm_layers,
    synchronize_norms,
)

NUM = 8
OPEN = {"lambda_init": LambdaInit.OPEN}
LAYERS = {
    "afn": lambda: AFN2d(3, **OPEN),
    "afn's published formula": lambda: AFN2d(3, formula="reference", **OPEN),
    "afn without networks": lambda: AFN2d(3, adaptive=False),
    "afn with cumulative averages": lambda: AFN2d(3, momentum=None, **OPEN),
    "asrnorm": lambda: make_norm("asrnorm", **OPEN)(3),
    "bn": lambda: BatchNorm2d(3),
    "bin": lambda: make_norm("bin")(3),
    "in": lambda: make_norm("in", track_running_stats=True)(3),
}
SHARES = {"halves": 4, "unequal": 5, "one empty": 8}
"""How many of the images the first process has."""


def given(name):
    """A layer with parameters of its own, images far from zero, and the gradient of the output."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    layer = LAYERS[name]().double()
    with torch.no_grad():
        for parameter in layer.parameters():
            if parameter.requires_grad:
                parameter.copy_(0.5 + 0.4 * draw(*parameter.shape))
    x = draw(NUM, 3, 4, 5) * torch.tensor([0.1, 1.0, 3.0])[:, None, None] + 10
    return layer, x, draw(NUM, 3, 4, 5)


def results(layer, x, grad_y, scale=1):
    """Output, gradients and buffers; two steps, so that averages have a history."""
    for _ in range(2):
        layer.zero_grad()
        leaf = x.clone().requires_grad_()
        y = layer(leaf)
        (y * grad_y).sum().mul(scale).backward()
    gradients = {name: p.grad for name, p in layer.named_parameters() if p.requires_grad}
    return {
        "y": y.detach(),
        "grad_x": leaf.grad / scale,
        "gradients": {name.removeprefix("module."): grad for name, grad in gradients.items()},
        "buffers": {name.removeprefix("module."): b for name, b in layer.named_buffers()},
    }


def work(rank, folder):
    """One of two processes: its results for every case, into a file."""
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder / 'meeting'}", rank=rank, world_size=2
    )
    found = {}
    for name in LAYERS:
        for share, first in SHARES.items():
            for by in ("us", "torch", "nobody"):
                layer, x, grad_y = given(name)
                if by == "us":
                    synchronize_norms(layer)
                elif by == "torch" and name != "bn":
                    converted = nn.SyncBatchNorm.convert_sync_batchnorm(layer)
                    assert converted is layer
                elif share == "one empty":
                    continue
                own = slice(0, first) if rank == 0 else slice(first, None)
                # Without averages every process would take over those of the first.
                ddp = nn.parallel.DistributedDataParallel(layer, broadcast_buffers=by == "us")
                # Gradients of parameters are averaged, so that a sum over all needs the double.
                found[name, share, by] = results(ddp, x[own], grad_y[own], scale=2)
    torch.save(found, folder / f"{rank}.pt")
    distributed.destroy_process_group()


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What both processes found."""
    folder = tmp_path_factory.mktemp("processes")
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.norms.test_synchronize", str(rank), str(folder)],
            cwd=Path(__file__).parents[2],
        )
        for rank in range(2)
    ]
    assert [process.wait(120) for process in processes] == [0, 0]
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


@pytest.mark.slow
@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize(
    ("name", "by"),
    # Torch makes a layer of its own of our BatchNorm2d, which does not run on the CPU.
    [(name, by) for name in LAYERS for by in ("us", "torch") if (name, by) != ("bn", "torch")],
)
def test_both_together_are_one_with_the_joint_batch(name, share, by, found):
    expected = results(*given(name))
    first, second = (each[name, share, by] for each in found)
    for key in ("y", "grad_x"):
        assert_close(torch.cat([first[key], second[key]]), expected[key])
    for each in (first, second):
        assert_close(each["gradients"], expected["gradients"])
        assert_close(each["buffers"], expected["buffers"])


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS)
def test_unsynchronized_each_measures_alone(name, found):
    layer, x, grad_y = given(name)
    halves = [results(copy.deepcopy(layer), x[own], grad_y[own]) for own in (slice(4), slice(4, 8))]
    for half, expected in zip(found, halves, strict=True):
        mine = half[name, "halves", "nobody"]
        for key in ("y", "grad_x", "buffers"):
            assert_close(mine[key], expected[key])
        both = {key: sum(each["gradients"][key] for each in halves) for key in mine["gradients"]}
        assert_close(mine["gradients"], both)


@pytest.mark.parametrize("name", ["afn", "asrnorm", "bn", "bin"])
def test_alone_nothing_changes(name, draw):
    layer, x, grad_y = given(name)
    expected = results(copy.deepcopy(layer), x, grad_y)
    assert synchronize_norms(layer) is layer
    assert_close(results(layer, x, grad_y), expected, rtol=0, atol=0)
    copied = copy.deepcopy(layer)
    assert_close(copied(x), layer(x), rtol=0, atol=0)


def test_torchs_conversion_leaves_the_layers():
    model = nn.Sequential(AFN2d(3), nn.Sequential(make_norm("asrnorm")(3)))
    before = list(model.modules())
    assert nn.SyncBatchNorm.convert_sync_batchnorm(model) is model
    assert list(model.modules()) == before
    assert [*norm_layers(model)] == ["0", "1.0"]


def test_a_converted_layer_stays_synchronized():
    layer = convert_norm(synchronize_norms(AFN2d(3)), "bin")
    assert layer._processes is not None


def test_what_cannot_be_synchronized():
    model = nn.Sequential(AFN2d(3), nn.Sequential(nn.BatchNorm2d(3)))
    with pytest.raises(
        ValueError, match=r'^1\.0 is torch\'s own batch .*convert_norm\(model, "bn"'
    ):
        synchronize_norms(model)
    assert model[0]._processes is None
    with pytest.raises(ValueError, match="to synchronize, got a model without any"):
        synchronize_norms(nn.Sequential(NORMS["gn"](4)))


if __name__ == "__main__":
    torch.set_num_threads(1)
    work(int(sys.argv[1]), Path(sys.argv[2]))
