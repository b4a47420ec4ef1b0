// The type of a body by its first bytes, as Go's http.DetectContentType tells it (WHATWG MIME sniffing).
#pragma once
#include <cstddef>
#include <string_view>

namespace gateproof::http {

inline constexpr size_t sniff_bytes_max = 512;  // what comes later is not looked at

// Never empty: "application/octet-stream" for what nothing else fits, "text/plain; charset=utf-8" for no bytes.
std::string_view detect_content_type(std::string_view data);

}  // namespace gateproof::http
