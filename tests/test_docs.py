"""ARCHITECTURE.md and CONTRIBUTING.md speak of the house as it is."""

import re
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module

import pytest

from app.page import PAGES
from tests.installed import ROOT

TEXTS = {name: (ROOT / name).read_text() for name in ("ARCHITECTURE.md", "CONTRIBUTING.md")}
EVERY_TEXT = pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
TOPS = r"(?:afn|app|tests|benchmarks|docs|pretrained)"
MADE_UP = "NAME"
"""In a path: what a newcomer is to name."""


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


@EVERY_TEXT
def test_every_path_is_there(text: str) -> None:
    paths = [each for each in quoted(text) if re.fullmatch(rf"{TOPS}/[\w./]+|[A-Z]+\.md", each)]
    assert len(paths) > 5
    gone = [each for each in paths if MADE_UP not in each and not (ROOT / each).exists()]
    assert gone == []


@EVERY_TEXT
def test_every_module_is_there(text: str) -> None:
    modules = re.findall(rf"(?<![\w./]){TOPS}(?:\.[a-z_]\w*)+", text)
    assert modules
    for module in modules:
        path = ROOT / module.replace(".", "/")
        assert path.is_dir() or path.with_suffix(".py").is_file(), module


def names_beside_their_files(text: str) -> Iterator[tuple[str, str]]:
    """``path (`NAME`, `NAME`)`` and, of the glossary, ``NAME`, `path``."""
    for path, names in re.findall(r"`([\w/]+\.py)`\s\(([^)]*)\)", text):
        for name in re.findall(r"`(\w+)`", names):
            yield name, path
    yield from re.findall(r"`(\w+)`, `([\w/]+\.py)`", text)
    yield from re.findall(r"`(\w+)` \(`([\w/]+\.py)`", text)


@EVERY_TEXT
def test_every_name_is_in_its_file(text: str) -> None:
    pairs = list(names_beside_their_files(text))
    assert len(pairs) > 10
    lost = [
        (name, path)
        for name, path in pairs
        if not re.search(rf"^\s*(?:def |class )?{name}\b", (ROOT / path).read_text(), re.MULTILINE)
    ]
    assert lost == []


def is_there(name: str) -> bool:
    """Whether ``package.module.name`` can be imported, a method or a field of a class included."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        with suppress(ModuleNotFoundError):
            found = import_module(".".join(parts[:cut]))
            for each in parts[cut:]:
                if each not in getattr(found, "__annotations__", {}) and not hasattr(found, each):
                    return False
                found = getattr(found, each, None)
            return True
    return False


def test_what_docs_and_docstrings_refer_to_is_there() -> None:
    files = [path for top in ("afn", "app") for path in (ROOT / top).rglob("*.py")]
    files += [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    found = {
        (name, path.name)
        for path in files
        for name in re.findall(r"`((?:afn|app)(?:\.\w+)+)`", path.read_text())
    }
    assert len(found) > 30
    assert [each for each in found if not is_there(each[0])] == []


def test_the_tree_is_the_house() -> None:
    tree = re.search(r"```\n(app/\n.*?)```", TEXTS["ARCHITECTURE.md"], re.DOTALL)
    assert tree
    where: list[str] = []
    drawn = []
    for line in tree[1].splitlines():
        found = re.match(r"( *)([\w.]+/?)(?:  |$)", line)
        if not found or len(found[1]) > 8:  # the words of a line above
            continue
        where[len(found[1]) // 2 :] = [found[2]]
        drawn.append("".join(where))
        assert (ROOT / drawn[-1]).exists(), drawn[-1]
    folders = [f"app/page/{page}/" for page in PAGES]
    for top in ("app", "app/kit", "afn"):
        folders += [
            f"{top}/{each.name}/"
            for each in sorted((ROOT / top).iterdir())
            if each.is_dir() and not each.name.startswith("_") and any(each.rglob("*.*"))
        ]
    assert set(folders) <= set(drawn)
