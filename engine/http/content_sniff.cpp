#include "engine/http/content_sniff.h"

#include "engine/base/text.h"

namespace gateproof::http {
namespace {

using namespace std::string_view_literals;

// '?' in a pattern stands for any byte where `any` says so.
struct Signature {
  std::string_view bytes;
  std::string_view type;
  size_t any_from = 0, any_to = 0;
};

constexpr std::string_view html = "text/html; charset=utf-8";
constexpr std::string_view html_tags[] = {"<!DOCTYPE HTML",
                                          "<HTML",
                                          "<HEAD",
                                          "<SCRIPT",
                                          "<IFRAME",
                                          "<H1",
                                          "<DIV",
                                          "<FONT",
                                          "<TABLE",
                                          "<A",
                                          "<STYLE",
                                          "<TITLE",
                                          "<B",
                                          "<BODY",
                                          "<BR",
                                          "<P",
                                          "<!--"};

// WHATWG MIME sniffing sections 6.1, 6.2 and 7.1; those of 6.1 that begin with a mark want a fourth byte, as Go's table does.
constexpr Signature signatures[] = {
    {"%PDF-"sv, "application/pdf"},
    {"%!PS-Adobe-"sv, "application/postscript"},
    {"\xFE\xFF??"sv, "text/plain; charset=utf-16be", 2, 4},
    {"\xFF\xFE??"sv, "text/plain; charset=utf-16le", 2, 4},
    {"\xEF\xBB\xBF?"sv, "text/plain; charset=utf-8", 3, 4},
    {"\x00\x00\x01\x00"sv, "image/x-icon"},
    {"\x00\x00\x02\x00"sv, "image/x-icon"},
    {"BM"sv, "image/bmp"},
    {"GIF87a"sv, "image/gif"},
    {"GIF89a"sv, "image/gif"},
    {"RIFF????WEBPVP"sv, "image/webp", 4, 8},
    {"\x89PNG\r\n\x1A\n"sv, "image/png"},
    {"\xFF\xD8\xFF"sv, "image/jpeg"},
    {"FORM????AIFF"sv, "audio/aiff", 4, 8},
    {"ID3"sv, "audio/mpeg"},
    {"OggS\x00"sv, "application/ogg"},
    {"MThd\x00\x00\x00\x06"sv, "audio/midi"},
    {"RIFF????AVI "sv, "video/avi", 4, 8},
    {"RIFF????WAVE"sv, "audio/wave", 4, 8},
    {"\x1A\x45\xDF\xA3"sv, "video/webm"},
    {"??????????????????????????????????LP"sv, "application/vnd.ms-fontobject", 0, 34},
    {"\x00\x01\x00\x00"sv, "font/ttf"},
    {"OTTO"sv, "font/otf"},
    {"ttcf"sv, "font/collection"},
    {"wOFF"sv, "font/woff"},
    {"wOF2"sv, "font/woff2"},
    {"\x1F\x8B\x08"sv, "application/x-gzip"},
    {"PK\x03\x04"sv, "application/zip"},
    {"Rar!\x1A\x07\x00"sv, "application/x-rar-compressed"},
    {"Rar!\x1A\x07\x01\x00"sv, "application/x-rar-compressed"},
    {"\x00\x61\x73\x6D"sv, "application/wasm"},
};

bool matches(std::string_view data, const Signature& s) {
  if (data.size() < s.bytes.size()) return false;
  for (size_t i = 0; i < s.bytes.size(); ++i) {
    const bool any = i >= s.any_from && i < s.any_to;
    if (!any && data[i] != s.bytes[i]) return false;
  }
  return true;
}

// A tag in any case, and the byte that ends its name.
bool is_tag(std::string_view text, std::string_view tag) {
  if (text.size() <= tag.size() || !text::istarts_with(text, tag)) return false;
  return text[tag.size()] == ' ' || text[tag.size()] == '>';
}

uint32_t big_endian(std::string_view four) {
  uint32_t v = 0;
  for (char c : four) v = v << 8 | static_cast<unsigned char>(c);
  return v;
}

// WHATWG MIME sniffing section 6.2.1: a brand that begins with "mp4", the minor version left out.
bool is_mp4(std::string_view data) {
  if (data.size() < 12) return false;
  const uint32_t box = big_endian(data.substr(0, 4));
  if (data.size() < box || box % 4 != 0 || data.substr(4, 4) != "ftyp") return false;
  for (size_t at = 8; at < box; at += 4) {
    if (at != 12 && data.substr(at, 3) == "mp4") return true;
  }
  return false;
}

bool is_binary(char c) {
  const auto b = static_cast<unsigned char>(c);
  return b <= 0x08 || b == 0x0b || (b >= 0x0e && b <= 0x1a) || (b >= 0x1c && b <= 0x1f);
}

}  // namespace

std::string_view detect_content_type(std::string_view data) {
  data = data.substr(0, sniff_bytes_max);
  const size_t first = data.find_first_not_of("\t\n\f\r ");
  const std::string_view text = first == std::string_view::npos ? "" : data.substr(first);
  for (std::string_view tag : html_tags) {
    if (is_tag(text, tag)) return html;
  }
  if (text.starts_with("<?xml")) return "text/xml; charset=utf-8";
  for (const Signature& s : signatures) {
    if (matches(data, s)) return s.type;
  }
  if (is_mp4(data)) return "video/mp4";
  if (std::none_of(text.begin(), text.end(), is_binary)) return "text/plain; charset=utf-8";
  return "application/octet-stream";
}

}  // namespace gateproof::http
