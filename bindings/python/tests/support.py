"""What several tests need."""

from __future__ import annotations

from typing import Any

SHOP: dict[str, Any] = {
    "http": {
        "routers": {
            "shop": {
                "rule": "Host(`shop.test`) && PathPrefix(`/api`)",
                "middlewares": ["strip", "mark"],
                "service": "shop",
            },
            "admin": {"rule": "Host(`shop.test`) && Path(`/admin`)", "service": "shop",
                      "middlewares": ["login"]},
            "rest": {"rule": "Host(`shop.test`)", "service": "shop", "priority": 1},
        },
        "middlewares": {
            "strip": {"stripPrefix": {"prefixes": ["/api"]}},
            "mark": {"headers": {"customResponseHeaders": {"X-Mark": "yes"}}},
            "login": {"basicAuth": {"users": ["u:$apr1$x$QbPRy6lWDXQ9rxkZOwlPU/"]}},
        },
        "services": {"shop": {"loadBalancer": {"servers": [{"url": "http://shop.internal:80"}]}}},
    }
}  # fmt: skip

WEB: dict[str, Any] = {
    "entryPoints": {"web": {"address": ":80"}, "websecure": {"address": ":443"}},
    "providers": {"file": {"filename": "dynamic.yaml"}},
}
