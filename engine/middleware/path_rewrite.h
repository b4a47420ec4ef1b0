// What the path middlewares share: cutting a prefix off both forms of a path, and the check of the result.
#pragma once
#include "engine/http/url.h"
#include "engine/middleware/middleware.h"

namespace gateproof::middleware {

void lead_with_slash(std::string& path);

// What becomes of the rest of a path whose front was cut off: an empty one stays empty, which the next rewrite sees; or it
// begins with exactly the slash that forceSlash asks for.
enum class Rest : uint8_t { as_it_is, forced_slash };

// Cuts `prefix` (decoded, and a prefix of url.path) off both forms, at the same place; a rest that is not empty gets a
// leading slash.
void cut_prefix(http::UrlPath& url, std::string_view prefix, Rest rest = Rest::as_it_is);

// The path as the replacing middlewares see and tell it: the encoded form as it was set last, valid or not.
std::string shown_path(const http::UrlPath& url);

// Whether path cleaning would leave the path as it is: no dot segment, no empty segment.
bool is_clean(const http::UrlPath& url);

// Cuts the prefix, and answers 400 for a rest that is not clean.
Flow strip_and_check(http::Exchange& x, const std::string& prefix, Rest rest = Rest::as_it_is);

// Puts the path (an escaped one) in place of the request's and keeps the old one in X-Replaced-Path. A bad escape is
// answered with 500, a path that is not clean with 400 if `must_be_clean`.
Flow replace_and_continue(http::Exchange& x, std::string_view escaped, bool must_be_clean);
// The same without X-Replaced-Path.
Flow put_path(http::Exchange& x, std::string_view escaped, bool must_be_clean);

}  // namespace gateproof::middleware
