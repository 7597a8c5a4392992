"""What all tests share: one thread, folders of their own, and small quick configurations."""

import functools
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from afn import TrainConfig
from afn.runs.store import RunStore

QUICK = TrainConfig(
    dataset="digits8", widths=(4, 8), epochs=1, evals_per_epoch=2, eval_images=100,
    corruptions=("contrast", "gaussian_noise"),
)  # fmt: skip
"""A run of well under a second: 8×8 digits, 22 steps, two corruptions."""

os.environ["AFN_WORKER_NICE"] = "0"  # what is waited for does not yield to what else is tested


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--renew`` writes what the golden tests hold, instead of comparing; see `tests/golden`."""
    parser.addoption("--renew", action="store_true", help="write golden files anew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with most that waits or takes long come first: no core is left with one at the end."""
    marks = {item.path: 0 for item in items}
    for item in items:
        long = item.get_closest_marker("browser"), item.get_closest_marker("slow")
        marks[item.path] += sum(mark is not None for mark in long)
    items.sort(key=lambda item: -marks[item.path])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A device that is not here is told, with how many tests that leaves out."""
    left_out = (report.longrepr for report in terminalreporter.stats.get("skipped", []))
    reasons = Counter(each[2] for each in left_out if isinstance(each, tuple))
    for reason, count in reasons.items():
        if " device here: " in reason:
            told = f"{count} tests: {reason.removeprefix('Skipped: ')}"
            terminalreporter.write_line(told, yellow=True)


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def _components_are_looked_for_once() -> Iterator[None]:
    """Each new `AppTest` looks through all installed packages for components: 0.2 s on one core."""
    if "streamlit" not in sys.modules:
        yield
        return
    from streamlit.components.v2 import manifest_scanner

    with pytest.MonkeyPatch.context() as patch:
        found = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", found)
        yield


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """An empty run store."""
    return RunStore(tmp_path / "runs")


@pytest.fixture
def quick() -> TrainConfig:
    """`QUICK`."""
    return QUICK
