"""The data behind figures as CSV."""

import csv
import io
from collections.abc import Callable

import streamlit as st

from .draw.chart import Rows


def csv_button(
    label: str,
    table: Callable[[], Rows],
    name: str,
    *,
    key: str | None = None,
    icon: str | None = ":material/download:",
) -> None:
    """A button that downloads a table, which is made only when somebody presses it.

    Args:
        label: On the button.
        table: Makes it.
        name: Of the file, without ``.csv``.
        key: Tells it from other buttons.
        icon: On the button.
    """
    st.download_button(
        label, csv_of(table), f"{name}.csv", "text/csv", icon=icon, on_click="ignore", key=key
    )


def csv_of(table: Callable[[], Rows]) -> Callable[[], bytes]:
    """Writes the table as CSV when it is called."""

    def write() -> bytes:
        rows, text = table(), io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]) if rows else [])
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode()

    return write
