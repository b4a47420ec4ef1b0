// Literals of templates: Go's strconv.Unquote, numbers and characters.
#pragma once
#include "engine/config/template/value.h"

namespace gateproof::config::tmpl {

// The text of a quoted or raw literal with its quotes; nullopt when an escape is wrong.
std::optional<std::string> unquote_text(std::string_view literal);
// A number or a character constant as Go's constants behave: `value` is the int or float64 it is by itself, `whole` what it is
// where an integer is wanted (1e3 is one too). False: `why`, or plain bad syntax.
bool read_number(std::string_view text, bool character, Val& value, bool& integral, int64_t& whole,
                 std::string& why);
// strconv.Quote for messages and %q.
std::string literal_quote(std::string_view s);
// One rune of UTF-8 at s[i] with its length; U+FFFD and 1 where the bytes are no UTF-8.
uint32_t rune_at(std::string_view s, size_t i, size_t* length);
void append_rune(std::string& out, uint32_t rune);
// strconv.ParseInt(text, 0, 64): 0x, 0b, 0o, leading 0 and underscores between digits.
std::optional<int64_t> parse_any_base(std::string_view text);
std::optional<double> parse_float(std::string_view text);

}  // namespace gateproof::config::tmpl
