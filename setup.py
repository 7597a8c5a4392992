"""What pyproject.toml cannot say: models and the app lie beside the package, and go along."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ALONG = ("mnist5k-afn.*", "mnist5k-asrnorm.*", "mnist5k-bn.*", "results.csv", "streams.jsonl.gz")
"""Of ``pretrained/``: three of the embedded digits' models, and what all reach."""


class BuildWithWhatGoesAlong(build_py):
    """Puts models where `afn.pretrained.cards` looks for them in an installed package.

    The app goes along as `afn_app`, since `app` is a name that many have.
    """

    def run(self) -> None:
        if self.editable_mode:
            super().run()  # the repository's own folder is used
            return
        package, app = Path(self.build_lib, "afn"), Path(self.build_lib, "afn_app")
        for earlier in (package, app):  # it may have had other modules
            shutil.rmtree(earlier, ignore_errors=True)
        super().run()
        shutil.copytree("app", app, ignore=shutil.ignore_patterns("__pycache__", "plotly.min.js"))
        shutil.copytree(".streamlit", app / ".streamlit")
        models = package / "pretrained" / "shipped"
        models.mkdir()
        for pattern in ALONG:
            for path in Path("pretrained").glob(pattern):
                shutil.copy(path, models)


setup(cmdclass={"build_py": BuildWithWhatGoesAlong})
