"""What pages that take files share."""

import streamlit as st
from streamlit.web.server.starlette.starlette_server_config import XSRF_COOKIE_NAME

from .view import here


def upload_refused() -> str:
    """Why Streamlit would refuse an upload, if it would: without its cookie it takes none."""
    link = here().link()  # none: there is no browser, as in tests
    has_cookie = XSRF_COOKIE_NAME in st.context.cookies
    if not link or has_cookie or not st.get_option("server.enableXsrfProtection"):
        return ""
    return (
        "Your browser keeps back the cookie that uploads need, as it does in another site’s page: "
        f"[open this one in a tab of its own]({link})."
    )
