"""What README.md and docs/ show does what it says: programs run, commands are understood."""

import re
import shlex
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from afn.cli.main import _parser, main
from afn.pretrained.plan import chosen
from tests.installed import ROOT, environment

TEXTS = {
    path.relative_to(ROOT): path.read_text()
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}
NOT_RUN = {
    "docker build": "needs Docker",
    "docker run": "needs Docker",
    "dask scheduler": "needs a cluster; tests/work/test_cluster.py starts one with these options",
    "dask worker": "needs a cluster; tests/work/test_cluster.py starts one with these options",
}
"""Commands by their first words, and why they are not tried here."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code, its file, and the title of the section that it stands in."""

    language: str
    file: str
    section: str
    text: str


def without_blocks(text):
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def blocks_of(path, text):
    found, section, lines = [], "", iter(text.splitlines())
    for line in lines:
        if title := re.match(r"#+ (.*)", line):
            section = title[1]
        elif fence := re.match(r"```(\w*)", line):
            inner = iter(lambda: next(lines), "```")
            found.append(Block(fence[1], path.stem, section, "\n".join(inner) + "\n"))
    return found


BLOCKS = [block for path, text in TEXTS.items() for block in blocks_of(path, text)]


def blocks(language):
    return [
        pytest.param(block.text, id=f"{block.file}: {block.section}")
        for block in BLOCKS
        if block.language == language
    ]


def commands():
    """Each command as words: whole lines of its blocks, and in its running text."""
    lines = []
    for block in BLOCKS:
        if block.language == "sh":
            lines += block.text.replace("\\\n", " ").splitlines()
    for text in TEXTS.values():
        lines += re.findall(r"`((?:python|make|pip|dask|docker)\s[^`]+)`", without_blocks(text))
    found = []
    for line in lines:
        words = shlex.split(line, comments=True)
        while words and (words[0] == "export" or re.match(r"\w+=", words[0])):
            del words[0]  # variables, set before the command or for later ones
        if words and tuple(words) not in found:
            found.append(tuple(words))
    return found


COMMANDS = commands()


def test_every_block_is_of_a_kind_that_is_tested():
    assert {block.language for block in BLOCKS} == {"python", "sh", "toml", "html"}
    assert len(COMMANDS) > 30


def anchors_of(text):
    """What GitHub calls the headings of a text in links."""
    titles = re.findall(r"^#+ (.*)", without_blocks(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", TEXTS, ids=str)
def test_a_link_leads_somewhere(path):
    targets = re.findall(r"\]\(([^)\s]+)\)", without_blocks(TEXTS[path]))
    for target in targets:
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        there = (ROOT / path).parent / file if file else ROOT / path
        assert there.exists(), target
        assert not anchor or anchor in anchors_of(there.read_text()), target


def test_the_readme_leads_to_every_text():
    told = TEXTS[Path("README.md")]
    assert [path for path in TEXTS if path.parts[0] == "docs" and f"({path})" not in told] == []


def test_every_quoted_path_is_there():
    tops = "afn|app|benchmarks|docs|pretrained|tests|examples"
    for text in TEXTS.values():
        for quoted in re.findall(rf"`((?:{tops})/(?!NAME)[\w./]*)`", text):
            assert (ROOT / quoted).exists(), quoted


@pytest.mark.slow
@pytest.mark.parametrize("program", blocks("python"))
def test_a_program_runs_when_it_is_copied_alone(program, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AFN_RUNS_DIR", raising=False)
    exec(compile(program, "the docs", "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_is_understood(words):
    match words:
        case ("python", "-m", "afn", *arguments) | ("afn", *arguments):
            options = _parser().parse_args(arguments)
            if arguments[:2] == ["pretrained", "train"] and options.names:
                assert chosen(options.names)
        case ("python", "-m", module):
            assert (ROOT / f"{module.replace('.', '/')}.py").exists()
        case ("make", *_):
            dry = [*words, "--dry-run", "--always-make"]
            said = subprocess.check_output(dry, cwd=ROOT, env=environment(), text=True)
            assert ("--torch-backend cpu" in said) == ("TORCH=cpu" in words)
        case ("pip", "install", *names):
            for name in names:
                if extras := re.fullmatch(r"\.\[(.*)\]", name):
                    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
                    assert set(extras[1].split(",")) <= project["optional-dependencies"].keys()
        case ("openssl", *_):
            pass  # below, the whole block
        case _:
            assert " ".join(words[:2]) in NOT_RUN


@pytest.mark.parametrize("text", blocks("toml"))
def test_a_sweep_can_be_planned(text, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "runs"))
    path = tmp_path / "batch.toml"
    path.write_text(text)
    main(["sweep", str(path), "--plan"])
    assert "18 runs" in capsys.readouterr().out


def test_the_certificates_are_made(tmp_path):
    [block] = (block.text for block in BLOCKS if "openssl" in block.text)
    subprocess.run(["sh", "-e", "-c", block], cwd=tmp_path, check=True, capture_output=True)
    verify = ["openssl", "verify", "-CAfile", "ca.pem", "node.pem"]
    subprocess.run(verify, cwd=tmp_path, check=True, capture_output=True)
