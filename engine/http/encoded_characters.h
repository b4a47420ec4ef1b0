// Percent-encoded characters that a server might read as structure: denied or let through, each by itself (catalogue 1.5).
// Shared by entry points and the encodedCharacters middleware.
#pragma once
#include <string_view>

namespace gateproof::http {

struct EncodedCharacters {  // true: allowed
  bool slash = true, back_slash = true, null_character = true, semicolon = true, percent = true,
       question_mark = true, hash = true;
  bool all() const {
    return slash && back_slash && null_character && semicolon && percent && question_mark && hash;
  }
};

// The first triplet of an escaped path that is denied, as it stands there ("%2f"); "" when there is none.
std::string_view denied_character(std::string_view escaped_path, const EncodedCharacters& allowed);

}  // namespace gateproof::http
