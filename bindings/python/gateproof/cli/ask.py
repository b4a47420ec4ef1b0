"""`gateproof ask CONFIG... METHOD URL`: what happens to a request or a connection, and why."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateproof.cli.environment import ENVIRONMENT_HELP, PLUGIN_HELP, variables
from gateproof.cli.output import console, print_json

if TYPE_CHECKING:
    from gateproof.findings import Finding

_USAGE = "name at least one file or directory, then METHOD and URL"


def header_pair(text: str) -> tuple[str, str]:
    """`Name: value` taken apart."""
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise typer.BadParameter(f"not `Name: value`: {text!r}", param_hint="-H")
    return name.strip(), value.strip()


def split(words: list[str]) -> tuple[list[str], str, str]:
    """CONFIG..., METHOD (GET if left out) and URL."""
    url = words[-1]
    if "://" not in url:
        raise typer.BadParameter(f"not an absolute URL: {url!r}; {_USAGE}")
    paths, method = words[:-1], "GET"
    if len(paths) > 1 and paths[-1].isupper() and paths[-1].isalpha():
        method = paths.pop()
    if not paths:
        raise typer.BadParameter(_USAGE)
    return paths, method, url


def _tell(data: dict[str, Any], words: str, errors: list[Finding], json: bool) -> None:
    if json:
        data["findings"] = [one.as_dict() for one in errors]
        print_json(data)
        return
    console().print(words, markup=False)
    for one in errors:
        console(errors=True).print(str(one), markup=False)


def _ask_standard(
    paths: list[str], stdin: str, method: str, url: str, entry_point: str | None,
    pairs: list[tuple[str, str]], client_ip: str | None, candidates: int, json: bool,
) -> None:  # fmt: skip
    from gateproof.cli.ask_gateways import ask_gateways, manifest_text
    from gateproof.world import World

    with World(config={"http": {}}) as world:
        text = manifest_text(paths, stdin)
        asked = ask_gateways(
            world, text, method, url, entry_point, headers=pairs, client_ip=client_ip
        )
        words = "\n".join([asked.result.explain(candidates=candidates), *asked.told])
        _tell({**asked.result.as_dict(), "told": asked.told}, words, [], json)
        raise typer.Exit(0 if asked.result.router else 1)


def ask(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="CONFIG... [METHOD] URL", help="Files or directories, then the request."
        ),
    ],
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", help="A header line, `Name: value`.")
    ] = None,
    client_ip: Annotated[str | None, typer.Option(help="The client's address (127.0.0.1).")] = None,
    entry_point: Annotated[
        str | None, typer.Option(help="The entry point; without it the URL chooses.")
    ] = None,
    static: Annotated[
        str | None, typer.Option(help="Which static configuration, by number (from 0) or file.")
    ] = None,
    alpn: Annotated[
        list[str] | None, typer.Option(help="A protocol that a TLS client offers (tls URLs).")
    ] = None,
    candidates: Annotated[int, typer.Option(help="How many other routers to explain.")] = 20,
    env: Annotated[list[str] | None, typer.Option("--env", help=ENVIRONMENT_HELP)] = None,
    plugin: Annotated[list[str] | None, typer.Option("--plugin", help=PLUGIN_HELP)] = None,
    dialect: Annotated[
        str,
        typer.Option(help="traefik, or standard: Gateway API manifests, served by their class."),
    ] = "traefik",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What would happen to a request: entry point, router, chain, service and server, and why
    no other router takes it. No server is asked.

    CONFIG may be compose files (labels) and dumps of key/value stores too.

    Other schemes ask about bytes: tls://db.test:5432 is a connection with this server name,
    postgres://db.test the same behind PostgreSQL's SSLRequest, tcp://:1883 one of plain bytes,
    udp://:53 a datagram. The port chooses the entry point.

    With --dialect standard CONFIG are Gateway API manifests: the Gateways that listen on the
    URL's port are asked, and objects that are not served say what keeps them from it.

    Exits with 0 when a router takes the request, else with 1.
    """
    from gateproof.config import load
    from gateproof.plugins import load_plugins
    from gateproof.streams import split_stream_url
    from gateproof.world import World

    paths, method, url = split(words)
    pairs = [header_pair(one) for one in header or []]
    stdin = sys.stdin.read() if "-" in paths else ""
    if dialect == "standard":
        _ask_standard(paths, stdin, method, url, entry_point, pairs, client_ip, candidates, json)
    if dialect != "traefik":
        raise typer.BadParameter("traefik or standard", param_hint="--dialect")
    config = load(*paths, stdin=stdin, environment=variables(env))
    chosen = int(static) if static is not None and static.isdecimal() else static
    errors = [one for one in config.findings if one.severity == "error"]
    with World(config=config, static=chosen, plugins=load_plugins(plugin)) as world:
        if split_stream_url(url):
            answer = world.ask_connection(
                url, alpn=alpn or (), client_ip=client_ip or "127.0.0.1", entry_point=entry_point
            )
            _tell(answer.as_dict(), answer.explain(candidates), errors, json)
            raise typer.Exit(0 if answer.served or answer.taker == "http" else 1)
        result = world.ask(method, url, headers=pairs, client_ip=client_ip, entry_point=entry_point)
        _tell(result.as_dict(), result.explain(candidates=candidates), errors, json)
        raise typer.Exit(0 if result.router else 1)
