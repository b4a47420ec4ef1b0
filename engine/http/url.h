// URLs as Go's net/url reads them and as Traefik normalises them (catalogue 1.4 and 1.5).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/error.h"

namespace gateproof::http {

// A path in both forms, as Go's url.URL{Path, RawPath}: `path` is decoded; `raw` is the encoded form, kept only where it
// differs from the default encoding of `path`.
struct UrlPath {
  std::string path;
  std::string raw;

  // Code::invalid for a bad percent escape.
  static Result<UrlPath> parse(std::string_view escaped);
  // Go's URL.EscapedPath(): raw if it is a valid encoding of path, else the default encoding.
  std::string escaped() const;
  bool operator==(const UrlPath&) const = default;
};

std::optional<std::string> unescape_path(std::string_view s);   // nullopt: bad escape
std::string escape_path(std::string_view decoded);              // Go's encodePath
std::optional<std::string> unescape_query(std::string_view s);  // '+' is a space
std::string escape_query(std::string_view decoded);

// Percent triplets upper-cased, encoded unreserved characters decoded (step c of catalogue 1.5). Code::invalid: bad escape.
Result<std::string> normalize_path(std::string_view escaped);
// `//`, `/./` and `/../` collapsed, a trailing slash kept (step d).
std::string sanitize_path(std::string_view escaped);
// All that happens to a request path before routing (catalogue 1.5, steps b to d): refused with Code::invalid for a
// bad escape, a control character or a raw '#', normalised, sanitised unless the entry point says otherwise, and parsed.
// `text`, if given, gets the canonical form as it would stand in a request line.
Result<UrlPath> canonical_path(std::string_view escaped, bool sanitize = true,
                               std::string* text = nullptr);
// The path that rules see: every triplet decoded but the reserved characters and '%', which stay encoded in upper case.
std::string routing_path(std::string_view escaped);
// Go's path.Clean.
std::string clean_path(std::string_view path);

// A query as it is forwarded: each ';' becomes '&', or "%3B" with encodeQuerySemicolons (catalogue 1.5, step e).
std::string with_query_semicolons(std::string query, bool encode);

// Host without port and brackets, trimmed, lower case (catalogue 1.4).
std::string canonical_host(std::string_view host);

// Whether a Host field or an authority holds only bytes that Go's server lets through (httpguts.ValidHostHeader).
bool is_host_value(std::string_view host);
// host [":" port] (RFC 9112 section 3.2): brackets hold an IPv6 address, the port is digits or nothing. "" is one.
bool is_authority(std::string_view text);

inline constexpr size_t query_parameters_max =
    10'000;  // a query with more is read as empty, as Go does

// Key/value pairs of a query in order, decoded; pairs with a bad escape or with ';' are left out, as Go's ParseQuery does.
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query);

// Go's cleanQueryParams, which its reverse proxy applies: a query with a ';' or a bad escape is made anew of the pairs that can be
// read, in the order of their keys; any other stays as it is.
std::string clean_query(std::string_view query);

// A request target split by its form (RFC 9112 section 3.2).
struct Target {
  enum class Form : uint8_t { origin, absolute, authority, asterisk };
  Form form = Form::origin;
  std::string_view scheme;     // absolute only
  std::string_view authority;  // absolute and authority forms
  std::string_view path;       // still escaped; "" for authority and asterisk
  std::string_view query;      // without '?'
  bool has_query = false;
};
Result<Target> parse_target(std::string_view method, std::string_view target);

// An absolute URL's parts; views into the text. nullopt if it has no scheme or is malformed.
struct UrlParts {
  std::string_view scheme, userinfo, host /* with port */, path, query, fragment;
  bool has_query = false;
};
std::optional<UrlParts> split_url(std::string_view url);

}  // namespace gateproof::http
