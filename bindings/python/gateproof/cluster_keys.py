"""Keys and certificates of a cluster that speaks TLS, made with openssl at its start."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gateproof.errors import StartError

DAYS = "365"
CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


@dataclass(frozen=True)
class Keys:
    """PEM texts: the authority, what it signed for the server, and what it signed for its admin."""

    authority: str
    certificate: str
    key: str
    client_certificate: str
    client_key: str


def _openssl(folder: Path, *arguments: str) -> None:
    command = shutil.which("openssl")
    if command is None:
        raise StartError("openssl is not installed; a cluster with TLS makes its keys with it")
    done = subprocess.run(
        [command, "req", "-x509", *CURVE, "-days", DAYS, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StartError(f"openssl could not make a certificate: {done.stderr.strip()}")


def make_keys(host: str) -> Keys:
    """For a server at `host`, an IP address."""
    names = {"IP:127.0.0.1", f"IP:{host}"}
    names |= {f"DNS:{n}" for n in ("localhost", "kubernetes", "kubernetes.default.svc")}
    with tempfile.TemporaryDirectory(prefix="gateproof-keys-") as name:
        folder = Path(name)
        _openssl(
            folder,
            *("-subj", "/CN=gateproof-cluster-ca", "-keyout", "ca.key", "-out", "ca.pem"),
            *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
        )
        signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "basicConstraints=CA:FALSE"]
        _openssl(
            folder,
            *("-subj", "/CN=kube-apiserver", "-keyout", "server.key", "-out", "server.pem"),
            *(*signed, "-addext", "subjectAltName=" + ",".join(sorted(names))),
            *("-addext", "extendedKeyUsage=serverAuth"),
        )
        _openssl(
            folder,
            *("-subj", "/O=system:masters/CN=kubernetes-admin"),
            *("-keyout", "client.key", "-out", "client.pem"),
            *(*signed, "-addext", "extendedKeyUsage=clientAuth"),
        )
        files = ("ca.pem", "server.pem", "server.key", "client.pem", "client.key")
        return Keys(*((folder / file).read_text() for file in files))
