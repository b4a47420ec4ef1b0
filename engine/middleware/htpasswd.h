// User lists of basicAuth: "name:hash" entries, and the kinds of hashes (catalogue 3.2).
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace gateproof::middleware {

using Users = std::map<std::string, std::string, std::less<>>;  // name -> hash

// One entry, added to `users`; a later one of the same name replaces it. Exactly one ':' is wanted, and nothing is trimmed.
Result<void> add_user(Users& users, std::string_view entry);
// A file: each line trimmed; empty ones and those that begin with '#' are skipped.
Result<void> add_user_lines(Users& users, std::string_view text);

enum class HashKind : uint8_t { sha1, bcrypt, md5_crypt, none };
// By the hash's first characters; `none` can match no password (plain text, unknown kinds).
HashKind kind_of_hash(std::string_view hash);
// Whether the password has this hash. Takes as long as its kind takes; does not say where a difference is.
bool password_matches(std::string_view password, std::string_view hash);

}  // namespace gateproof::middleware
