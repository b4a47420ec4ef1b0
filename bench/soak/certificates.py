"""Certificates of a run: made by openssl, swapped by the configuration, told apart by digest."""

import asyncio
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from signs import digest
from wire import Streams

NAME = "soak.test"
COUNT = 3


@dataclass
class Certificates:
    """Files `0.crt`, `0.key` and so on in `folder`; `digests` in the same order."""

    folder: Path
    digests: list[str] = field(default_factory=list)

    async def make(self) -> None:
        for i in range(COUNT):
            crt, key = self.files(i)
            process = await asyncio.create_subprocess_exec(
                "openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", f"/CN={NAME}",
                "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", key, "-out", crt,
                stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            if await process.wait() != 0:
                raise SystemExit("openssl made no certificate")
            self.digests.append(digest(ssl.PEM_cert_to_DER_cert(Path(crt).read_text())))

    def files(self, index: int) -> tuple[str, str]:
        return str(self.folder / f"{index}.crt"), str(self.folder / f"{index}.key")

    def dynamic(self, version: int) -> dict:
        crt, key = self.files(version % COUNT)
        return {"certificates": [{"certFile": crt, "keyFile": key}]}

    def server(self) -> ssl.SSLContext:
        """For backends that speak TLS."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(*self.files(0))
        return made


def client(*protocols: str) -> ssl.SSLContext:
    """Takes any certificate: which one it was is judged by its digest."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    if protocols:
        made.set_alpn_protocols(list(protocols))
    return made


def shown(streams: Streams) -> str:
    """The digest of the certificate that the other side has shown."""
    sealed = streams[1].get_extra_info("ssl_object")
    return digest(sealed.getpeercert(binary_form=True))
