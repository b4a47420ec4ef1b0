"""An authorization service of Envoy's ext_authz, over grpcio and protobuf's own library."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

# Message -> fields "name number type"; `*` in front of a type: repeated; "map": of strings.
MESSAGES = {
    "BoolValue": "value 1 bool",
    "Timestamp": "seconds 1 int64, nanos 2 int32",
    "SocketAddress": "protocol 1 int32, address 2 string, port_value 3 uint32",
    "Address": "socket_address 1 SocketAddress",
    "Peer": "address 1 Address, service 2 string, principal 4 string, certificate 5 string",
    "HttpRequest": "id 1 string, method 2 string, headers 3 map, path 4 string, host 5 string, "
    "scheme 6 string, query 7 string, fragment 8 string, size 9 int64, protocol 10 string, "
    "body 11 string, raw_body 12 bytes",
    "Request": "time 1 Timestamp, http 2 HttpRequest",
    "TLSSession": "sni 1 string",
    "AttributeContext": "source 1 Peer, destination 2 Peer, request 4 Request, "
    "tls_session 12 TLSSession",
    "CheckRequest": "attributes 1 AttributeContext",
    "Status": "code 1 int32, message 2 string",
    "HttpStatus": "code 1 int32",
    "HeaderValue": "key 1 string, value 2 string, raw_value 3 bytes",
    "HeaderValueOption": "header 1 HeaderValue, append 2 BoolValue, append_action 3 int32, "
    "keep_empty_value 4 bool",
    "QueryParameter": "key 1 string, value 2 string",
    "DeniedHttpResponse": "status 1 HttpStatus, headers 2 *HeaderValueOption, body 3 string",
    "OkHttpResponse": "headers 2 *HeaderValueOption, headers_to_remove 5 *string, "
    "response_headers_to_add 6 *HeaderValueOption, query_parameters_to_set 7 *QueryParameter, "
    "query_parameters_to_remove 8 *string",
    "CheckResponse": "status 1 Status, denied_response 2 DeniedHttpResponse, "
    "ok_response 3 OkHttpResponse",
}
PACKAGE = "gateproof.test.auth"


def _classes() -> dict[str, Any]:
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="ext_authz_test.proto", package=PACKAGE, syntax="proto3"
    )
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for text in fields.split(", "):
            field, number, kind = text.split()
            label = (
                kinds.LABEL_REPEATED if kind[0] == "*" or kind == "map" else kinds.LABEL_OPTIONAL
            )
            one = message.field.add(name=field, number=int(number), label=label)
            kind = kind.lstrip("*")
            if kind == "map":
                entry = message.nested_type.add(name=f"{field.capitalize()}Entry")
                entry.options.map_entry = True
                for at, part in enumerate(("key", "value"), 1):
                    entry.field.add(
                        name=part, number=at, type=kinds.TYPE_STRING, label=kinds.LABEL_OPTIONAL
                    )
                one.type = kinds.TYPE_MESSAGE
                one.type_name = f".{PACKAGE}.{name}.{entry.name}"
            elif kind in MESSAGES:
                one.type, one.type_name = kinds.TYPE_MESSAGE, f".{PACKAGE}.{kind}"
            else:
                one.type = getattr(kinds, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    find = pool.FindMessageTypeByName
    return {name: message_factory.GetMessageClass(find(f"{PACKAGE}.{name}")) for name in MESSAGES}


TYPES = _classes()
CheckResponse = TYPES["CheckResponse"]


def header(key: str, value: str, **options: Any) -> dict[str, Any]:
    """A HeaderValueOption."""
    if "append" in options:
        options["append"] = {"value": options["append"]}
    return {"header": {"key": key, "value": value}, **options}


class AuthService(contextlib.AbstractContextManager["AuthService"]):
    """Answers what `says` makes of a CheckRequest; keeps what it was asked."""

    def __init__(self, credentials: grpc.ServerCredentials | None = None) -> None:
        self.asked: list[Any] = []
        self.metadata: list[dict[str, Any]] = []
        self.says: Callable[[Any], Any] = lambda _: CheckResponse()
        self.server = grpc.server(futures.ThreadPoolExecutor(4))
        check = grpc.unary_unary_rpc_method_handler(
            self._check,
            request_deserializer=TYPES["CheckRequest"].FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )
        service = "envoy.service.auth.v3.Authorization"
        handlers = grpc.method_handlers_generic_handler(service, {"Check": check})
        self.server.add_generic_rpc_handlers((handlers,))
        if credentials:
            self.port = self.server.add_secure_port("127.0.0.1:0", credentials)
        else:
            self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    def _check(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.asked.append(request.attributes)
        self.metadata.append(dict(context.invocation_metadata()))
        answer = self.says(request.attributes)
        if isinstance(answer, grpc.StatusCode):
            context.abort(answer, "as the test says")
        return answer

    def __exit__(self, *_: object) -> None:
        self.server.stop(None).wait()
