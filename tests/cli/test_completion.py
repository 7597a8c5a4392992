"""What a shell completes, asked of the shells themselves."""

import shutil
import subprocess

import pytest

from afn.cli.main import main

SHELLS = ("bash", "zsh", "fish")
BASH = """
source {script}
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMP_LINE="{line}"
COMP_POINT=${{#COMP_LINE}}
_shtab_afn
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def script(tmp_path, capsys, monkeypatch):
    """Writes a shell's script; returns where."""
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "runs"))
    (tmp_path / "runs" / "my-run").mkdir(parents=True)

    def write(shell):
        main(["completion", shell])
        path = tmp_path / f"afn.{shell}"
        path.write_text(capsys.readouterr().out)
        return path

    return write


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_reads_its_script(script, shell):
    path = script(shell)
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed: its script is not read by it")
    subprocess.run([shell, "-n", path], check=True)


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("afn tr", {"train"}),
        ("afn train --nor", {"--norm", "--norm-eps"}),
        ("afn train --norm a", {"afn", "asrnorm"}),
        ("afn train --dataset digits", {"digits8"}),
        ("afn evaluate my", {"my-run"}),
        ("afn evaluate mnist5k-as", {"mnist5k-asrnorm"}),
        ("afn completion z", {"zsh"}),
    ],
)
def test_bash_offers_commands_options_what_they_take_and_runs(script, line, offered):
    words = " ".join(f"'{word}'" for word in line.split(" "))
    asked = BASH.format(script=script("bash"), words=words, line=line)
    answer = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True)
    assert set(answer.stdout.split()) == offered
