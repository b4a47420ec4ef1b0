#include "engine/pipeline/entry_stage.h"

#include "engine/http/plain_path.h"
#include "engine/http/url.h"

namespace gateproof::pipeline {
namespace {

NameStrategy strategy_of(std::string_view text) {
  return text == "delete"   ? NameStrategy::drop
         : text == "reject" ? NameStrategy::reject
                            : NameStrategy::keep;
}

bool is_alias(std::string_view name, const EntryStage& s, NameStrategy& strategy) {
  for (char c : name) {
    if (text::is_alnum(c) || c == '-') continue;
    strategy = s.aliases != NameStrategy::keep ? s.aliases
               : c == '_'                      ? s.underscores
                                               : NameStrategy::keep;
    if (strategy != NameStrategy::keep) return true;
  }
  return false;
}

// false: a name is rejected.
bool treat_names(http::Headers& headers, const EntryStage& s) {
  if (s.aliases == NameStrategy::keep && s.underscores == NameStrategy::keep) return true;
  bool rejected = false;
  headers.remove_if([&](const http::Headers::Field& f) {
    NameStrategy strategy = NameStrategy::keep;
    if (!is_alias(f.name, s, strategy)) return false;
    rejected = rejected || strategy == NameStrategy::reject;
    return true;
  });
  return !rejected;
}

void treat_semicolons(http::Exchange& x, bool encode) {
  std::string& query = x.request.query;
  if (query.find(';') == std::string::npos) return;
  std::string received = x.shown_target();
  query = http::with_query_semicolons(std::move(query), encode);
  if (encode) {
    x.target_received
        .clear();  // Go's RequestURI is made anew here, so redirects show the encoded form
    return;
  }
  x.target_received = std::move(received);
  x.target_rewritten = x.request.target();
}

// Without the field the request is an ordinary one, which a server may answer as such (RFC 9110 7.8).
void refuse_other_upgrades(http::Exchange& x) {
  constexpr http::HeaderName upgrade("Upgrade");
  http::Headers& h = x.request.headers;
  if (!h.has(upgrade) || text::iequals(text::trim(h.joined(upgrade)), "websocket")) return;
  if (x.trace)
    x.note("entryPoint " + std::string(x.entry_point), "upgrade", h.joined(upgrade) + " removed");
  h.remove(upgrade);
}

void answer(http::Exchange& x, int status, std::string_view body, std::string_view why) {
  x.response = http::Response::make(status, body);
  if (x.trace)
    x.note("entryPoint " + std::string(x.entry_point), "answer",
           std::to_string(status) + ": " + std::string(why));
}

// The path in its canonical form; false if a percent escape is broken.
bool canonical_path(http::Exchange& x, bool sanitize) {
  if (http::is_plain_path(x.request.url.raw)) {
    x.routing_path = x.request.url.raw;
    x.request.url.path.swap(x.request.url.raw);
    x.request.url.raw.clear();
    return true;
  }
  const std::string received = std::move(x.request.url.raw);
  std::string clean;
  Result<http::UrlPath> url = http::canonical_path(received, sanitize, &clean);
  if (!url) return false;
  x.request.url = std::move(*url);
  x.routing_path = http::routing_path(clean);
  if (!sanitize && x.request.url.raw == received) {
    // Nothing was made anew of the path, so redirects show it as it came, also where it is no valid encoding.
    const std::string escaped = x.request.url.escaped();
    if (escaped != received) {
      x.target_rewritten = x.request.target();
      x.target_received = received + x.target_rewritten.substr(escaped.size());
    }
  }
  if (x.trace && clean != received) {
    x.note("entryPoint " + std::string(x.entry_point), "path", received + " -> " + clean);
  }
  return true;
}

// The path as it came, for the server; rules read it without escapes of what needs none. False: a broken escape.
bool raw_path(http::Exchange& x) {
  std::string received = std::move(x.request.url.raw);
  if (received.empty()) received = "/";  // of http://host
  const Result<std::string> normal = http::normalize_path(received);
  if (!normal) return false;
  x.routing_path = http::routing_path(*normal);
  x.request.url.path = *http::unescape_path(received);
  x.request.url.raw = std::move(received);
  x.raw_target = true;
  return true;
}

}  // namespace

Result<EntryStage> make_entry_stage(const config::EntryPointConfig& entry_point,
                                    const config::StaticConfig& statics,
                                    const std::string& host_name) {
  EntryStage s;
  s.forwarded.trust_all = entry_point.forwarded.insecure;
  s.forwarded.connection = entry_point.forwarded.connection;
  s.forwarded.host_name = host_name;
  for (const config::Text& t : entry_point.forwarded.trusted_ips) {
    Result<IpNetwork> network = IpNetwork::parse(t.value);
    if (!network) {
      return Error(Code::invalid, "invalid CIDR address: " + t.value, t.span,
                   "write an IP or a network such as 10.0.0.0/8");
    }
    s.forwarded.trusted.push_back(*network);
  }
  if (entry_point.encoded_characters) s.allowed = *entry_point.encoded_characters;
  s.check_encoded = !s.allowed.all();
  s.sanitize = entry_point.sanitize_path;
  s.encode_semicolons = entry_point.encode_query_semicolons;
  // The binary reads global.notAppendXForwardedFor, and does not act on it.
  s.append_forwarded_for = !entry_point.forwarded.not_append_x_forwarded_for;
  s.underscores = strategy_of(entry_point.underscore_headers_strategy);
  s.aliases = strategy_of(entry_point.alias_headers_strategy);
  s.raw_target = !entry_point.listeners.empty() && !statics.gateproof.strict;
  if (statics.gateproof.strict) {
    // The safe meaning, each in strict_differences() too.
    if (!entry_point.encoded_characters) {
      s.allowed = {false, false, false, false, false, false, false};
      s.check_encoded = true;
    }
    s.sanitize = true;
    if (s.aliases == NameStrategy::keep) s.aliases = NameStrategy::drop;
    s.encode_semicolons = true;
    s.forwarded.every_field = true;
    s.only_websocket = true;
  }
  return s;
}

std::vector<std::string> strict_differences(const config::EntryPointConfig& entry_point) {
  std::vector<std::string> out;
  if (!entry_point.sanitize_path)
    out.push_back("paths are sanitised although sanitizePath is false");
  if (!entry_point.encoded_characters) {
    out.push_back("an encoded / \\ NUL ; % ? or # in the path is answered with 400");
  }
  if (strategy_of(entry_point.alias_headers_strategy) == NameStrategy::keep) {
    out.push_back("header names with characters other than letters, digits and - are removed");
  }
  if (!entry_point.encode_query_semicolons) {
    out.push_back("a semicolon in the query is part of a value (%3B) and separates nothing");
  }
  if (!entry_point.forwarded.insecure) {
    out.push_back("Forwarded and every X-Forwarded-* of an untrusted client are removed");
  }
  out.push_back("an upgrade to anything but websocket is not offered to servers");
  return out;
}

bool apply_entry_stage(http::Exchange& x, const EntryStage& stage) {
  x.append_forwarded_for = stage.append_forwarded_for;
  if (!treat_names(x.request.headers, stage)) {
    answer(x, 400, "Bad Request\n", "a header name is an alias of another one");
    x.response.headers.add_static("Content-Type", "text/plain; charset=utf-8");
    x.response.headers.add_static("X-Content-Type-Options", "nosniff");
    return false;
  }
  if (x.request.asterisk && x.request.method != "OPTIONS") {
    x.request.asterisk = false;  // a path like any other, which no path rule matches
    x.request.url.path = x.routing_path = "*";
    x.request.url.raw.clear();
  }
  if (x.request.asterisk) {
    answer(x, 200, "", "OPTIONS *");
    return false;
  }
  if (x.request.url.raw.find('#') != std::string::npos) {
    answer(x, 400, "", "a fragment in the request target");
    return false;
  }
  if (x.request.url.path.empty() &&
      !(stage.raw_target ? raw_path(x) : canonical_path(x, stage.sanitize))) {
    answer(x, 400, "400 Bad Request", "a broken percent escape in the path");
    x.response.headers.add("Content-Type", "text/plain; charset=utf-8");
    x.response.headers.add("Connection", "close");
    return false;
  }
  if (!stage.raw_target) treat_semicolons(x, stage.encode_semicolons);
  if (stage.only_websocket) refuse_other_upgrades(x);
  x.client_host = x.request.host;
  http::apply_forwarded(x, stage.forwarded);
  x.canonical_host = http::canonical_host(x.request.host);
  return true;
}

}  // namespace gateproof::pipeline
