#include "engine/middleware/htpasswd.h"

#include <algorithm>

#include "engine/base/crypto.h"
#include "engine/base/text.h"

namespace gateproof::middleware {
namespace {

struct Md5Crypt {
  std::string_view magic, salt, hash;
};

// "$magic$salt$hash"; the hash is everything behind the third '$'.
std::optional<Md5Crypt> split_md5_crypt(std::string_view hash) {
  if (!hash.starts_with('$')) return std::nullopt;
  const size_t second = hash.find('$', 1);
  if (second == std::string_view::npos) return std::nullopt;
  const size_t third = hash.find('$', second + 1);
  if (third == std::string_view::npos) return std::nullopt;
  return Md5Crypt{hash.substr(1, second - 1), hash.substr(second + 1, third - second - 1),
                  hash.substr(third + 1)};
}

}  // namespace

Result<void> add_user(Users& users, std::string_view entry) {
  const size_t colon = entry.find(':');
  if (colon == std::string_view::npos || entry.find(':', colon + 1) != std::string_view::npos) {
    return Error(Code::invalid, "error parsing BasicUser: " + std::string(entry), SourceSpan(),
                 "write `users` and lines of `usersFile` as user:hash, as htpasswd does");
  }
  users.insert_or_assign(std::string(entry.substr(0, colon)), std::string(entry.substr(colon + 1)));
  return {};
}

Result<void> add_user_lines(Users& users, std::string_view text) {
  for (std::string_view line : text::split(text, '\n')) {
    line = text::trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    auto added = add_user(users, line);
    if (!added) return added.error();
  }
  return {};
}

HashKind kind_of_hash(std::string_view hash) {
  if (hash.starts_with("{SHA}")) return HashKind::sha1;
  if (hash.size() > 4 && hash.starts_with("$2") && hash[3] == '$' &&
      std::string_view("abxy").find(hash[2]) != std::string_view::npos) {
    return HashKind::bcrypt;
  }
  return split_md5_crypt(hash) ? HashKind::md5_crypt : HashKind::none;
}

bool password_matches(std::string_view password, std::string_view hash) {
  switch (kind_of_hash(hash)) {
    case HashKind::sha1:
      return crypto::equal_constant_time(crypto::base64(crypto::sha1(password)), hash.substr(5));
    case HashKind::bcrypt: return crypto::bcrypt_matches(password, std::string(hash));
    case HashKind::md5_crypt: {
      const Md5Crypt parts = *split_md5_crypt(hash);
      // The salt's length in the text counts as well: the whole of it is compared by Traefik, eight bytes of it are used.
      constexpr size_t salt_bytes_max = 8;
      if (parts.salt.size() > salt_bytes_max) return false;
      return crypto::equal_constant_time(crypto::md5_crypt(password, parts.salt, parts.magic),
                                         parts.hash);
    }
    case HashKind::none: return false;
  }
  return false;
}

}  // namespace gateproof::middleware
