#include "engine/http/punycode.h"

#include "engine/base/text.h"

namespace gateproof::http {
namespace {

constexpr uint32_t base = 36, tmin = 1, tmax = 26, skew = 38, damp = 700, initial_bias = 72,
                   initial_n = 128;

bool is_ascii(std::string_view s) {
  return std::all_of(s.begin(), s.end(), [](char c) { return static_cast<uint8_t>(c) < 0x80; });
}

// The next code point of UTF-8 text, taken off its front.
uint32_t take_rune(std::string_view& s) {
  constexpr uint32_t replacement = 0xFFFD;
  const auto first = static_cast<uint8_t>(s.front());
  const size_t size = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  constexpr uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  uint32_t rune = size == 1 ? first : first & (0xFFu >> (size + 1));
  bool good = size == 1 || (first >= 0xC2 && first <= 0xF4 && s.size() >= size);
  for (size_t i = 1; good && i < size; ++i) {
    const auto c = static_cast<uint8_t>(s[i]);
    good = (c & 0xC0) == 0x80;
    rune = rune << 6 | (c & 0x3Fu);
  }
  good = good && rune >= least[size] && rune <= 0x10FFFF && (rune < 0xD800 || rune > 0xDFFF);
  s.remove_prefix(good ? size : 1);
  return good ? rune : replacement;
}

uint32_t adapted(uint32_t delta, uint32_t count, bool first) {
  delta /= first ? damp : 2;
  delta += delta / count;
  uint32_t k = 0;
  for (; delta > (base - tmin) * tmax / 2; k += base) delta /= base - tmin;
  return k + (base - tmin + 1) * delta / (delta + skew);
}

void append_variable(std::string& out, uint32_t q, uint32_t bias) {
  constexpr std::string_view digits = "abcdefghijklmnopqrstuvwxyz0123456789";
  for (uint32_t k = base;; k += base) {
    const uint32_t t = k <= bias ? tmin : std::min(k - bias, tmax);
    if (q < t) break;
    out += digits[t + (q - t) % (base - t)];
    q = (q - t) / (base - t);
  }
  out += digits[q];
}

std::string encoded_label(std::string_view label) {
  std::vector<uint32_t> runes;
  std::string out = "xn--";
  while (!label.empty()) {
    runes.push_back(take_rune(label));
    if (runes.back() < 0x80) out += static_cast<char>(runes.back());
  }
  const auto basic = static_cast<uint32_t>(out.size() - 4);
  if (basic > 0) out += '-';
  uint32_t n = initial_n, delta = 0, bias = initial_bias, done = basic;
  while (done < runes.size()) {
    uint32_t next = UINT32_MAX;
    for (const uint32_t r : runes) {
      if (r >= n) next = std::min(next, r);
    }
    delta += (next - n) * (done + 1);
    n = next;
    for (const uint32_t r : runes) {
      if (r < n) ++delta;
      if (r != n) continue;
      append_variable(out, delta, bias);
      bias = adapted(delta, done + 1, done == basic);
      delta = 0;
      ++done;
    }
    ++delta;
    ++n;
  }
  return out;
}

}  // namespace

std::string punycode_host(std::string_view host) {
  if (is_ascii(host)) return std::string(host);
  const size_t colon = host.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? "" : host.substr(colon);
  std::string out;
  for (std::string_view label : text::split(host.substr(0, host.size() - port.size()), '.')) {
    if (!out.empty()) out += '.';
    out += is_ascii(label) ? std::string(label) : encoded_label(label);
  }
  return out.append(port);
}

std::string without_zone(std::string_view host) {
  const size_t close = host.rfind(']');
  const size_t zone = host.substr(0, close).rfind('%');
  if (!host.starts_with('[') || close == std::string_view::npos || zone == std::string_view::npos)
    return std::string(host);
  return std::string(host.substr(0, zone)) + std::string(host.substr(close));
}

}  // namespace gateproof::http
