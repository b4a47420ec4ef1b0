// Text inside HTML pages, which Go's library writes into some of its own answers.
#pragma once
#include <string>
#include <string_view>

namespace gateproof::text {

// As Go's html.EscapeString: & < > " and ' become character references.
std::string escape_html(std::string_view s);

}  // namespace gateproof::text
