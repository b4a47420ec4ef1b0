"""A middleware in Python: lets in who has a key, and tells the server who it is.

cd scenarios/plugin
gateproof ask routes.yml http://shop.test/ -H 'X-Api-Key: k1' --plugin apiKey=api_key:ApiKey
"""

from __future__ import annotations

from typing import Any

import gateproof as gp


class ApiKey(gp.Plugin):
    """Options: `keys`, a mapping from keys to names of users."""

    def __init__(self, config: dict[str, Any], name: str) -> None:
        if not isinstance(config.get("keys"), dict):
            raise ValueError(f"{name}: `keys` is a mapping from keys to names")
        self.keys: dict[str, str] = config["keys"]

    def on_request(self, request: gp.PluginRequest) -> gp.Response | None:
        """Refuses with 403 or adds `X-User`."""
        user = self.keys.get(request.headers.get("X-Api-Key", ""))
        if user is None:
            request.note("no such key")
            return gp.Response(status=403, body="no")
        request.headers["X-User"] = user
        return None

    def on_response(self, request: gp.PluginRequest, response: gp.PluginResponse) -> None:
        """Tells the client who it was taken for."""
        response.headers["X-User"] = request.headers["X-User"]
