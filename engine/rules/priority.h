// Which of two matching routers wins: the priority's number, then the provider's rank (catalogue 1.6).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace gateproof::rules {

// 9223372036854774807: int64 max minus 1000. Above it only internal routers.
inline constexpr int64_t user_priority_max = INT64_MAX - 1000;

struct Priority {
  int64_t value = 0;
  bool automatic = true;
};
// The explicit number, or for 0 (absent) the length of the rule in bytes.
Priority effective_priority(std::string_view rule, int64_t explicit_priority);
// Code::limit with Traefik's "the router priority N exceeds the max user-defined priority M".
Result<void> check_user_priority(int64_t priority);

// Traefik's providers.precedence when it is not given; the first wins.
std::span<const std::string_view> default_provider_precedence();
// The rank of the provider of "name@provider" or of a bare provider name, lower-cased; those missing from the list come last,
// all alike.
int provider_rank(std::string_view name_or_provider, std::span<const std::string_view> precedence);
int provider_rank(std::string_view name_or_provider);

}  // namespace gateproof::rules
