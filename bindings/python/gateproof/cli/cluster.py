"""`gateproof cluster [MANIFESTS...]`: a Kubernetes cluster in the foreground."""

from __future__ import annotations

import dataclasses
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from gateproof.cli.output import console, print_json

if TYPE_CHECKING:
    from gateproof.cluster import Applied, Cluster


_FINDINGS_SECONDS = 0.5  # how often what is new is printed


def _report_findings(cluster: Cluster) -> None:
    errors = console(errors=True)
    for one in cluster.gateway_findings():
        errors.print(str(one), markup=False)
        if one.remedy:
            errors.print(f"    {one.remedy}", markup=False)


def _report(cluster: Cluster, failed: list[Applied], as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "address": cluster.address,
                "url": cluster.url,
                "kubeconfig": str(cluster.kubeconfig.resolve()),
                "token": cluster.token,
                "applied": [dataclasses.asdict(one) for one in cluster.applied],
                "gateways": cluster.gateway_addresses,
            }
        )
    else:
        out, errors = console(), console(errors=True)
        for one in failed:
            errors.print(str(one), markup=False)
        out.print(f"{'API server':<14}{cluster.url}", markup=False)
        out.print(f"{'kubeconfig':<14}{cluster.kubeconfig.resolve()}", markup=False)
        if cluster.applied:
            out.print(f"{'objects':<14}{len(cluster.applied) - len(failed)} applied", markup=False)
        for name, address in cluster.gateway_addresses.items():
            out.print(f"{'Gateway':<14}{address}  {name}", markup=False)
        for name, why in cluster.gateway_failures().items():
            errors.print(f"{name}: {why}", markup=False)
    sys.stdout.flush()


def cluster(
    manifests: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MANIFESTS]...", help="Files and directories to apply."),
    ] = None,
    listen: Annotated[
        str, typer.Option(help="Address to listen on; port 0 takes a free one.")
    ] = "127.0.0.1:0",
    tls: Annotated[
        bool, typer.Option("--tls", help="Speak TLS; clients prove who they are.")
    ] = False,
    kubeconfig: Annotated[
        Path | None, typer.Option(help="Where the kubeconfig is written. Default: a new file.")
    ] = None,
    bundle_version: Annotated[
        str | None,
        typer.Option(
            help="Version of the Gateway API, as v1.7.0: its CRDs carry it, and come from Go's "
            "module cache where no manifest has them."
        ),
    ] = None,
    gateways: Annotated[
        bool,
        typer.Option("--gateways", help="Be the controller of Gateways, and serve them."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the addresses as JSON.")] = False,
) -> None:
    """Serves a Kubernetes API until it is interrupted: any client works, no cluster is needed.

    Objects are kept in memory. Deployments get Pods, Services their endpoints and addresses;
    nothing runs in the Pods. With --gateways what is wrong with their objects is printed on
    standard error when it comes to be. Exit code 1: an object of the manifests could not be
    applied.
    """
    from gateproof.cluster import Cluster

    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    server = Cluster(
        *(manifests or []),
        listen=listen,
        tls=tls,
        kubeconfig=kubeconfig,
        bundle_version=bundle_version,
        gateways=gateways,
    )
    failed = [one for one in server.applied if one.outcome == "failed"]
    try:
        _report(server, failed, json)
        _report_findings(server)
        while not ended.wait(_FINDINGS_SECONDS if gateways else 3600):
            _report_findings(server)
    finally:
        server.stop()
    if failed:
        raise typer.Exit(1)
