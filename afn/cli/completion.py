"""``python -m afn completion SHELL``: what completes ``afn`` and its options in a shell."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from afn.cli.telling import Say
from afn.data import catalogue
from afn.pretrained.cards import pretrained_names
from afn.settings.config import SETTINGS

_WAYS = {
    "bash": "echo 'eval \"$(afn completion bash)\"' >> ~/.bashrc",
    "zsh": "echo 'eval \"$(afn completion zsh)\"' >> ~/.zshrc, below compinit",
    "fish": "afn completion fish > ~/.config/fish/completions/afn.fish",
}
"""Where each shell is to have it from."""
_TRAINED = {"run_id", "name", "names", "first", "second", "baseline"}
"""Arguments that name a run or a pretrained model, of commands that take such."""
_TRAINED_OF = {
    "fork", "resume", "runs", "evaluate", "domains", "rescaling", "movement", "course", "inside",
    "map", "compare",
}  # fmt: skip
_DATA = {"dataset", "test_domains", "domains", "on"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description = "For good: " + "; ".join(_WAYS.values())
    parser.add_argument("shell", choices=list(_WAYS))


def run(parser: argparse.ArgumentParser, options: argparse.Namespace, say: Say) -> None:
    """Say the script, for the command ``afn``: commands, options, what they can be, and runs.

    Args:
        parser: The whole command line.
        options: Which shell.
        say: Takes the script.

    Raises:
        ImportError: shtab, which writes it, is lacking.
    """
    try:
        import shtab
    except ImportError:
        raise ImportError("completion is written by shtab: pip install shtab") from None
    for command, action in _actions(parser):
        _say_what_can_be(command, action, shtab.FILE)
    parser.prog = "afn"
    script = shtab.complete(parser, options.shell)
    say(script, {"kind": "completion", "shell": options.shell, "script": script})


def _actions(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.Action]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                yield from ((name, each) for each in command._actions)


def _say_what_can_be(command: str, action: argparse.Action, files: object) -> None:
    """Give an argument what it can be, as shtab reads it; `files` is how it completes paths."""
    setting = SETTINGS.get(action.dest)
    if action.choices or action.nargs == 0:
        return
    if action.type is Path or action.metavar in ("FILE", "FOLDER"):
        action.complete = files  # type: ignore[attr-defined]
    elif action.dest in _DATA:
        action.choices = [name for name, each in catalogue().items() if each.status != "missing"]
    elif setting and setting.choices:
        action.choices = list(setting.choices)
    elif action.dest in _TRAINED and command in _TRAINED_OF:
        action.complete = _trained()  # type: ignore[attr-defined]


def _trained() -> dict[str, object]:
    """What lists runs as they are when a key is pressed, and the pretrained models of today."""
    listed = 'command ls "${AFN_RUNS_DIR:-runs}" 2>/dev/null'
    known = " ".join(pretrained_names())
    return {
        "bash": "_afn_trained",
        "zsh": "_afn_trained",
        "fish": "(_afn_trained)",
        "preamble": {
            "bash": f'_afn_trained() {{ compgen -W "$({listed}) {known}" -- "$1"; }}',
            "zsh": f'_afn_trained() {{ compadd -- ${{(f)"$({listed})"}} {known}; }}',
            "fish": (
                "function _afn_trained\n"
                '  set -q AFN_RUNS_DIR; and set -l runs "$AFN_RUNS_DIR"; or set -l runs runs\n'
                "  command ls $runs 2>/dev/null\n"
                f"  string split ' ' '{known}'\nend"
            ),
        },
    }
