#include "engine/http/connection_headers.h"

#include "engine/http/forwarded.h"
#include "engine/http/trailers.h"

namespace gateproof::http {
namespace {

constexpr HeaderName kConnection("Connection"), kUpgrade("Upgrade");

// Calls f with each non-empty member of the comma-separated lists in the Connection lines.
template <class F>
void for_each_nominated(const Headers& headers, F f) {
  if (!headers.may_have(kConnection.hash)) return;
  for (const Headers::Field& field : headers) {
    if (!field.is(kConnection)) continue;
    std::string_view rest = field.value;
    for (;;) {
      const size_t comma = rest.find(',');
      const std::string_view token = text::trim(rest.substr(0, comma));
      if (!token.empty()) f(token);
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
}

// The nominated names are views into the arena: they stay valid while fields are removed.
std::vector<std::string_view> nominated(const Headers& headers) {
  std::vector<std::string_view> names;
  for_each_nominated(headers, [&](std::string_view token) { names.push_back(token); });
  return names;
}

}  // namespace

std::string_view upgrade_of(const Headers& headers) {
  if (!list_has_token(headers, kConnection, "Upgrade")) return {};
  return headers.get(kUpgrade);
}

void remove_connection_nominated(Headers& headers, std::span<const std::string> keep) {
  if (!headers.has(kConnection)) return;
  const std::string_view upgrade = upgrade_of(headers);
  std::string left;  // names that stay until the proxy stage removes them
  const auto stay = [&left](std::string_view name) {
    if (!left.empty()) left += ',';
    left += name;
  };
  for (std::string_view name : nominated(headers)) {
    if (is_managed_forwarded(name)) continue;
    const bool kept = std::any_of(keep.begin(), keep.end(),
                                  [&](const std::string& k) { return text::iequals(k, name); });
    if (kept) {
      stay(name);
    } else if (upgrade.empty() || !text::iequals(name, "Upgrade")) {
      headers.remove(name);
    }
  }
  if (!upgrade.empty()) stay("Upgrade");
  if (left.empty()) {
    headers.remove(kConnection);
  } else {
    headers.set("Connection", left);
  }
}

namespace {

constexpr HeaderName own_of_a_hop[] = {"Connection",
                                       "Proxy-Connection",
                                       "Keep-Alive",
                                       "Proxy-Authenticate",
                                       "Proxy-Authorization",
                                       "Te",
                                       "Trailer",
                                       "Transfer-Encoding",
                                       "Upgrade"};

// A bit for each first letter and each length among them: few other fields have both.
constexpr uint32_t letter_bit(char c) { return 1u << (static_cast<unsigned char>(c) & 31); }
constexpr uint32_t own_letters = [] {
  uint32_t bits = 0;
  for (const HeaderName& n : own_of_a_hop) bits |= letter_bit(n.text.front());
  return bits;
}();
constexpr uint32_t own_lengths = [] {
  uint32_t bits = 0;
  for (const HeaderName& n : own_of_a_hop) bits |= 1u << n.text.size();
  return bits;
}();

// And one for each value of six bits of the hashes, of which a field must have one.
constexpr uint64_t own_hashes = [] {
  uint64_t bits = 0;
  for (const HeaderName& n : own_of_a_hop) bits |= uint64_t{1} << (n.hash & 63);
  return bits;
}();

bool is_own_of_a_hop(const HeaderName& name) {
  const std::string_view text = name.text;
  if (!(own_hashes >> (name.hash & 63) & 1) || text.empty() || text.size() >= 32 ||
      !(own_lengths >> text.size() & 1) || !(own_letters & letter_bit(text.front())))
    return false;
  return std::any_of(std::begin(own_of_a_hop), std::end(own_of_a_hop), [&](const HeaderName& n) {
    return name.hash == n.hash && text::iequals(text, n.text);
  });
}

}  // namespace

void remove_hop_by_hop(Headers& headers) {
  if (std::none_of(std::begin(own_of_a_hop), std::end(own_of_a_hop),
                   [&](const HeaderName& n) { return headers.may_have(n.hash); }))
    return;
  std::vector<std::string_view> names;
  for_each_nominated(headers, [&](std::string_view name) {
    if (!is_managed_forwarded(name) && !is_own_of_a_hop(name)) names.push_back(name);
  });
  for (std::string_view name : names) headers.remove(name);
  headers.remove_if(
      [](const Headers::Field& f) { return is_own_of_a_hop(HeaderName(f.name, f.hash)); });
}

bool may_trail(std::string_view name) {
  static constexpr std::string_view of_a_head[] = {"host",
                                                   "content-length",
                                                   "content-type",
                                                   "content-encoding",
                                                   "content-range",
                                                   "authorization",
                                                   "cookie",
                                                   "set-cookie",
                                                   "expect",
                                                   "range",
                                                   "max-forwards",
                                                   "cache-control",
                                                   "pragma",
                                                   "http2-settings",
                                                   "x-http-method-override"};
  std::string plain = text::to_lower(name);
  std::replace(plain.begin(), plain.end(), '_', '-');
  return !is_forwarding_field(plain) && !is_own_of_a_hop(HeaderName(plain)) &&
         !plain.starts_with("if-") &&
         std::find(std::begin(of_a_head), std::end(of_a_head), plain) == std::end(of_a_head);
}

std::string_view unsendable_field(const Headers& headers) {
  for (const auto& f : headers) {
    if (!f.sound && !is_field_value(f.value)) return f.name;
  }
  return {};
}

}  // namespace gateproof::http
