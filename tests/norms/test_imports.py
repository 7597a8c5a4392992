import subprocess
import sys


def test_the_layers_need_torch_alone():
    code = (
        "import sys, afn.norms; "
        "found = {'streamlit', 'plotly', 'torchvision', 'pandas', 'PIL', 'sklearn', 'matplotlib'}"
        " & sys.modules.keys(); "
        "sys.exit(f'loaded: {found}' if found else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
