"""What settings are in every place that tells of them, as JSON: run where there are more of them.

``python everywhere.py VALUES`` (JSON: name -> value), in a folder that holds ``afn`` and ``app``.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from afn.cli import fork, options
from afn.runs.compare import differences
from afn.settings.config import TrainConfig
from afn.sweep.plan import plan
from afn.sweep.spec import SweepSpec
from app.kit import comparison
from app.kit.take.code import config_code
from app.page.ablations.view import AblationsView


def refused(name: str, value: Any) -> str:
    """What the check says."""
    try:
        TrainConfig(**{name: value})
    except ValueError as error:
        return str(error)
    return ""


def parsed(add: Any, arguments: list[str]) -> Any:
    """A command's options from its arguments."""
    parser = argparse.ArgumentParser()
    add(parser)
    return parser.parse_args(arguments)


def controls(values: dict[str, Any]) -> dict[str, Any]:
    """The controls in the Playground that a link to all of them opens, and what the page writes."""
    config = replace(TrainConfig(norm="afn"), **values)
    at = AppTest.from_file(str(Path.cwd() / "app" / "streamlit_app.py"), default_timeout=120)
    at.query_params.update(comparison.to_url((config,)))
    at.session_state["open.0"] = True
    at.run()
    captions = " ".join(caption.value for caption in at.caption)  # what is set under More
    at.session_state["more.training"] = at.session_state["more.0"] = True
    at.run()
    assert not at.exception, at.exception
    kinds = (at.number_input, at.slider, at.toggle, at.selectbox, at.segmented_control)
    found = {widget.key: widget for kind in kinds for widget in kind}
    url = {key: each if isinstance(each, list) else [each] for key, each in at.query_params.items()}
    assert comparison.from_url(url) == ((config,), [])
    return {"captions": captions} | {
        name: [widget.label, widget.value, widget.help]
        for name in values
        for key, widget in found.items()
        if key in (f"set.{name}", f"set.0.{name}")
    }


def everywhere(name: str, value: Any) -> dict[str, Any]:
    """One setting, by place."""
    plain = TrainConfig(norm="afn")
    config = replace(plain, **{name: value})
    link = comparison.to_url((config,))
    asked = {key: [each] if isinstance(each, str) else each for key, each in link.items()}
    assert comparison.from_url(asked) == ((config,), [])
    arguments = options.arguments(config)
    assert options.config_of(parsed(options.add_options, arguments)) == config
    text = json.dumps(value).strip('"')
    view = AblationsView(axis_1=name, values_1=text, axis_2="")
    sweep = SweepSpec.from_json({"axes": {name: [plain.to_json()[name], value]}})
    assert [run.config for run in plan(sweep).runs][1] == config
    return {
        "refused": refused(name, "nonsense"),
        "hash": plain.hash() == TrainConfig(norm="afn").hash() == "7674a781fc",
        "link": link,
        "arguments": arguments,
        "fork": getattr(parsed(fork.add_options, ["a-run", *arguments[2:]]), name),
        "toml": sweep.to_toml(),
        "ablations": view.spec().name,
        "python": config_code(config),
        "told": config.told(),
        "labels": comparison.labels((plain, config)),
        "differences": [[d.setting, d.first, d.second] for d in differences(plain, config)],
    }


if __name__ == "__main__":
    values = json.loads(sys.argv[1])
    found = {name: everywhere(name, value) for name, value in values.items()}
    print(json.dumps({"controls": controls(values), **found}))  # noqa: T201
