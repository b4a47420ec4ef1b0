// Any bytes as a user list: what is read has no ':' or line break where none can be, reading is the same line by line, and no
// hash is matched by a password that it was not made from.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/base/text.h"
#include "engine/middleware/htpasswd.h"

using namespace gateproof;
using namespace gateproof::middleware;

namespace {
void require(bool ok) {
  if (!ok) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Users whole, by_line;
  const bool fine = add_user_lines(whole, text).has_value();
  bool lines_fine = true;
  for (std::string_view line : text::split(text, '\n')) {
    if (!add_user_lines(by_line, line)) {
      lines_fine = false;
      break;
    }
  }
  require(fine == lines_fine && whole == by_line);
  size_t checked = 0;
  for (const auto& [name, hash] : whole) {
    require(name.find(':') == std::string::npos && hash.find(':') == std::string::npos);
    require(name.find('\n') == std::string::npos && hash.find('\n') == std::string::npos);
    // bcrypt's cost is the list's to choose: only cheap ones here.
    if (kind_of_hash(hash) == HashKind::bcrypt && hash.substr(4, 3) != "04$") continue;
    if (++checked > 4) break;
    const bool one = password_matches("not the password of any seed", hash);
    const bool other = password_matches("nor this one", hash);
    require(!(one && other));
    if (kind_of_hash(hash) == HashKind::none)
      require(!one && !other && !password_matches(hash, hash));
  }
  return 0;
}
