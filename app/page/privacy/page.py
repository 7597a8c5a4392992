"""What a shared server keeps of its visitors, and how they are rid of it."""

import streamlit as st

from afn.wording import count_words

from ...kit import belongings, people
from ...kit.components import tab
from ...kit.markdown import plain
from ...kit.view import here, in_session

TITLE, PATH = "Privacy", "privacy"
"""In the tab, and in the address."""

_KEPT = """
| What | Where | How long |
|---|---|---|
| **A number**, drawn at random, by which nobody else stops or deletes your runs | \
in a cookie; in a foreign frame, in the tab | 400 days after your last visit; \
as long as the tab, where the browser lets it |
| **Runs, sweeps, experiments** that you start, with your number. Everybody here sees them, \
but not whose they are | on this server | until you delete them, or space runs out |
| **Uploaded pictures** | in this server's memory, for you alone | until you remove them or leave |
| **Drawings** | in the address of the page | – |
| **Votes in a class's room**, without a name | on this server; which are yours, in your phone | \
six hours behind the last one |
| **Lessons that you completed** | in your browser | until you delete it |
"""
_LOGS = """
**Logs** hold errors: no visits, no addresses of pages or visitors. No name stands in a path; what
you call a run, everybody here can read. Nothing goes to anybody else: no analytics, no scripts or
fonts from elsewhere. A proxy before this server may keep logs of its own.
"""
_ALONE = """
This server is not shared: it sets no cookie and tells nobody from anybody. Runs stay on its disk
until they are deleted. Nothing goes to anybody else.
"""


class _Visit:
    """What a session knows of this page."""

    is_forgotten = False


def render() -> None:
    """Draw the page."""
    here().begin()
    st.title("Privacy", anchor=False)
    if (owner := people.me()) is None:
        st.markdown(_ALONE)
        return
    if in_session(_Visit).is_forgotten:
        tab.forget()
        return
    st.markdown(_KEPT)
    st.markdown(_LOGS)
    count = count_words(len(belongings.runs_of(owner)), "run")
    with st.popover("Delete my runs and uploads", icon=":material/delete:"):
        st.markdown(f"Delete {count}, sweeps, experiments and uploads, and forget this browser?")
        st.button("Delete for good", type="primary", on_click=_delete, args=(owner,))


def _delete(owner: str) -> None:
    try:
        belongings.delete(owner)
    except OSError as error:
        st.toast(plain(f"Not all was deleted: {error}."), icon=":material/error:")
    else:
        in_session(_Visit).is_forgotten = True
