"""``python -m afn serve``: the app, in browsers."""

import argparse
import os
import shlex
from importlib import import_module
from importlib.util import find_spec

from afn.cli.telling import Say
from afn.own.kept import OwnStore, in_environment, named
from afn.runs.store import runs_dir
from afn.wording import count_words
from afn.work.secret import is_shared, server_key


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "--port", type=int, help="(default 8501 or, where that is taken, the next one that is free)"
    )
    parser.add_argument("--host", help="the address to listen on (default: all of this machine)")
    parser.add_argument("--data", metavar="FOLDER", help="in place of AFN_DATA_DIR")
    parser.add_argument("--runs", metavar="FOLDER", help="in place of AFN_RUNS_DIR")
    parser.add_argument(
        "--frame-ancestors", nargs="+", metavar="SITE",
        help="sites whose pages may frame the app, such as https://moodle.example.org; in place of "
        "AFN_FRAME_ANCESTORS (default: this server's own pages alone)",
    )  # fmt: skip
    parser.add_argument(
        "--model", action="append", metavar="SOURCE",
        help="a model of your own: FILE.py:FUNCTION, which is executed here, or "
        "ARCHITECTURE:FILE.safetensors; may be repeated; ,input=3x64x64,classes=NAMES,mean=,std= "
        "may stand behind it (in place of AFN_MODELS)",
    )  # fmt: skip
    parser.add_argument(
        "--shared", action="store_const", const="1",
        help="others use it as well: as with AFN_SHARED=1",
    )  # fmt: skip


def run(options: argparse.Namespace, say: Say) -> None:
    """Serve until stopped; the address is said once it can be opened."""
    if not find_spec("streamlit"):
        raise ImportError("the app needs what its extra brings: pip install 'afn[app]'")
    ancestors = options.frame_ancestors and " ".join(options.frame_ancestors)
    for name, value in {
        "AFN_DATA_DIR": options.data,
        "AFN_RUNS_DIR": options.runs,
        "AFN_FRAME_ANCESTORS": ancestors,
        "AFN_SHARED": options.shared,
    }.items():
        if value is not None:
            os.environ[name] = value
    if options.model:
        os.environ["AFN_MODELS"] = shlex.join(options.model)
    _take_models(say)
    key = server_key(runs_dir()) if is_shared() else ""

    def ready(address: str) -> None:
        say(f"the app is at {address}", {"kind": "serving", "address": address})
        if key:
            page = f"{address}/server?key={key}"
            say(f"the server page, for you alone, is at {page}", {"kind": "key", "address": page})

    listening = {"server_port": options.port, "server_address": options.host}
    import_module(f"{_app()}.server").serve(
        ready,
        **{name: value for name, value in listening.items() if value is not None},
    )


def _take_models(say: Say) -> None:
    """Build and try the models that are named, each in a process of its own, before anybody comes.

    Raises:
        ValueError: One line says what is wrong with one.
    """
    sources = named()
    os.environ["AFN_MODELS"] = in_environment(sources)  # from wherever they are then looked for
    for source in sources:
        kept = OwnStore(runs_dir().absolute()).take(source)
        height, width, channels = kept.image_shape
        say(
            f"{kept.id}: {count_words(len(kept.layers), 'norm layer')}, "
            f"{height}×{width}×{channels} images, {len(kept.class_names):,} classes",
            {"kind": "model", "id": kept.id, "digest": kept.digest, "notes": kept.notes},
        )
        for note in kept.notes:
            say(f"  {note}", {"kind": "note", "id": kept.id, "note": note})


def _app() -> str:
    """The app's package: a wheel carries it under a name of its own."""
    return "afn_app" if find_spec("afn_app") else "app"
