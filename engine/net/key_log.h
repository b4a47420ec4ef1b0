// The secrets of TLS connections, written down for those who look at captured traffic (NSS key log format). Debugging only.
#pragma once
#include <string>

#include "engine/net/fd.h"

namespace gateproof::net {

// The file, made for its owner alone, and added to. A symbolic link, anything but a file, and one that others may read or write are
// refused: what is in it opens everything that was sent (reliability K3). Code::io.
Result<Fd> open_key_log(const std::string& path);

// Every connection of this process from now on adds its lines to that file. Once, before any TLS is spoken.
Result<void> log_tls_keys(const std::string& path);
// Goes on in the file that has the name now, for who has moved the other away; nothing where no keys are logged. Where it cannot be
// opened, the one that is open is kept.
Result<void> reopen_key_log();

}  // namespace gateproof::net
