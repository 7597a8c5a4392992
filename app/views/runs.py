"""All runs of the store: open, compare, rename, delete, download."""

import json
from datetime import UTC, datetime
from typing import Any

import streamlit as st
from safetensors.numpy import load_file, save

from afn.engine.config import TrainConfig
from afn.runs import Run
from afn.work import ENDED
from app import backend
from app.comparison import MAX_CONTENDERS, NORM_TITLES
from app.state import playground as state


def render(open_page: Any) -> None:
    """Draw the page.

    Args:
        open_page: The page that shows runs, to switch to.
    """
    st.title("Runs", anchor=False)
    st.markdown(
        "Every run that was started here, newest first. Select up to four rows to open them side "
        "by side, or one to rename it and take its files."
    )
    runs = backend.store().list()
    if not runs:
        with st.container(border=True):
            st.markdown("**No runs yet.** Start one in the Playground; it will appear here.")
            st.page_link(open_page, label="To the Playground", icon=":material/play_arrow:")
        return
    table = [_row(run) for run in runs]
    event = st.dataframe(
        table,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key="runs.table",
        height=min(37 + 35 * len(runs), 562),
        column_config={
            "created": st.column_config.DatetimeColumn("created", format="distance"),
            "test accuracy": st.column_config.NumberColumn(format="percent"),
            "reason": st.column_config.TextColumn(width="medium"),
        },
    )
    chosen = [runs[row] for row in event["selection"]["rows"] if row < len(runs)]
    _actions(chosen, open_page)
    if len(chosen) == 1:
        _one(chosen[0])


def _row(run: Run) -> dict[str, Any]:
    found = run.state()
    summary = found.summary or {}
    try:
        record = run.record()
        config = TrainConfig.from_json(record["config"])
        known = {
            "name": record.get("name") or run.id,
            "norm": NORM_TITLES[config.norm],
            "data": config.dataset,
            "backbone": config.backbone,
            "batch": config.batch_size,
            "lr": config.lr,
            "seed": config.seed,
            "created": datetime.fromtimestamp(record.get("created", 0), UTC),
        }
    except (ValueError, OSError, TypeError, OverflowError) as error:
        known = {"name": run.id, "reason": f"its configuration is damaged: {error}"}
    return {
        "name": known.pop("name"),
        "status": found.status,
        "test accuracy": summary.get("accuracy"),
        "step": summary.get("step"),
        **known,
        "reason": known.get("reason", found.reason),
        "run": run.id,
    }


def _actions(chosen: list[Run], open_page: Any) -> None:
    with st.container(horizontal=True):
        label = "Compare" if len(chosen) > 1 else "Open"
        if st.button(
            label,
            icon=":material/open_in_new:",
            type="primary",
            disabled=not 1 <= len(chosen) <= MAX_CONTENDERS,
        ):
            ids = [run.id for run in reversed(chosen)]
            state.show_runs(ids, lambda **query: st.switch_page(open_page, **query))
        with st.popover("Delete", icon=":material/delete:", disabled=not chosen):
            count = f"{len(chosen)} runs" if len(chosen) > 1 else "this run"
            st.markdown(f"Delete {count} for good, with events and weights?")
            st.button("Delete for good", type="primary", on_click=_delete, args=(chosen,))
    if len(chosen) > MAX_CONTENDERS:
        st.caption(f"Up to {MAX_CONTENDERS} runs fit side by side; {len(chosen)} are selected.")


def _delete(chosen: list[Run]) -> None:
    for run in chosen:
        try:
            if run.state().status not in ENDED:
                backend.runner().stop(run)
            run.delete()
        except OSError as error:
            st.toast(f"{run.id} was not deleted: {error}.", icon=":material/error:")


def _one(run: Run) -> None:
    try:
        record = run.record()
    except (ValueError, OSError) as error:
        st.error(f"{error}.")
        return
    with st.container(border=True):
        name = st.text_input(
            "Name", value=record.get("name", ""), max_chars=80, key=f"rename.{run.id}"
        )
        if name != record.get("name", "") and name.strip():
            try:
                run.rename(name)
                st.rerun()
            except OSError as error:
                st.error(f"It was not renamed: {error}.")
        _downloads(run, record)
        st.caption(
            f"Run {run.id} · made with "
            + ", ".join(f"{k} {v}" for k, v in record.get("versions", {}).items())
        )


def _downloads(run: Run, record: dict[str, Any]) -> None:
    with st.container(horizontal=True):
        st.download_button(
            "Configuration (JSON)",
            json.dumps(record["config"], indent=1),
            f"{run.id}-config.json",
            "application/json",
            on_click="ignore",
        )
        st.download_button(
            "Events (JSON lines)",
            lambda: run.events_path.read_bytes() if run.events_path.exists() else b"",
            f"{run.id}-events.jsonl",
            "application/jsonl",
            on_click="ignore",
        )
        weights = run.weights()
        st.download_button(
            "Weights (safetensors)",
            lambda: _weights_only(run),
            f"{run.id}.safetensors",
            "application/octet-stream",
            on_click="ignore",
            disabled=weights is None,
            help=None if weights else "There is no checkpoint yet: the first comes with an epoch.",
        )


def _weights_only(run: Run) -> bytes:
    """The newest checkpoint without what only training needs."""
    path = run.weights()
    if path is None:
        return b""
    tensors = load_file(path)
    return save({name: t for name, t in tensors.items() if not name.startswith("optimizer/")})
