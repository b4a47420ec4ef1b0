// Paths as text: the engine asks no file system about them.
#pragma once
#include <string>
#include <string_view>

namespace gateproof::check {

std::string join_path(std::string_view directory, std::string_view name);
// Without "." and "//", and with "x/.." taken out: two spellings of one file become one. "" becomes ".".
std::string plain_path(std::string_view path);
std::string directory_of(std::string_view path);  // "." for a name alone

}  // namespace gateproof::check
