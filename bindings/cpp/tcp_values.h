// TCP and UDP: objects' states, connections and their answers as Python sees them.
#pragma once
#include "engine/pipeline/tcp_candidates.h"

#include "bindings/cpp/bindings.h"

namespace gateproof::bindings {

// {tcp_routers, tcp_services, tcp_middlewares, udp_routers, udp_services}, each a list of dicts as routers_of makes them.
py::dict stream_objects_of(const pipeline::Snapshot& snapshot);

// One connection as the keyword arguments say: pieces to send (bytes), how and from where.
sim::TcpCall tcp_call(const std::string& entry_point, const std::string& peer,
                      const std::vector<py::bytes>& sends, bool half_close, int64_t patience_ns,
                      bool hold);
py::dict tcp_outcome(const sim::TcpOutcome& outcome);

// Who takes a connection; `kind` is tls, plain or postgres. Throws ValueError for an entry point that does not exist.
py::dict connection_answer(const pipeline::Snapshot& snapshot, const std::string& entry_point,
                           const std::string& kind, const std::string& server_name,
                           const std::vector<std::string>& alpn, const std::string& peer);
// Who takes a datagram.
py::dict datagram_answer(const pipeline::Snapshot& snapshot, const std::string& entry_point);

// An IP address, with or without a port.
SocketAddress peer_of(const std::string& text);

}  // namespace gateproof::bindings
