// JSON as it is sent to an API server.
#pragma once
#include "engine/config/document.h"

namespace gateproof::providers {

// A text in double quotes.
std::string json_text(std::string_view s);
// A value as it was read; what was written without quotes stays without.
std::string json_of(const config::Value& v);
// The same object with another status, given as JSON.
std::string json_with_status(const config::Value& object, std::string_view status);

}  // namespace gateproof::providers
