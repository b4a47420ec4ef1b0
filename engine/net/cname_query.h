// One question to name servers for a CNAME record. Blocks: for helper threads only.
#pragma once
#include "engine/env/transport.h"

namespace gateproof::net {

inline constexpr Duration name_server_wait =
    std::chrono::seconds(30);                   // for one answer, as Traefik waits
inline constexpr size_t name_servers_max = 16;  // of one file that are asked
inline constexpr size_t name_server_file_bytes_max = 64u << 10;

using CnameAnswer = Result<std::optional<CanonicalName>>;

// The addresses of the lines `nameserver A` of a resolv.conf, in order; 127.0.0.1 if it has none.
std::vector<IpAddress> name_servers(std::string_view resolv_conf);
// By the first record of each server's answer; of several servers the record with the longest life. Code::io: the file
// cannot be read. A server that does not answer, or answers something else, is passed over.
CnameAnswer ask_cname(const std::string& host, const std::string& config_file, uint16_t port = 53);

}  // namespace gateproof::net
