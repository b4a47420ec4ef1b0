#include "engine/kubernetes/cel/functions.h"

#include <algorithm>

namespace gateproof::kubernetes::cel {

namespace {

std::vector<Function> sorted() {
  std::vector<Function> all;
  for (const auto& part : {operators(), conversions(), text_functions(), list_functions(),
                           time_functions(), format_functions()})
    all.insert(all.end(), part.begin(), part.end());
  std::ranges::stable_sort(all, {}, &Function::name);
  return all;
}

}  // namespace

std::span<const Function> functions_of(std::string_view name) {
  static const std::vector<Function> all = sorted();
  const auto found = std::ranges::equal_range(all, name, {}, &Function::name);
  return {found.begin(), found.end()};
}

}  // namespace gateproof::kubernetes::cel
