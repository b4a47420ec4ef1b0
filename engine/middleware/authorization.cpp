#include "engine/middleware/authorization.h"

#include "engine/base/crypto.h"
#include "engine/base/text.h"

namespace gateproof::middleware {
namespace {

// Calls f with each element of a comma-separated list: commas in quotes do not count, a backslash in quotes is dropped and the
// byte behind it kept; an empty last element is none.
template <class F>
void for_each_element(std::string_view list, F f) {
  std::string element;
  bool escape = false, quote = false;
  for (char c : list) {
    if (escape) {
      element += c;
      escape = false;
    } else if (quote && c == '\\') {
      escape = true;
    } else if (!quote && c == ',') {
      f(text::trim(element));
      element.clear();
    } else {
      if (c == '"') quote = !quote;
      element += c;
    }
  }
  if (!element.empty()) f(text::trim(element));
}

}  // namespace

std::optional<BasicCredentials> basic_credentials(std::string_view authorization) {
  constexpr std::string_view scheme = "Basic ";
  if (!text::istarts_with(authorization, scheme)) return std::nullopt;
  const auto decoded = crypto::base64_decode(authorization.substr(scheme.size()));
  if (!decoded) return std::nullopt;
  const size_t colon = decoded->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return BasicCredentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

std::optional<DigestParams> digest_params(std::string_view authorization) {
  constexpr std::string_view scheme = "Digest ";
  if (!authorization.starts_with(scheme)) return std::nullopt;
  DigestParams out;
  for_each_element(text::trim(authorization.substr(scheme.size())), [&out](std::string_view e) {
    const size_t eq = e.find('=');
    if (eq == std::string_view::npos) {
      out.fields.insert_or_assign(std::string(e), std::string());
      return;
    }
    std::string_view value = e.substr(eq + 1);
    if (value == "\"") out.broken = true;
    if (value.size() > 1 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    out.fields.insert_or_assign(std::string(e.substr(0, eq)), std::string(value));
  });
  return out;
}

}  // namespace gateproof::middleware
