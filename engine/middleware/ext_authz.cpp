#include "engine/middleware/ext_authz.h"

#include <algorithm>
#include <map>

#include "engine/base/crypto_x509.h"
#include "engine/base/protobuf.h"
#include "engine/base/utf8.h"
#include "engine/http/connection_headers.h"
#include "engine/http/forwarded.h"

namespace gateproof::middleware {
namespace {

using protobuf::Field;
using protobuf::Reader;
using protobuf::Writer;

Writer peer(const SocketAddress& at) {
  Writer socket, address, out;
  socket.text(2, at.ip.to_string());
  socket.number(3, at.port);
  address.message(1, socket);
  out.message(1, address);
  return out;
}

// Who the client proved to be: a URI of its certificate, else a DNS name.
std::string principal(const http::Exchange& x) {
  if (!x.client_certificates || x.client_certificates->empty()) return {};
  const auto leaf = crypto::parse_certificate(x.client_certificates->front());
  if (!leaf) return {};
  if (!leaf->uris.empty()) return leaf->uris.front();
  return leaf->dns_names.empty() ? std::string() : leaf->dns_names.front();
}

std::string target_of(const CheckSubject& s) {
  if (!s.raw_target || s.request.url.raw.empty()) return s.request.target();
  std::string out = s.request.url.raw;
  if (s.request.has_query) (out += '?') += s.request.query;
  return out;
}

std::string_view scheme_of(const CheckSubject& s) { return s.exchange.tls ? "https" : "http"; }

// One value for each name: lines are joined as HTTP joins them, those of Cookie as HTTP/2 does.
std::map<std::string, std::string> told_headers(const CheckSubject& s) {
  http::Headers sent = s.request.headers;
  http::remove_hop_by_hop(sent);
  const http::Exchange& x = s.exchange;
  if (x.suppress_forwarded_for) {
    sent.remove("X-Forwarded-For");
  } else if (x.append_forwarded_for) {
    sent.set("X-Forwarded-For", http::append_forwarded_for(s.request.headers, x.peer.ip));
  }
  const auto listed = [&s](std::string_view name) {
    return std::any_of(s.headers.begin(), s.headers.end(),
                       [name](const std::string& n) { return text::iequals(n, name); });
  };
  std::map<std::string, std::string> out;
  for (const auto& f : sent) {
    if (!s.headers.empty() && !listed(f.name)) continue;
    const auto [at, first] = out.emplace(text::to_lower(f.name), f.value);
    if (!first) at->second.append(f.is("Cookie") ? "; " : ",").append(f.value);
  }
  if (listed("Host")) out["host"] = s.request.host;
  if (!s.headers.empty()) return out;
  out[":authority"] = s.request.host;
  out[":method"] = s.request.method;
  out[":path"] = target_of(s);
  out[":scheme"] = scheme_of(s);
  return out;
}

std::string_view protocol_of(http::Version v) {
  return v == http::Version::http2    ? "HTTP/2"
         : v == http::Version::http11 ? "HTTP/1.1"
                                      : "HTTP/1.0";
}

Writer http_request(const CheckSubject& s) {
  Writer out;
  const http::Request& r = s.request;
  out.text(1, r.headers.get("X-Request-Id"));
  out.text(2, r.method);
  for (const auto& [name, value] : told_headers(s)) {
    Writer entry;
    entry.text(1, name);
    entry.text(2, value);
    out.message(3, entry);
  }
  out.text(4, target_of(s));
  out.text(5, r.host);
  out.text(6, scheme_of(s));
  // What is not known is -1.
  const std::optional<uint64_t> length = s.exchange.request.body.length();
  out.number(9, length           ? *length
                : s.body.empty() ? static_cast<uint64_t>(int64_t{-1})
                                 : s.body.size());
  out.text(10, protocol_of(r.version));
  // A text must be UTF-8: any other body goes where Envoy's pack_as_bytes would put it.
  out.bytes(text::is_utf8(s.body) ? 11 : 12, s.body);
  return out;
}

Writer received_at(const http::Exchange& x) {
  constexpr int64_t second = 1'000'000'000;
  Writer out;
  const int64_t now = std::max<int64_t>(x.env->clock.wall_ns(), 0);
  out.number(1, static_cast<uint64_t>(now / second));
  out.number(2, static_cast<uint64_t>(now % second));
  return out;
}

Error malformed(const std::string& why) { return {Code::protocol, Source::upstream, why}; }

Result<HeaderChange> header_value(std::string_view message) {
  HeaderChange out;
  Reader r(message);
  Field f;
  std::string_view raw;
  while (r.next(f)) {
    if (f.number == 1) out.name = f.bytes;
    if (f.number == 2) out.value = f.bytes;
    if (f.number == 3) raw = f.bytes;
  }
  if (r.bad()) return malformed("a header that cannot be read");
  if (out.value.empty()) out.value = raw;
  const bool pseudo = out.name.starts_with(':');
  if ((!pseudo && !http::is_token(out.name)) || !http::is_field_value(out.value))
    return malformed("a header that no message can have");
  if (!pseudo) out.name = http::canonical_name(out.name);
  return out;
}

// `append` is older than `append_action` and comes first; what is not told is `usual`.
Result<HeaderChange> header_option(std::string_view message, HeaderChange::How usual) {
  using How = HeaderChange::How;
  static constexpr How actions[] = {How::append, How::add_if_absent, How::overwrite,
                                    How::overwrite_if_exists};
  Reader r(message);
  Field f;
  HeaderChange out;
  std::optional<bool> append;
  uint64_t action = 0;
  while (r.next(f)) {
    if (f.number == 1) {
      Result<HeaderChange> header = header_value(f.bytes);
      if (!header) return header.error();
      out = std::move(*header);
    } else if (f.number == 2) {
      append = false;
      Reader wrapped(f.bytes);
      Field value;
      while (wrapped.next(value)) {
        if (value.number == 1) append = value.value != 0;
      }
      if (wrapped.bad()) return malformed("a header option that cannot be read");
    } else if (f.number == 3) {
      action = f.value;
    }
  }
  if (r.bad() || out.name.empty()) return malformed("a header option that cannot be read");
  if (action >= std::size(actions)) return malformed("an append_action that there is none");
  out.how = append        ? (*append ? How::append : How::overwrite)
            : action == 0 ? usual
                          : actions[action];
  return out;
}

Result<void> read_headers(std::string_view message, HeaderChange::How usual,
                          std::vector<HeaderChange>& out) {
  Result<HeaderChange> one = header_option(message, usual);
  if (!one) return one.error();
  out.push_back(std::move(*one));
  return {};
}

// google.rpc.Status and HttpStatus: the number in field 1.
Result<int64_t> number_of(std::string_view message) {
  Reader r(message);
  Field f;
  int64_t out = 0;
  while (r.next(f)) {
    if (f.number == 1 && f.wire == 0) out = static_cast<int32_t>(f.value);
  }
  if (r.bad()) return malformed("a status that cannot be read");
  return out;
}

Result<void> read_refusal(std::string_view message, CheckAnswer& out) {
  Reader r(message);
  Field f;
  while (r.next(f)) {
    if (f.number == 1) {
      const Result<int64_t> status = number_of(f.bytes);
      if (!status) return status.error();
      out.status = *status;
    } else if (f.number == 2) {
      // Two cookies stay two.
      const Result<void> read = read_headers(f.bytes, HeaderChange::How::append, out.headers);
      if (!read) return read;
    } else if (f.number == 3) {
      out.body = f.bytes;
    }
  }
  if (r.bad()) return malformed("a denied response that cannot be read");
  return {};
}

Result<std::pair<std::string, std::string>> query_parameter(std::string_view message) {
  Reader r(message);
  Field f;
  std::pair<std::string, std::string> out;
  while (r.next(f)) {
    if (f.number == 1) out.first = f.bytes;
    if (f.number == 2) out.second = f.bytes;
  }
  if (r.bad()) return malformed("a query parameter that cannot be read");
  return out;
}

Result<void> read_ok(std::string_view message, CheckAnswer& out) {
  using How = HeaderChange::How;
  Reader r(message);
  Field f;
  while (r.next(f)) {
    Result<void> read;
    switch (f.number) {
      // A client's own line must not stand beside what the service says of it.
      case 2: read = read_headers(f.bytes, How::overwrite, out.headers); break;
      case 5: out.remove.emplace_back(f.bytes); break;
      case 6: read = read_headers(f.bytes, How::append, out.response_headers); break;
      case 7: {
        auto parameter = query_parameter(f.bytes);
        if (!parameter) return parameter.error();
        out.set_query.push_back(std::move(*parameter));
        break;
      }
      case 8: out.remove_query.emplace_back(f.bytes); break;
      default: break;
    }
    if (!read) return read;
  }
  if (r.bad()) return malformed("an ok response that cannot be read");
  return {};
}

// Parameters are told apart by '&' alone, and by their decoded names; those that are not named stay byte for byte.
void change_query(http::Request& r, const CheckAnswer& answer) {
  if (answer.set_query.empty() && answer.remove_query.empty()) return;
  std::vector<std::string> parts;
  if (!r.query.empty()) {
    for (std::string_view part : text::split(r.query, '&')) parts.emplace_back(part);
  }
  const auto is_named = [](const std::string& part, std::string_view name) {
    const std::string_view key = std::string_view(part).substr(0, part.find('='));
    return http::unescape_query(key).value_or(std::string(key)) == name;
  };
  for (const auto& [name, value] : answer.set_query) {
    const std::string made = http::escape_query(name) + "=" + http::escape_query(value);
    const auto named = [&, &n = name](const std::string& part) { return is_named(part, n); };
    const auto at = std::find_if(parts.begin(), parts.end(), named);
    if (at == parts.end()) {
      parts.push_back(made);
      continue;
    }
    *at = made;
    parts.erase(std::remove_if(at + 1, parts.end(), named), parts.end());
  }
  for (const std::string& name : answer.remove_query)
    std::erase_if(parts, [&](const std::string& part) { return is_named(part, name); });
  r.query = text::join(parts, "&");
  r.has_query = !parts.empty();
}

}  // namespace

std::string check_request(const CheckSubject& s) {
  const http::Exchange& x = s.exchange;
  Writer source = peer(x.peer), request, attributes, out;
  source.text(4, principal(x));
  request.message(1, received_at(x));
  request.message(2, http_request(s));
  attributes.message(1, source);
  attributes.message(2, peer(x.local));
  attributes.message(4, request);
  if (x.tls_state) {
    Writer session;
    session.text(1, x.tls_state->server_name);
    attributes.message(12, session);
  }
  out.message(1, attributes);
  return out.written();
}

Result<CheckAnswer> read_check_response(std::string_view message) {
  using Kind = CheckAnswer::Kind;
  CheckAnswer out;
  Reader r(message);
  Field f;
  // The last of several kinds counts; parts of one kind come together.
  const auto begin = [&out](Kind kind) {
    if (out.kind == kind) return;
    const int64_t code = out.code;
    out = CheckAnswer();
    out.code = code;
    out.kind = kind;
  };
  while (r.next(f)) {
    Result<void> read;
    if (f.number <= 3 || f.number == 5) {
      if (f.wire != 2) return malformed("the message cannot be read");
    }
    if (f.number == 1) {
      const Result<int64_t> code = number_of(f.bytes);
      if (!code) return code.error();
      out.code = *code;
    } else if (f.number == 2 || f.number == 5) {
      begin(f.number == 2 ? Kind::denied : Kind::error);
      read = read_refusal(f.bytes, out);
    } else if (f.number == 3) {
      begin(Kind::ok);
      read = read_ok(f.bytes, out);
    }
    if (!read) return read.error();
  }
  if (r.bad()) return malformed("the message cannot be read");
  return out;
}

bool is_message_framing(std::string_view name) {
  static constexpr std::string_view own[] = {
      "Authority", "Connection", "Content-Length", "Host",    "Keep-Alive", "Proxy-Connection",
      "Te",        "Trailer",    "Trailers",       "Upgrade", ":authority", "Transfer-Encoding"};
  return std::any_of(std::begin(own), std::end(own),
                     [name](std::string_view n) { return text::iequals(n, name); });
}

void change_headers(http::Headers& h, const std::vector<HeaderChange>& changes) {
  using How = HeaderChange::How;
  for (const HeaderChange& c : changes) {
    if (c.name.starts_with(':') || is_message_framing(c.name)) continue;
    const bool there = h.has(c.name);
    if (c.how == How::append || (c.how == How::add_if_absent && !there)) {
      h.add(c.name, c.value);
    } else if (c.how == How::overwrite || (c.how == How::overwrite_if_exists && there)) {
      h.set(c.name, c.value);
    }
  }
}

void change_request(http::Request& request, const CheckAnswer& answer) {
  change_headers(request.headers, answer.headers);
  for (const std::string& name : answer.remove) {
    if (!is_message_framing(name)) request.headers.remove(name);
  }
  change_query(request, answer);
}

}  // namespace gateproof::middleware
