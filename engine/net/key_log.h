// The secrets of TLS connections, written down for those who look at captured traffic (NSS key log format). Debugging only.
#pragma once
#include <string>

#include "engine/base/error.h"

namespace gateproof::net {

// Every connection of this process from now on adds its lines to the file, which is made for its owner alone. Once, before any
// TLS is spoken. Code::io: the file cannot be written.
Result<void> log_tls_keys(const std::string& path);

}  // namespace gateproof::net
