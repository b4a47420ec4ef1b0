// Tables, which `kubectl get` prints: the columns that the real server has for the built-in kinds, and those that
// CustomResourceDefinitions ask for (additionalPrinterColumns).
#pragma once
#include "engine/kubernetes/cluster/answers.h"

namespace gateproof::kubernetes::cluster {

// metadata is left to the caller.
Json table_of(const Shape& shape, std::span<const StoredObject* const> objects);

// As kubectl writes ages: "5s", "3m10s", "47h", "12d", "3y"; "<unknown>" of nothing.
std::string age_text(int64_t seconds);
// Seconds since the epoch of an RFC 3339 time in UTC; nullopt of anything else.
std::optional<int64_t> parse_time(std::string_view text);

// Value at a printer column's jsonPath (".status.conditions[?(@.type=="Ready")].status", ".spec.hosts[0]", "[*]"); null when
// there is none. Several values are joined with commas.
Json json_path(const Json& object, std::string_view path);

// One column of a built-in kind.
struct Column {
  std::string_view name;
  std::string_view type = "string";
  int priority = 0;  // 1: with -o wide only
  Json (*cell)(const Json& object, int64_t now_s) = nullptr;
};
// Between Name and what follows; empty: Name and Age are all there is to tell.
std::span<const Column> builtin_columns(std::string_view group, std::string_view kind);

}  // namespace gateproof::kubernetes::cluster
