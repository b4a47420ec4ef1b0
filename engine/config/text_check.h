// Checks of a configuration text that come before any parser: size, bytes that are no text.
#pragma once
#include "engine/config/document.h"

namespace gateproof::config {

// A place in the text by its byte offset. Lines end at LF; columns count bytes.
SourceSpan span_at(std::string_view text, size_t offset,
                   const std::shared_ptr<const std::string>& file);

// Size, NUL and other control characters, invalid UTF-8.
std::optional<Error> check_text(std::string_view text,
                                const std::shared_ptr<const std::string>& file, size_t bytes_max);

// The text without a UTF-8 byte order mark.
std::string_view without_bom(std::string_view text);

// Whether the first byte that is no blank is '{': worth a try with the JSON reader.
bool looks_like_json(std::string_view text);

}  // namespace gateproof::config
