"""What the documents for those who work on the project name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMED = re.compile(r"`(?:(?:app|afn|kit|page|tests)/)[\w/]*(?:\.py|/)?`")
ELSEWHERE = re.compile(r"NAME|\.\.\.")


@pytest.mark.parametrize("document", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_paths_in_the_documents_are_there(document):
    found = [each.strip("`") for each in NAMED.findall((ROOT / document).read_text())]
    paths = [each for each in found if not ELSEWHERE.search(each)]
    assert len(paths) > 5
    missing = [
        each
        for each in paths
        if not any((ROOT / base / each).exists() for base in ("", "app", "afn"))
    ]
    assert missing == []


@pytest.mark.parametrize("document", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_names_in_the_documents_are_there(document):
    for name in re.findall(r"`((?:afn|app)(?:\.\w+)+)`", (ROOT / document).read_text()):
        *module, last = name.split(".")
        folder = ROOT.joinpath(*module, last)
        if folder.is_dir() or folder.with_suffix(".py").exists():
            continue
        text = ROOT.joinpath(*module).with_suffix(".py").read_text()
        assert re.search(rf"^(class |def |){last}\b", text, re.MULTILINE), name
