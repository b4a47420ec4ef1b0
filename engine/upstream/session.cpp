#include "engine/upstream/session.h"

#include <algorithm>
#include <charconv>

#include "engine/base/crypto.h"
#include "engine/base/text.h"
#include "engine/http/cookies.h"

namespace gateproof::upstream {
namespace {

constexpr size_t hash_digits = 16;
constexpr int64_t ns_in_ms = 1'000'000;

int64_t ms_of(Duration d) { return (d.count() + ns_in_ms - 1) / ns_in_ms; }

std::string hex_of(int64_t v) {
  char digits[17];
  const auto end = std::to_chars(digits, digits + sizeof digits, v, 16).ptr;
  return std::string(digits, end);
}

// As this file writes them: no sign, no capitals, no more digits than a time has.
std::optional<int64_t> time_of(std::string_view text) {
  constexpr size_t digits_max = 12;
  if (text.empty() || text.size() > digits_max) return std::nullopt;
  int64_t v = 0;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c < 'a' || c > 'f')) return std::nullopt;
    v = v * 16 + (digit ? c - '0' : c - 'a' + 10);
  }
  return v;
}

// A name for those who gave none, and of what people write a token (RFC 9110, 5.6.2).
std::string name_of(const config::SessionConfig& c, std::string_view owner) {
  if (c.name.empty()) {
    const std::string made = crypto::hex(crypto::sha256(owner)).substr(0, 8);
    return (c.header ? "x-session-" : "_session_") + made;
  }
  std::string out;
  for (const char ch : c.name) out += http::is_token(std::string_view(&ch, 1)) ? ch : '_';
  return out;
}

}  // namespace

Session::Session(const config::SessionConfig& config, std::string_view owner,
                 std::string_view service, const std::vector<std::string>& servers)
    : config_(config), name_(name_of(config, owner)) {
  // The backend's name is part of it: one server may be an endpoint of two backends of a rule.
  for (const std::string& url : servers) {
    const std::string text = std::string(service) + "\n" + url;
    hashes_.push_back(crypto::hex(crypto::sha256(text)).substr(0, hash_digits));
  }
}

std::optional<Session::Entry> Session::parse(std::string_view text) {
  Entry e;
  const std::vector<std::string_view> parts = text::split(text, '-');
  e.hash = parts.front();
  if (e.hash.size() != hash_digits || !time_of(e.hash.substr(0, hash_digits / 2)) ||
      !time_of(e.hash.substr(hash_digits / 2)))
    return std::nullopt;
  for (size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].empty()) return std::nullopt;
    auto& member = parts[i].front() == 'a' ? e.absolute_ms : e.idle_ms;
    const bool known = parts[i].front() == 'a' || parts[i].front() == 'i';
    if (!known || member) return std::nullopt;
    member = time_of(parts[i].substr(1));
    if (!member) return std::nullopt;
  }
  return e;
}

bool Session::lasts(const Entry& e, int64_t now_ms) const {
  const auto within = [now_ms](Duration limit, const std::optional<int64_t>& end) {
    if (limit <= Duration::zero()) return true;
    return end && now_ms < *end && *end <= now_ms + ms_of(limit) + ms_of(session_skew_max);
  };
  return within(config_.absolute, e.absolute_ms) && within(config_.idle, e.idle_ms);
}

Session::Seen Session::read(const http::Request& request, int64_t wall_ns) const {
  Seen seen;
  const int64_t now_ms = wall_ns / ns_in_ms;
  seen.token = config_.header ? std::string(request.headers.get(name_))
                              : http::cookie_value(request.headers, name_).value_or("");
  if (seen.token.empty() || seen.token.size() > session_bytes_max) return seen;
  for (const std::string_view text : text::split(seen.token, '.')) {
    const std::optional<Entry> e = parse(text);
    if (!e) continue;
    const auto mine = std::find(hashes_.begin(), hashes_.end(), e->hash);
    if (mine == hashes_.end()) {
      // Of another backend, which knows by itself whether it still lasts.
      if (!config_.keeps_backend && seen.others.size() < sessions_kept_max)
        seen.others.emplace_back(text);
    } else if (!seen.server && lasts(*e, now_ms)) {
      seen.server = static_cast<size_t>(mine - hashes_.begin());
      seen.ends_ms = e->absolute_ms.value_or(0);
    }
  }
  return seen;
}

void Session::tell(const Seen& seen, size_t server, int64_t wall_ns, bool secure,
                   http::Response& answer) const {
  const int64_t now_ms = wall_ns / ns_in_ms;
  std::string token = hashes_[server];
  int64_t ends_ms = 0;
  if (config_.absolute > Duration::zero()) {
    // A session that goes on ends when it was to end.
    ends_ms = seen.server == server ? seen.ends_ms : now_ms + ms_of(config_.absolute);
    token += "-a" + hex_of(ends_ms);
  }
  if (config_.idle > Duration::zero()) token += "-i" + hex_of(now_ms + ms_of(config_.idle));
  for (const std::string& other : seen.others) token += "." + other;
  if (token == seen.token) return;
  if (config_.header) {
    answer.headers.set(name_, token);
    return;
  }
  http::SetCookie cookie;
  cookie.name = name_;
  cookie.value = std::move(token);
  cookie.path = config_.path;
  cookie.http_only = true;
  cookie.secure = secure;
  constexpr int64_t ms_in_s = 1000;
  if (config_.permanent && ends_ms > now_ms)
    cookie.max_age = (ends_ms - now_ms + ms_in_s - 1) / ms_in_s;
  answer.headers.add_first("Set-Cookie", http::format_set_cookie(cookie));
}

}  // namespace gateproof::upstream
