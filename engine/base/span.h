// Where a value came from: file, line, column. Cheap to copy; the file name is shared.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gateproof {

struct SourceSpan {
  std::shared_ptr<const std::string> file;  // null: nowhere (made by the engine itself)
  uint32_t line = 0;                        // from 1; 0 = the file as a whole
  uint32_t column = 0;                      // from 1, in bytes; 0 = the line as a whole
  uint32_t length = 0;                      // bytes on that line, 0 = unknown

  bool known() const { return file != nullptr; }
  std::string_view file_name() const { return file ? std::string_view(*file) : std::string_view(); }
  // "file:line:column", without the parts that are not known.
  std::string to_string() const;
  // The same span moved right by `bytes`: a place inside a scalar (a matcher inside a rule).
  SourceSpan at(uint32_t bytes, uint32_t len) const {
    SourceSpan s = *this;
    if (s.column) s.column += bytes;
    s.length = len;
    return s;
  }
};

template <class T>
struct Located {
  T value{};
  SourceSpan span;
};

}  // namespace gateproof
