"""Of several processes the first records, the others run the same program, and all obey."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import distributed, nn

from afn import record
from afn.norms import convert_norm, synchronize_norms
from afn.runs.history import History
from afn.runs.index import RunIndex
from afn.runs.store import RunStore


def work(rank, folder):
    """One of two processes with synchronized layers, until the page says stop."""
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder / 'meeting'}", rank=rank, world_size=2
    )
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(256, 2))
    model = nn.parallel.DistributedDataParallel(synchronize_norms(convert_norm(net, "afn")))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    generator = torch.Generator().manual_seed(rank)
    steps = 0
    with record(model, "both", optimizer=optimizer, interval=2, store=folder / "runs") as run:
        while steps < 50:
            images = torch.rand(4, 3, 10, 10, generator=generator)
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images), torch.tensor([0, 1, 0, 1]))
            loss.backward()
            optimizer.step()
            run.step(loss=loss)
            steps += 1
            if rank == 0 and steps == 3:
                run.run.send({"command": "set", "lr": 0.01})
                run.run.send({"command": "set", "lambda": {"mu": 0.0}})
            if rank == 0 and steps == 5:
                run.run.send({"command": "stop"})
            if run.control().stop:
                break
        tested = run.evaluate((images, torch.tensor([0, 1, 0, 1])))
    found = {
        "steps": steps,
        "lr": optimizer.param_groups[0]["lr"],
        "tested": len(tested),
        "weights": dict(model.state_dict()),
    }
    torch.save(found, folder / f"{rank}.pt")
    distributed.destroy_process_group()


@pytest.mark.slow
def test_two_processes_make_one_run(tmp_path):
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.recording.test_processes", str(rank), str(tmp_path)],
            cwd=Path(__file__).parents[2],
        )
        for rank in range(2)
    ]
    assert [process.wait(120) for process in processes] == [0, 0]
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    assert (first["steps"], second["steps"]) == (5, 5)  # both stop at the same step
    assert first["lr"] == second["lr"] == pytest.approx(0.01)
    assert (first["tested"], second["tested"]) == (1, 0)
    for name, value in first["weights"].items():
        torch.testing.assert_close(second["weights"][name], value)  # λ was set in both
    store = RunStore(tmp_path / "runs")
    [line] = RunIndex(store).lines()
    assert (line.status, line.summary["step"]) == ("stopped", 5)
    history = History.of(store.open(line.id))
    assert history.num_steps == 5
    assert history.layers == ["1"]
    assert history.lambda_steps.tolist() == [1, 3, 5]


if __name__ == "__main__":
    work(int(sys.argv[1]), Path(sys.argv[2]))
