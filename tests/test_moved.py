"""Programs handed out earlier import by names that modules had then."""

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import afn
from afn._moved import MOVED

TAKEN = Path(__file__).parent / "golden" / "taken"


EARLIER = """
from afn import LambdaInit, TrainConfig, as_tested, corruption_grid, domain_matrix, find, load
from afn import load_pretrained, set_eval_stats, train, trained
from afn.ask.domains import Row
from afn.ask.inside.bench import Bench
from afn.ask.inside.look import Batch, Look
from afn.ask.inside.networks import network
from afn.ask.inside.own_picture import from_text, from_upload, in_shape
from afn.ask.measure import images_under
from afn.ask.movement_statistics import movement_of
from afn.ask.records import STANDARD
from afn.ask.rescaling_statistics import layer_rescaling
from afn.ask.sources import config_of, subject_of
from afn.comparing import differences, parting
from afn.cost.measure import measure
from afn.cost.plan import Plan
from afn.cost.records import Measurement
from afn.course import course_of, history_of, rescaling_of
from afn.data import load_dataset
from afn.decay import decay_alone
from afn.engine.execution import execute
from afn.fork import fork
from afn.grids.domains import Row
from afn.grids.measure import images_under
from afn.grids.movement_statistics import movement_of
from afn.grids.records import STANDARD
from afn.grids.rescaling_statistics import layer_rescaling
from afn.inside.bench import Bench
from afn.inside.look import Batch, Look
from afn.inside.networks import network
from afn.inside.own_picture import from_text, from_upload, in_shape
from afn.pretrained.asks import corrupted, digits
from afn.pretrained.cards import pretrained_dir
from afn.pretrained.ladder import ladder
from afn.pretrained.measured import Results
from afn.pretrained.published import TABLES
from afn.pretrained.replication import COMPARISONS, replicated
from afn.runs import RunStore
from afn.runs.compare import differences, parting
from afn.runs.course import course_of, history_of, rescaling_of
from afn.runs.fork import fork
from afn.runs.store import RunStore
from afn.sources import config_of, subject_of
from afn.stats.decay import decay_alone
from afn.sweep.here import carry_out
from afn.sweep.plan import words
from afn.sweep.spec import SweepSpec
from afn.sweep.table import metrics, over_seeds
"""
"""Every import of programs handed out earlier; who moves a name, keeps its line working."""


@pytest.mark.parametrize("line", EARLIER.split("\n")[1:-1])
def test_what_earlier_programs_import_is_there(line: str) -> None:
    exec(line, {})


def test_a_program_imports_from_the_face_alone() -> None:
    """So that nothing is ever added to the list above."""
    for text in (each.read_text() for each in TAKEN.glob("*.txt")):
        assert not re.findall(r"^(?:from afn\.|import afn).*", text, flags=re.M)


@pytest.mark.parametrize("old", MOVED)
def test_a_module_is_one_by_both_its_names(old: str) -> None:
    assert import_module(old) is import_module(MOVED[old])


def test_what_lay_in_a_package_is_found_by_its_old_name() -> None:
    from afn.grids.subjects import Subject as old  # type: ignore[import-not-found]

    from afn.ask.network import Network

    assert old is Network


def test_an_unknown_module_is_refused_as_ever() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"afn\.nothing"):
        import_module("afn.nothing")


def test_an_old_name_is_found_first_thing() -> None:
    program = "from afn.runs import RunStore; import afn.grids.records; print(RunStore.__module__)"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout == "afn.runs.store\n"
    assert afn.__version__
