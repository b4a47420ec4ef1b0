// Which coding compress uses for a request (catalogue 3.2).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateproof::middleware {

enum class Coding : uint8_t { gzip, brotli, zstd };

std::optional<Coding> coding_by_name(std::string_view name);  // exact: "gzip", "br", "zstd"
std::string_view coding_name(Coding c);

struct CodingChoice {
  Coding coding;
  // Traefik's gzip stage asks again whether gzip was named, so that a gzip chosen by `*` adds Vary and compresses nothing.
  bool only_vary = false;
};

// `accept`: all Accept-Encoding lines joined, nullopt when there is none; `first_line`: the first one, where there are
// several. `preference`: not empty. nullopt: leave it alone.
std::optional<CodingChoice> choose_coding(std::optional<std::string_view> accept,
                                          const std::vector<Coding>& preference,
                                          std::optional<Coding> default_coding,
                                          std::optional<std::string_view> first_line = {});

}  // namespace gateproof::middleware
