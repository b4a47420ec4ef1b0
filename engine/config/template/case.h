// Upper and lower case as Go's strings package has them, for Latin, Greek and Cyrillic letters; other letters stay as they are.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace gateproof::config::tmpl {

uint32_t upper_rune(uint32_t r);
uint32_t lower_rune(uint32_t r);
bool is_letter(
    uint32_t
        r);  // ASCII letters, and everything from U+00AA on that is no blank, mark or sign of Latin-1
bool is_space(uint32_t r);  // unicode.IsSpace

std::string to_upper(std::string_view s);
std::string to_lower(std::string_view s);
// strings.Title (`up`), or its opposite: the first letter of each word.
std::string change_words(std::string_view s, bool up);
std::string swap_case(std::string_view s);
// Traefik's name normalisation: runs of anything but letters and digits become one '-'; none at the ends.
std::string normalize_name(std::string_view s);

}  // namespace gateproof::config::tmpl
