// Any bytes as an Authorization field: what is read of it can be written and read again, and nothing is made up.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/base/crypto.h"
#include "engine/base/text.h"
#include "engine/middleware/authorization.h"

using namespace gateproof;
using namespace gateproof::middleware;

namespace {
void require(bool ok) {
  if (!ok) std::abort();
}

std::string quoted(std::string_view s) {
  std::string out = "\"";
  for (char c : s) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

void check_basic(std::string_view value) {
  const auto got = basic_credentials(value);
  if (!got) return;
  require(got->user.find(':') == std::string::npos);
  const auto again = basic_credentials("Basic " + crypto::base64(got->user + ":" + got->password));
  require(again && again->user == got->user && again->password == got->password);
}

// Names that a list can carry: without blanks around, quotes, commas, '='.
bool plain(std::string_view name) {
  return text::trim(name) == name && name.find_first_of("\",=\\") == std::string_view::npos;
}

void check_digest(std::string_view value) {
  const auto got = digest_params(value);
  require(got.has_value() == value.starts_with("Digest "));
  if (!got) return;
  size_t bytes = 0;
  std::string written;
  for (const auto& [name, text] : got->fields) {
    require(name.find('=') == std::string::npos);
    bytes += name.size() + text.size();
    if (plain(name)) written += (written.empty() ? "Digest " : ", ") + name + "=" + quoted(text);
  }
  require(bytes <= value.size());
  const auto again = digest_params(written);
  for (const auto& [name, text] : got->fields) {
    if (plain(name)) require(again && !again->broken && again->get(name) == text);
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  check_basic(value);
  check_digest(value);
  check_digest("Digest " + std::string(value));
  return 0;
}
