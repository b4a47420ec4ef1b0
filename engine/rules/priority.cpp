#include "engine/rules/priority.h"

#include "engine/base/text.h"
#include "engine/config/provider_names.h"

namespace gateproof::rules {
namespace {

constexpr const auto& providers = config::provider_names;

}  // namespace

Priority effective_priority(std::string_view rule, int64_t explicit_priority) {
  if (explicit_priority == 0) return {static_cast<int64_t>(rule.size()), true};
  return {explicit_priority, false};
}

Result<void> check_user_priority(int64_t priority) {
  if (priority <= user_priority_max) return {};
  return Error(Code::limit, "the router priority " + std::to_string(priority) +
                                " exceeds the max user-defined priority " +
                                std::to_string(user_priority_max));
}

std::span<const std::string_view> default_provider_precedence() { return providers; }

int provider_rank(std::string_view name, std::span<const std::string_view> precedence) {
  const size_t at = name.rfind('@');
  const std::string_view provider = at == std::string_view::npos ? name : name.substr(at + 1);
  for (size_t i = 0; i < precedence.size(); ++i) {
    if (text::iequals(provider, precedence[i])) return static_cast<int>(i);
  }
  return static_cast<int>(precedence.size());
}

int provider_rank(std::string_view name) { return provider_rank(name, providers); }

}  // namespace gateproof::rules
