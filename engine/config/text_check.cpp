#include "engine/config/text_check.h"

#include "engine/base/utf8.h"

namespace gateproof::config {

SourceSpan span_at(std::string_view text, size_t offset,
                   const std::shared_ptr<const std::string>& file) {
  offset = std::min(offset, text.size());
  SourceSpan s;
  s.file = file;
  s.line = 1 + uint32_t(std::count(text.begin(), text.begin() + ptrdiff_t(offset), '\n'));
  const size_t before = offset ? text.rfind('\n', offset - 1) : std::string_view::npos;
  s.column = uint32_t(before == std::string_view::npos ? offset + 1 : offset - before);
  return s;
}

namespace {

bool is_control(std::string_view s, size_t i, size_t length) {
  const auto b = static_cast<unsigned char>(s[i]);
  if (length == 1) return (b < 0x20 && b != '\t' && b != '\n' && b != '\r') || b == 0x7F;
  // C1 controls but NEL, which YAML knows as a line break.
  return length == 2 && b == 0xC2 && static_cast<unsigned char>(s[i + 1]) < 0xA0 &&
         static_cast<unsigned char>(s[i + 1]) != 0x85;
}

std::string hex_byte(char c) {
  static const char digits[] = "0123456789abcdef";
  const auto b = static_cast<unsigned char>(c);
  return {'0', 'x', digits[b >> 4], digits[b & 15]};
}

}  // namespace

std::optional<Error> check_text(std::string_view text,
                                const std::shared_ptr<const std::string>& file, size_t bytes_max) {
  if (text.size() > bytes_max) {
    return Error(Code::limit,
                 "the configuration is too large: " + std::to_string(text.size()) +
                     " bytes, the limit is " + std::to_string(bytes_max),
                 span_at(text, bytes_max, file), "split it into several files of a directory");
  }
  for (size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) >= 0x20 && static_cast<unsigned char>(text[i]) < 0x7F) {
      ++i;
      continue;
    }
    const size_t length = text::utf8_length(text.substr(i));
    if (length == 0) {
      return Error(Code::invalid, "invalid UTF-8: byte " + hex_byte(text[i]),
                   span_at(text, i, file),
                   "save the file as UTF-8 text; a binary file is no configuration");
    }
    if (is_control(text, i, length)) {
      return Error(Code::invalid, "control characters are not allowed: byte " + hex_byte(text[i]),
                   span_at(text, i, file),
                   "remove the character, or write it as an escape in double quotes");
    }
    i += length;
  }
  return std::nullopt;
}

std::string_view without_bom(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return text;
}

bool looks_like_json(std::string_view text) {
  const size_t at = text.find_first_not_of(" \t\r\n");
  return at != std::string_view::npos && text[at] == '{';
}

}  // namespace gateproof::config
