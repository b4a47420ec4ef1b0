// The file that an authenticating middleware's usersFile names.
#pragma once
#include "engine/middleware/middleware.h"

namespace gateproof::middleware {

inline constexpr size_t users_file_bytes_max = 8u << 20;

// Its text; the error is Traefik's ("open /x: no such file or directory").
Result<std::string> read_users_file(const std::string& path, const BuildContext& context);

}  // namespace gateproof::middleware
