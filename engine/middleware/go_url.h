// An absolute or relative URL as Go's net/url reads and prints it: what a redirection's Location becomes.
#pragma once
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace gateproof::middleware {

// url.Parse(text) then String(): scheme in lower case, path and fragment re-encoded, query left alone.
// Code::invalid where Go's parser refuses the text.
Result<std::string> go_url_normal_form(std::string_view text);

}  // namespace gateproof::middleware
