#include "engine/middleware/status_ranges.h"

#include "engine/base/text.h"

namespace gateproof::middleware {
namespace {

Result<int64_t> atoi(std::string_view s) {
  const auto value = text::parse_int(s);
  if (value) return *value;
  std::string_view digits = s;
  if (digits.starts_with('-') || digits.starts_with('+')) digits.remove_prefix(1);
  const bool number = !digits.empty() && std::all_of(digits.begin(), digits.end(), text::is_digit);
  return Error(Code::invalid,
               "strconv.Atoi: parsing " + text::quote(s) +
                   (number ? ": value out of range" : ": invalid syntax"),
               SourceSpan(), "in `status`, write codes as \"503\" or \"500-599\"");
}

}  // namespace

Result<StatusRanges> StatusRanges::parse(const std::vector<std::string>& texts) {
  StatusRanges out;
  for (const std::string& t : texts) {
    const auto parts = text::split(t, '-');
    auto low = atoi(parts[0]);
    if (!low) return low.error();
    auto high = parts.size() == 1 ? low : atoi(parts[1]);
    if (!high) return high.error();
    out.ranges_.emplace_back(*low, *high);
  }
  return out;
}

bool StatusRanges::contains(int status) const {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [status](const auto& r) { return status >= r.first && status <= r.second; });
}

}  // namespace gateproof::middleware
