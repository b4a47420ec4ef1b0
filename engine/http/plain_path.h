// The usual path, which one look tells: nothing has to be decoded, encoded or cleaned of it.
#pragma once
#include <string_view>

namespace gateproof::http {

// Rooted, of bytes that no encoding changes, without escapes and without a segment that is empty or begins with a dot: it is its
// own canonical, its own decoded and its own encoded form.
bool is_plain_path(std::string_view path);

}  // namespace gateproof::http
