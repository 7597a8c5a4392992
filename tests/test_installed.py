"""The library without its repository: what a wheel carries, and that this is enough."""

import re
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path
from urllib.request import urlopen

import pytest
import setuptools

import afn
from tests.app.browser import app_server
from tests.installed import ROOT, copy_of_project, environment, pip, wheel_of
from tests.public import PUBLIC
from tests.waiting import PATIENCE

pytestmark = pytest.mark.slow

MODELS = ("mnist5k-afn", "mnist5k-asrnorm", "mnist5k-bn")
TABLES = {"results.csv", "streams.jsonl.gz"}
FILES_OF_A_MODEL = ("json", "safetensors", "events.jsonl.gz", "cells.jsonl.gz")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The project's files, where a build may leave its own; a module is gone since the last one."""
    folder = copy_of_project(tmp_path_factory.mktemp("tree"))
    stale = folder / "build" / "lib" / "afn"
    stale.mkdir(parents=True)
    (stale / "gone.py").touch()
    (folder / "app" / "static" / "plotly.min.js").touch()  # as a plain Streamlit lays it there
    return folder


@pytest.fixture(scope="module")
def wheel(tree, tmp_path_factory):
    return wheel_of(tree, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder with the package and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    pip("install", "--target", str(folder), str(wheel), folder=folder)
    return folder


@pytest.fixture
def python(installed, tmp_path):
    """Runs Python from another folder, as somebody who has only installed the package."""

    def run(*arguments, status=0, **variables):
        before = everything_in(installed)
        answer = subprocess.run(
            [sys.executable, "-W", "error", *arguments],
            cwd=tmp_path,
            env=environment(installed, **variables),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert answer.returncode == status, answer.stderr
        assert everything_in(installed) == before  # so that it may be read-only
        return answer.stderr if status else answer.stdout

    return run


def everything_in(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def contents_of(wheel):
    """Checksums by path, without the record of them."""
    with zipfile.ZipFile(wheel) as file:
        return {
            each.filename: each.CRC
            for each in file.infolist()
            if not each.filename.endswith("/RECORD")
        }


def test_the_wheel_carries_all_modules_the_app_the_embedded_models_and_the_licence(wheel):
    dist_info = f"afn-{afn.__version__}.dist-info"
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "afn").rglob("*.py")}
    app = {path.relative_to(ROOT / "app") for path in (ROOT / "app").rglob("*") if path.is_file()}
    app = {path for path in app if path.suffix != ".pyc" and path.name != "plotly.min.js"}
    shipped = {f"{model}.{ending}" for model in MODELS for ending in FILES_OF_A_MODEL}
    assert contents_of(wheel).keys() == {
        *modules,
        *(f"afn_app/{path}" for path in app),
        "afn_app/.streamlit/config.toml",
        "afn/py.typed",
        *(f"afn/pretrained/shipped/{name}" for name in shipped | TABLES),
        f"{dist_info}/licenses/LICENSE",
        *(f"{dist_info}/{name}" for name in ("METADATA", "WHEEL", "top_level.txt")),
        f"{dist_info}/entry_points.txt",
    }
    assert wheel.stat().st_size < 5_500_000


def test_the_wheels_metadata_say_what_the_package_says(wheel):
    with zipfile.ZipFile(wheel) as file:
        [name] = (name for name in file.namelist() if name.endswith("/METADATA"))
        metadata = message_from_bytes(file.read(name))
    assert metadata["Version"] == afn.__version__
    assert metadata["License-Expression"] == "MIT"
    extras = {"app", "data", "cluster", "imagenet", "tensorboard", "lightning", "transformers"}
    assert set(metadata.get_all("Provides-Extra")) == extras


def test_an_sdist_makes_the_same_wheel(tree, wheel, tmp_path):
    code = f"import setuptools.build_meta as b; b.build_sdist({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=tree, check=True, capture_output=True)
    [sdist] = tmp_path.glob("*.tar.gz")
    assert contents_of(wheel_of(sdist, tmp_path)) == contents_of(wheel)


def test_the_installed_package_loads_its_models_from_any_folder(python):
    code = (
        "import torch, afn\n"
        "from importlib.metadata import version\n"
        "model = afn.load_pretrained('mnist5k-afn')\n"
        "assert model(torch.rand(2, 1, 28, 28)).shape == (2, 10)\n"
        "assert afn.find('mnist5k-bn').clean_accuracy().accuracy > 0.95\n"
        "print(afn.__file__, version('afn'), afn.__version__)"
    )
    path, *versions = python("-c", code).split()
    assert str(ROOT) not in path
    assert versions == [afn.__version__] * 2


def test_the_installed_command_line(python, installed):
    *models, end = python("-m", "afn", "pretrained").splitlines()
    assert {line.split()[0] for line in models} == set(MODELS)
    assert end.startswith(f"3 models in {installed}")
    assert "over 3 seeds" in python("-m", "afn", "pretrained", "tables")
    for command in (["-m", "afn"], [str(installed / "bin" / "afn")]):
        assert python(*command, "--version") == f"afn {afn.__version__}\n"


def test_the_installed_app_is_served_from_any_folder_and_writes_nothing_there(
    installed, tmp_path, monkeypatch
):
    for name in ("AFN_DATA_DIR", "AFN_PRETRAINED_DIR"):
        monkeypatch.delenv(name, raising=False)
    env = environment(installed, AFN_RUNS_DIR=str(tmp_path / "runs"))
    before, here = everything_in(installed), tmp_path / "here"
    own = here / ".streamlit" / "config.toml"
    own.parent.mkdir(parents=True)
    own.write_text("server.scriptHealthCheckEnabled = true")
    with app_server(env, tmp_path / "log", folder=here) as address:
        for path, begins in {
            "/": b"<!--",  # licence of the page, which Streamlit has at its top
            "/feed?c=nothing": b"retry: 1000",
            "/app/static/plotly.min.js": b"/**",
            "/app/static/live_chart/feed.js": b"// One connection",
            "/_stcore/script-health-check": b"ok",  # the first page was drawn without an error
        }.items():
            with urlopen(address + path, timeout=PATIENCE) as answer:
                assert answer.readline().startswith(begins), path
    assert (tmp_path / "log").read_text() == f"the app is at {address}\n"
    assert everything_in(installed) == before
    assert [path for path in here.rglob("*") if path.is_file()] == [own]


def test_a_model_that_is_not_installed_is_one_line_that_says_where_to_look(python, installed):
    line = python("-m", "afn", "pretrained", "show", "cifar10-afn", status=1)
    assert line == (
        f"afn: unknown pretrained model 'cifar10-afn'; known: {', '.join(MODELS)}, in "
        f"{installed}/afn/pretrained/shipped (AFN_PRETRAINED_DIR names another folder)\n"
    )
    assert "AFN_PRETRAINED_DIR" in python("-m", "afn", "evaluate", "cifar10-afn", status=1)
    there = str(ROOT / "pretrained")
    shown = python("-m", "afn", "pretrained", "show", "cifar10-afn", AFN_PRETRAINED_DIR=there)
    assert '"name": "cifar10-afn"' in shown


def test_after_make_the_environment_finds_the_project_from_any_folder(tmp_path):
    project = copy_of_project(tmp_path / "project")
    (project / "requirements.txt").write_text("# what is needed is here")
    here = str(Path(setuptools.__file__).parents[1])
    make = ["make", ".venv/app.stamp", f"PYTHON={sys.executable}", "PIP_FLAGS=--no-index"]
    subprocess.run(make, cwd=project, env=environment(here), check=True, timeout=300)
    for command, said in (
        (["python", "-c", "import afn; print(afn.__file__)"], f"{project}/afn/__init__.py\n"),
        (["afn", "--version"], f"afn {afn.__version__}\n"),
    ):
        answer = subprocess.run(
            [project / ".venv" / "bin" / command[0], *command[1:]],
            cwd=tmp_path,
            env=environment(here),
            capture_output=True,
            text=True,
            check=True,
        )
        assert answer.stdout == said


def test_models_are_not_made_into_an_installed_package(python):
    line = python("-m", "afn", "pretrained", "train", "mnist5k-afn", "--again", status=1)
    assert re.fullmatch("afn: what came with the installed package .* AFN_PRETRAINED_DIR\n", line)


# -- types -----------------------------------------------------------------------------------------

PROGRAM = """
from pathlib import Path
from typing import Literal, assert_type

import torch
from torch import Tensor, nn

from afn import (
    AFN2d, LambdaInit, Trace, TrainConfig, as_tested, convert_norm, corrupt, corruption_grid, find,
    load, load_pretrained, override_lambdas, set_eval_stats, train,
)
from afn.data import ImageData, load_dataset
from afn.norms import NORMS, Norm, norm_layers


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = AFN2d(8, lambda_init=LambdaInit.OPEN, eval_stats="running")

    def forward(self, x: Tensor) -> Tensor:
        with override_lambdas(self, mu=0.5):
            assert_type(self.norm.trace(x), Trace)
        assert_type(self.norm.lambdas(), dict[str, float])
        return self.norm.trace(x).mu_hat


assert_type(convert_norm(Net(), "afn"), nn.Module)
assert_type(set_eval_stats(Net(), "batch"), Net)
assert_type(norm_layers(Net()), dict[str, Norm])
assert_type(NORMS["bn"](8), Norm)
assert_type(corrupt(torch.rand(1, 3, 32, 32), "fog", 3), Tensor)
digits = load_dataset("digits8")
assert_type(digits, ImageData)
model = as_tested(load(find("mnist5k-afn")), "batch", networks=False)
for cell in corruption_grid(model, digits, num_images=100):
    assert_type(cell.accuracy, float)
for event in train(TrainConfig(norm="afn", widths=(4, 8))):
    assert_type(event.kind, str)
assert_type(load_pretrained("mnist5k-afn", Path("pretrained")), nn.Module)
"""
MISTAKES = """
from afn import AFN4d
from afn.corruptions import fogs
from afn import AFN2d, TrainConfig
AFN2d("8")
TrainConfig(epochs="3")
"""


def test_a_type_checker_knows_every_public_name_of_the_installed_package(installed, tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "mistakes.py").write_text(MISTAKES)
    names = [(home, name) for home, names in PUBLIC.items() for name in names]
    lines = [f"import {home}\n" for home in PUBLIC]
    lines += [f"reveal_type({home}.{name})\n" for home, name in names]
    (tmp_path / "names.py").write_text("".join(lines))
    answer = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir=cache",
         "program.py", "mistakes.py", "names.py"],
        cwd=tmp_path,
        env=environment(installed),
        capture_output=True,
        text=True,
        timeout=600,
    )  # fmt: skip
    said = {"program": [], "mistakes": [], "names": []}
    for line in answer.stdout.splitlines():
        said[line.partition(".py:")[0]].append(line)
    assert said["program"] == []
    assert [re.search(r"\[([a-z-]+)\]$", line)[1] for line in said["mistakes"]] == [
        "attr-defined", "attr-defined", "arg-type", "arg-type"
    ]  # fmt: skip
    assert len(said["names"]) == len(names)
    assert [line for line in said["names"] if '"Any"' in line or "error" in line] == []
