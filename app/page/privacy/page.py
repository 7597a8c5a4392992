"""What a shared server keeps of its visitors, and how they are rid of it."""

import streamlit as st

from afn.wording import count_words
from afn.work.limits import LIMITS

from ...kit import belongings, people
from ...kit.components import tab
from ...kit.markdown import plain
from ...kit.room.room import KEPT
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
| **Your data**: pictures that you drop or take, and runs that learn them. No list shows them to \
others; whoever has the link of such a run sees pictures | on this server, under a drawn name | \
pictures {days} days, or until you delete them; runs as others |
| **A picture on Inside the layer** | in this server's memory, for you alone | \
until you remove it or leave |
| **Drawings** | in the address of the page | – |
| **Votes in a class's room**, and which networks its phones train, by a number that a phone draws \
for that room | in one file on this server; the number and your votes in your phone | on the \
server until the first room that opens more than six hours behind the last of them; in the phone \
until you delete it |
| **The room that you lead** | its code in a cookie, its key in your browser; of the key, only a \
fingerprint on this server | the cookie six hours, the key until you delete it |
| **Lessons that you completed** | in your browser | until you delete it |
"""
_LOGS = """
**Logs** hold errors: no visits, no addresses of pages or visitors. No name stands in a path; what
you call a run, everybody here can read. Nothing goes to anybody else: no analytics, no scripts or
fonts from elsewhere. A proxy before this server may keep logs of its own.
"""
_ALONE = f"""
This server is not shared: it tells nobody from anybody. Runs and pictures stay on its disk until
they are deleted. Nothing goes to anybody else. It sets one cookie, for six hours, if you open a
room for a class. {KEPT} A phone remembers its votes until you delete them there.
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
    st.markdown(_KEPT.format(days=f"{LIMITS['own_days'].value:g}"))
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
