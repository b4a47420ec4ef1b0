// Media types as Go's mime.ParseMediaType reads them.
#pragma once
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace gateproof::middleware {

// "text/html; charset=utf-8" -> "text/html", in lower case. Errors in Go's words ("mime: no media type").
Result<std::string> parse_media_type(std::string_view text);

}  // namespace gateproof::middleware
