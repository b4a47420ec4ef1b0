#include "engine/kubernetes/cluster/formats.h"

#include <algorithm>

#include "engine/base/address.h"
#include "engine/base/crypto.h"
#include "engine/base/text.h"
#include "engine/kubernetes/cel/time.h"

namespace gateproof::kubernetes::cluster {

namespace {

bool ip_with(std::string_view s, char separator) {
  return s.find(separator) != std::string_view::npos && IpAddress::parse(s).has_value();
}
bool ipv4(std::string_view s) { return ip_with(s, '.'); }
bool ipv6(std::string_view s) { return ip_with(s, ':'); }
bool cidr(std::string_view s) {
  return s.find('/') != std::string_view::npos && IpNetwork::parse(s).has_value();
}

bool mac(std::string_view s) {
  if (s.size() != 17) return false;
  for (size_t i = 0; i < s.size(); ++i) {
    const bool separator = i % 3 == 2;
    if (separator ? s[i] != s[2] || (s[i] != ':' && s[i] != '-') : text::hex_value(s[i]) < 0)
      return false;
  }
  return true;
}

bool uuid(std::string_view s) {
  if (s.size() != 36 && s.size() != 32) return false;
  for (size_t i = 0; i < s.size(); ++i) {
    const bool dash = s.size() == 36 && (i == 8 || i == 13 || i == 18 || i == 23);
    if (dash ? s[i] != '-' : text::hex_value(s[i]) < 0) return false;
  }
  return true;
}

bool hostname(std::string_view s) {
  if (s.empty() || s.size() > 255) return false;
  return std::ranges::all_of(text::split(s, '.'), [](std::string_view label) {
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(label, [](char c) { return text::is_alnum(c) || c == '-'; });
  });
}

bool bytes(std::string_view s) { return crypto::base64_decode(s).has_value(); }
bool date(std::string_view s) { return s.size() == 10 && cel::parse_timestamp(s).has_value(); }
bool date_time(std::string_view s) { return s.size() > 10 && cel::parse_timestamp(s).has_value(); }
bool duration(std::string_view s) { return cel::parse_duration(s).has_value(); }

constexpr std::pair<std::string_view, bool (*)(std::string_view)> formats[] = {
    {"ipv4", ipv4},           {"ipv6", ipv6},          {"cidr", cidr},         {"mac", mac},
    {"uuid", uuid},           {"byte", bytes},         {"hostname", hostname}, {"date", date},
    {"date-time", date_time}, {"datetime", date_time}, {"duration", duration},
};

}  // namespace

bool has_format(std::string_view format, std::string_view text) {
  const auto* found =
      std::ranges::find_if(formats, [&](const auto& f) { return f.first == format; });
  return found == std::end(formats) || found->second(text);
}

}  // namespace gateproof::kubernetes::cluster
