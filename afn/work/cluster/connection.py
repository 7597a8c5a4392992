"""Reaching a scheduler, and seeing that it and its workers are fit for runs: a line if not."""

import os
import re
import secrets
import socket
import ssl
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from afn.work.cluster.worker import survey

if TYPE_CHECKING:
    from distributed import Client
    from distributed.security import Security

CONNECT_SECONDS = 5.0
"""How long a scheduler may take to answer."""
_ADDRESS = re.compile(r"(tcp|tls)://(\[[^\]]+\]|[^/:\[\]]+):(\d{1,5})")


class Scheduler:
    """Where a cluster's scheduler is, and what it takes to speak to it.

    Args:
        address: ``tcp://host:port`` or ``tls://host:port``.
        ca: PEM file of the authority that signed all certificates, for ``tls://``; by default what
            ``AFN_CLUSTER_CA`` names.
        cert: PEM file of this side's certificate; ``AFN_CLUSTER_CERT``.
        key: PEM file of its key; ``AFN_CLUSTER_KEY``.

    Raises:
        ValueError: The address or the files are not right.
        ImportError: distributed is not installed.
    """

    def __init__(self, address: str, *, ca: str = "", cert: str = "", key: str = "") -> None:
        if not (parts := _ADDRESS.fullmatch(address)) or not 0 < int(parts[3]) < 65536:
            raise ValueError(
                f"a cluster's address is tcp://host:port or tls://host:port, got {address[:80]!r}"
            )
        self.address = address
        self._host, self._port = parts[2].strip("[]"), int(parts[3])
        self._security = _security(address, ca, cert, key)

    def connect(self) -> "Client":
        """A client of the scheduler.

        Raises:
            OSError: None answers, or TLS does not agree.
        """
        from distributed import Client
        from distributed.versions import VersionMismatchWarning

        self._knock()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", VersionMismatchWarning)  # `check` says it in a line
                return Client(
                    self.address,
                    security=self._security,
                    timeout=CONNECT_SECONDS,
                    name="afn",
                    set_as_default=False,
                    direct_to_workers=False,
                )
        except (OSError, ImportError, RuntimeError, ValueError, TypeError) as error:
            raise OSError(
                f"{self.address} answers, but not as a scheduler of this version does ({error}): "
                "see that it is one, that it speaks what the address says (tcp or tls), and that "
                "its distributed is this one's"
            ) from error

    def check(self, client: "Client", root: Path) -> None:
        """See that the scheduler and all its workers are fit for the runs below a folder.

        Raises:
            OSError: There are no workers.
            ValueError: Versions differ, or a worker does not see the folder.
        """
        versions: Any = client.get_versions(check=False)
        theirs = {
            "Python": ".".join(str(versions["scheduler"]["host"]["python"]).split(".")[:2]),
            "distributed": str(versions["scheduler"]["packages"]["distributed"]),
        }
        if problem := difference(f"the scheduler {self.address}", theirs, survey()):
            raise ValueError(problem)
        addresses = client.nthreads().keys()
        if not addresses:
            raise OSError(
                f"the scheduler at {self.address} has no workers: start some with `dask worker` "
                "(docs/cluster.md)"
            )
        for problem in unfitness(client, addresses, root).values():
            if problem:
                raise ValueError(problem)

    def _knock(self) -> None:
        """Fail at once where nothing listens or TLS does not agree; Dask would only wait."""
        context = self._security.get_connection_args("client").get("ssl_context")
        where = (self._host, self._port)
        try:
            with socket.create_connection(where, timeout=CONNECT_SECONDS) as connection:
                if context is not None:
                    context.wrap_socket(connection, server_hostname=self._host).close()
        except ssl.SSLError as error:
            raise OSError(
                f"the scheduler at {self.address} and this side do not agree on TLS "
                f"({error.reason or error}): start it with --protocol tls, and sign the "
                "certificates of both with the authority that AFN_CLUSTER_CA names"
            ) from error
        except OSError as error:
            raise OSError(
                f"no scheduler answers at {self.address} within {CONNECT_SECONDS:g} s "
                f"({error.strerror or error}): start one with `dask scheduler` "
                "(docs/cluster.md), or correct the address"
            ) from error


def unfitness(client: "Client", addresses: Collection[str], root: Path) -> dict[str, str]:
    """Why workers cannot execute the runs below a folder, in a line each; empty for those that can.

    Args:
        client: Connected.
        addresses: The workers.
        root: The run store's folder.
    """
    root = root.absolute()
    root.mkdir(parents=True, exist_ok=True)
    token, secret = root / f".cluster-{secrets.token_hex(6)}", secrets.token_hex(8)
    token.write_text(secret)
    try:
        answers = client.run(survey, str(token), workers=list(addresses), on_error="return")
    finally:
        token.unlink()
    return {
        address: _unfitness(address, answer, secret, root)
        for address, answer in answers.items()
        if not isinstance(answer, OSError)  # gone meanwhile
    }


def difference(who: str, theirs: Mapping[str, str], ours: Mapping[str, str]) -> str:
    """One line about the first version that is not the same there and here; empty if all are."""
    for name, version in theirs.items():
        if name in ours and version != ours[name]:
            return (
                f"{who} has {name} {version}, and here it is {ours[name]}: install the same "
                "there and start it again"
            )
    return ""


def _unfitness(address: str, answer: Any, secret: str, root: Path) -> str:
    who = f"the worker {address}"
    if not isinstance(answer, dict):
        told = f"{type(answer).__name__}: {' '.join(str(answer).split())[:200]}"
        return f"{who} cannot load afn as it is here ({told}): install it there as it is here"
    if problem := difference(who, answer, survey()):
        return problem
    if answer["token"] != secret:
        return (
            f"{who} does not see the runs folder {root}: AFN_RUNS_DIR must be one folder on a "
            "shared file system, mounted under the same path on every machine"
        )
    if answer["is writable"] != "yes":
        return f"{who} cannot write to the runs folder {root}: give its user the right to"
    return ""


def _security(address: str, ca: str, cert: str, key: str) -> "Security":
    try:
        from distributed.security import Security
    except ImportError as error:
        raise ImportError(
            "a cluster needs distributed, which is not installed: pip install distributed, or "
            f'afn with its extra "cluster"; or leave out the cluster\'s address ({error})'
        ) from error
    if not address.startswith("tls://"):
        return Security(require_encryption=False)
    files = {
        "AFN_CLUSTER_CA": ca or os.environ.get("AFN_CLUSTER_CA", ""),
        "AFN_CLUSTER_CERT": cert or os.environ.get("AFN_CLUSTER_CERT", ""),
        "AFN_CLUSTER_KEY": key or os.environ.get("AFN_CLUSTER_KEY", ""),
    }
    for name, path in files.items():
        if not path or not Path(path).is_file():
            raise ValueError(
                f"tls:// needs three PEM files, and {name} is "
                f"{f'no file: {path[:80]}' if path else 'not set'}; see docs/cluster.md"
            )
    try:
        security = Security(
            require_encryption=True,
            tls_ca_file=files["AFN_CLUSTER_CA"],
            tls_client_cert=files["AFN_CLUSTER_CERT"],
            tls_client_key=files["AFN_CLUSTER_KEY"],
        )
        security.get_connection_args("client")
    except (OSError, ValueError) as error:
        raise ValueError(
            f"the PEM files of AFN_CLUSTER_CA, _CERT and _KEY do not fit together: {error}"
        ) from error
    return security
