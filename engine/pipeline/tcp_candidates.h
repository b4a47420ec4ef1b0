// What would become of a connection, and why each other TCP router does not take it. Made of the tables that route.
#pragma once
#include "engine/pipeline/candidates.h"
#include "engine/pipeline/tcp_decide.h"

namespace gateproof::pipeline {

struct ConnectionQuestion {
  enum Kind : uint8_t { plain, tls, postgres };
  Kind kind = tls;
  std::string server_name;  // lower case
  std::vector<std::string> alpn;
  IpAddress client_ip;
};

struct ConnectionAnswer {
  std::string taker;  // as ConnectionRecord's
  std::string why;
  const rules::Route* route = nullptr;
  const TcpTarget* target = nullptr;
  std::vector<Candidate> candidates;  // every other TCP router
};

// nullopt: no such TCP entry point.
std::optional<ConnectionAnswer> answer_connection(const Snapshot& snapshot,
                                                  std::string_view entry_point,
                                                  const ConnectionQuestion& question);
std::string_view to_string(TcpDecision::Taker taker);

}  // namespace gateproof::pipeline
