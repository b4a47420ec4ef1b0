#include "engine/middleware/compress_encoding.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/base/text.h"

namespace gateproof::middleware {
namespace {

// Go's strconv.ParseFloat, as far as a quality needs it; hexadecimal numbers included.
std::optional<double> parse_float(std::string_view s) {
  bool negative = false;
  if (!s.empty() && (s.front() == '+' || s.front() == '-')) {
    negative = s.front() == '-';
    s.remove_prefix(1);
    if (s.starts_with('+') || s.starts_with('-')) return std::nullopt;
  }
  auto format = std::chars_format::general;
  if (text::istarts_with(s, "0x")) {
    s.remove_prefix(2);
    format = std::chars_format::hex;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value, format);
  if (error != std::errc() || end != s.data() + s.size()) return std::nullopt;
  return negative ? -value : value;
}

struct Wish {
  std::string_view name;
  double quality = 1;
};

// One element of the list; nullopt for one that Traefik drops: q=0, or a q that is no number.
std::optional<Wish> read_wish(std::string_view element) {
  const size_t semicolon = element.find(';');
  Wish wish{text::trim(element.substr(0, semicolon))};
  if (semicolon == std::string_view::npos) return wish;
  const std::string_view parameter = element.substr(semicolon + 1);
  const size_t equals = parameter.find('=');
  // Only a q right behind the name is seen, and only in lower case.
  if (equals == std::string_view::npos || text::trim(parameter.substr(0, equals)) != "q") {
    return wish;
  }
  const auto quality = parse_float(text::trim(parameter.substr(equals + 1)));
  if (!quality || *quality == 0 || std::isnan(*quality)) return std::nullopt;
  wish.quality = *quality;
  return wish;
}

// Rank of equal qualities: `*` first, then the configured order, `identity` last.
std::optional<size_t> rank_of(std::string_view name, const std::vector<Coding>& preference) {
  if (name == "*") return 0;
  for (size_t i = preference.size(); i > 0; --i) {  // one that is listed twice has its last place
    if (coding_name(preference[i - 1]) == name) return i;
  }
  if (name == "identity") return preference.size() + 1;
  return std::nullopt;
}

// The gzip stage's own reading: any case, q behind the name in any case and place, above 0.
bool accepts_gzip(std::string_view accept) {
  for (std::string_view element : text::split(accept, ',')) {
    const std::vector<std::string_view> parts = text::split(element, ';');
    if (!text::iequals(text::trim(parts.front()), "gzip")) continue;
    for (size_t i = 1; i < parts.size(); ++i) {
      const std::string_view p = text::trim(parts[i]);
      if (!text::istarts_with(p, "q=")) continue;
      return parse_float(p.substr(2)).value_or(0) > 0;
    }
    return true;
  }
  return false;
}

}  // namespace

std::optional<Coding> coding_by_name(std::string_view name) {
  for (Coding c : {Coding::gzip, Coding::brotli, Coding::zstd}) {
    if (coding_name(c) == name) return c;
  }
  return std::nullopt;
}

std::string_view coding_name(Coding c) {
  switch (c) {
    case Coding::gzip: return "gzip";
    case Coding::brotli: return "br";
    case Coding::zstd: return "zstd";
  }
  return "";
}

std::optional<CodingChoice> choose_coding(std::optional<std::string_view> accept,
                                          const std::vector<Coding>& preference,
                                          std::optional<Coding> default_coding,
                                          std::optional<std::string_view> first_line) {
  const auto chosen = [&](Coding c) {
    return CodingChoice{
        c, c == Coding::gzip && !accepts_gzip(first_line.value_or(accept.value_or("")))};
  };
  if (!accept) {
    if (!default_coding) return std::nullopt;
    return chosen(*default_coding);
  }
  std::optional<Wish> best;
  size_t best_rank = 0;
  for (std::string_view element : text::split(*accept, ',')) {
    const auto wish = read_wish(element);
    if (!wish) continue;
    const auto rank = rank_of(wish->name, preference);
    if (!rank) continue;
    const bool better = !best || wish->quality > best->quality ||
                        (wish->quality == best->quality && *rank < best_rank);
    if (!better) continue;
    best = wish;
    best_rank = *rank;
  }
  if (!best || best->name == "identity") return std::nullopt;
  if (best->name == "*") return chosen(default_coding.value_or(preference.front()));
  return chosen(*coding_by_name(best->name));
}

}  // namespace gateproof::middleware
