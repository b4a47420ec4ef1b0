// NGINX configuration text as Traefik reads it: directives, their parameters as written, and their blocks (catalogue 6.7).
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace gateproof::middleware {

inline constexpr size_t nginx_config_bytes_max = 256u
                                                 << 10;  // of one text; as many as all annotations
inline constexpr size_t nginx_config_directives_max = 10'000;
inline constexpr size_t nginx_config_depth_max = 32;  // of blocks

struct NginxDirective {
  std::string name;
  std::vector<std::string> parameters;  // with the quotes around them
  bool has_block = false;
  std::vector<NginxDirective> block;
};

// `text` stands in the block that `opening` begins ("server{"): the first block is the answer, and a text that closes it early
// has nothing behind that count. Other names than `known` are refused, with Traefik's words; lines and columns count from the
// beginning of `opening`, as its do.
Result<std::vector<NginxDirective>> parse_nginx_block(std::string_view opening,
                                                      std::string_view text,
                                                      std::span<const std::string_view> known);

// Without the double quotes around it; single ones stay (Traefik).
std::string_view nginx_unquoted(std::string_view parameter);

}  // namespace gateproof::middleware
