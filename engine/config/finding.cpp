#include "engine/config/finding.h"

#include <tuple>

#include "engine/base/assert.h"
#include "engine/base/text.h"

namespace gateproof::config {

std::string_view to_string(Severity s) {
  switch (s) {
    case Severity::error: return "error";
    case Severity::warning: return "warning";
    case Severity::note: return "note";
  }
  return "error";
}

const FindingCode* find_code(std::string_view code) {
  const auto codes = finding_codes();
  const auto at =
      std::lower_bound(codes.begin(), codes.end(), code,
                       [](const FindingCode& row, std::string_view c) { return row.code < c; });
  return at != codes.end() && at->code == code ? &*at : nullptr;
}

void Findings::add(std::string_view code, SourceSpan span, std::string object, std::string message,
                   std::string remedy) {
  const FindingCode* row = find_code(code);
  GP_ASSERT(row != nullptr);
  list_.push_back({std::string(code), row->severity, std::move(span), std::move(object),
                   std::move(message), std::move(remedy)});
}

void Findings::name_option(size_t from, std::string_view option) {
  const std::string name = text::to_lower(option);
  for (size_t i = std::max(from, named_); i < list_.size(); ++i) {
    Finding& f = list_[i];
    if (f.code == "GP0101") continue;  // an unknown field is named by itself
    const bool named = text::to_lower(f.message).find(name) != std::string::npos ||
                       text::to_lower(f.remedy).find(name) != std::string::npos;
    if (!named) f.remedy = "`" + std::string(option) + "`: " + f.remedy;
  }
  named_ = list_.size();
}

void Findings::append(const Findings& other) {
  list_.insert(list_.end(), other.list_.begin(), other.list_.end());
}

bool Findings::has_errors() const {
  return std::any_of(list_.begin(), list_.end(),
                     [](const Finding& f) { return f.severity == Severity::error; });
}

namespace {

auto key_of(const Finding& f) {
  return std::tuple<std::string_view, uint32_t, uint32_t, const std::string&, const std::string&,
                    const std::string&, const std::string&, uint32_t>(
      f.span.file_name(), f.span.line, f.span.column, f.code, f.object, f.message, f.remedy,
      f.span.length);
}

}  // namespace

void Findings::sort() {
  std::stable_sort(list_.begin(), list_.end(),
                   [](const Finding& a, const Finding& b) { return key_of(a) < key_of(b); });
  list_.erase(
      std::unique(list_.begin(), list_.end(),
                  [](const Finding& a, const Finding& b) { return key_of(a) == key_of(b); }),
      list_.end());
}

Finding finding_from(const Error& e) {
  std::string_view code = "GP0002";
  if (e.code == Code::limit) code = "GP0003";
  if (e.code == Code::not_found || e.code == Code::io) code = "GP0001";
  return {std::string(code), Severity::error, e.span, "", e.message, e.remedy};
}

}  // namespace gateproof::config
