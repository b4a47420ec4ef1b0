// One entry point (catalogue 2.1).
#include "engine/base/address.h"
#include "engine/base/text.h"
#include "engine/config/accepted.h"
#include "engine/config/dynamic_schemas.h"
#include "engine/config/static_schema.h"

namespace gateproof::config {

namespace {

using E = EntryPointConfig;

const Schema<EntryPointRedirection>& redirection_schema() {
  static const Schema<EntryPointRedirection> schema = [] {
    Schema<EntryPointRedirection> s;
    s.field("to", &EntryPointRedirection::to, "string");
    s.field("scheme", &EntryPointRedirection::scheme, "string", "https");
    s.field("permanent", &EntryPointRedirection::permanent, "bool", "true");
    s.field("priority", &EntryPointRedirection::priority, "integer", "9223372036854775806");
    return s;
  }();
  return schema;
}

const Schema<EncodedCharacters>& encoded_characters_schema() {
  static const Schema<EncodedCharacters> schema = [] {
    Schema<EncodedCharacters> s;
    s.field("allowEncodedSlash", &EncodedCharacters::slash, "bool", "true");
    s.field("allowEncodedBackSlash", &EncodedCharacters::back_slash, "bool", "true");
    s.field("allowEncodedNullCharacter", &EncodedCharacters::null_character, "bool", "true");
    s.field("allowEncodedSemicolon", &EncodedCharacters::semicolon, "bool", "true");
    s.field("allowEncodedPercent", &EncodedCharacters::percent, "bool", "true");
    s.field("allowEncodedQuestionMark", &EncodedCharacters::question_mark, "bool", "true");
    s.field("allowEncodedHash", &EncodedCharacters::hash, "bool", "true");
    return s;
  }();
  return schema;
}

const Schema<E>& http_schema() {
  static const Schema<E> redirections = [] {
    Schema<E> s;
    s.object("entryPoint", &E::redirection, redirection_schema());
    return s;
  }();
  static const Schema<E> schema = [] {
    Schema<E> s;
    s.field("middlewares", &E::middlewares, "list of strings");
    s.group("redirections", redirections);
    s.object("tls", &E::tls, router_tls_schema()).allow_empty();
    s.field("encodeQuerySemicolons", &E::encode_query_semicolons, "bool", "false");
    s.field("sanitizePath", &E::sanitize_path, "bool", "true");
    s.object("encodedCharacters", &E::encoded_characters, encoded_characters_schema());
    s.field("maxHeaderBytes", &E::max_header_bytes, "integer", "1048576");
    s.field("underscoreHeadersStrategy", &E::underscore_headers_strategy, "string", "keep");
    s.field("aliasHeadersStrategy", &E::alias_headers_strategy, "string");
    return s;
  }();
  return schema;
}

const Schema<E>& transport_schema() {
  static const Schema<E> timeouts = [] {
    Schema<E> s;
    s.field("readTimeout", &E::read_timeout, "duration", "60s");
    s.field("writeTimeout", &E::write_timeout, "duration", "0s");
    s.field("idleTimeout", &E::idle_timeout, "duration", "180s");
    return s;
  }();
  static const Schema<E> life_cycle = [] {
    Schema<E> s;
    s.field("requestAcceptGraceTimeout", &E::request_accept_grace_timeout, "duration", "0s");
    s.field("graceTimeOut", &E::grace_timeout, "duration", "10s");
    return s;
  }();
  static const Schema<E> schema = [] {
    Schema<E> s;
    s.group("respondingTimeouts", timeouts);
    s.group("lifeCycle", life_cycle);
    s.field("keepAliveMaxTime", &E::keep_alive_max_time, "duration", "0s");
    s.field("keepAliveMaxRequests", &E::keep_alive_max_requests, "integer", "0");
    return s;
  }();
  return schema;
}

const Schema<ForwardedHeadersConfig>& forwarded_schema() {
  static const Schema<ForwardedHeadersConfig> schema = [] {
    Schema<ForwardedHeadersConfig> s;
    s.field("insecure", &ForwardedHeadersConfig::insecure, "bool", "false");
    s.field("trustedIPs", &ForwardedHeadersConfig::trusted_ips, "list of strings");
    s.field("connection", &ForwardedHeadersConfig::connection, "list of strings");
    s.field("notAppendXForwardedFor", &ForwardedHeadersConfig::not_append_x_forwarded_for, "bool",
            "false");
    return s;
  }();
  return schema;
}

const Schema<E>& http2_schema() {
  static const Schema<E> schema = [] {
    Schema<E> s;
    s.field("maxConcurrentStreams", &E::http2_max_concurrent_streams, "integer", "250");
    s.field("maxDecoderHeaderTableSize", &E::http2_max_decoder_header_table_size, "integer",
            "4096");
    s.field("maxEncoderHeaderTableSize", &E::http2_max_encoder_header_table_size, "integer",
            "4096");
    return s;
  }();
  return schema;
}

void read_http2(const Value& v, E& e, DecodeContext& c) {
  http2_schema().decode(v, &e, c);
  const auto check = [&](int64_t n, std::string_view what, std::string_view key) {
    if (n >= 0) return;
    const Value* at = v.find_nocase(key);
    c.error("GP0204", at ? *at : v,
            std::string(what) + " value must be greater than or equal to zero",
            "write 0 or a greater number");
  };
  check(e.http2_max_concurrent_streams, "max concurrent streams", "maxConcurrentStreams");
  check(e.http2_max_decoder_header_table_size, "max decoder header table size",
        "maxDecoderHeaderTableSize");
  check(e.http2_max_encoder_header_table_size, "max encoder header table size",
        "maxEncoderHeaderTableSize");
}

struct ProxyProtocol {
  bool insecure = false;
  std::vector<Text> trusted_ips;
};

const Schema<ProxyProtocol>& proxy_protocol_schema() {
  static const Schema<ProxyProtocol> schema = [] {
    Schema<ProxyProtocol> s;
    s.field("insecure", &ProxyProtocol::insecure, "bool", "false");
    s.field("trustedIPs", &ProxyProtocol::trusted_ips, "list of strings");
    return s;
  }();
  return schema;
}

void read_proxy_protocol(const Value& v, E& e, DecodeContext& c) {
  e.has_proxy_protocol = true;
  ProxyProtocol p;
  proxy_protocol_schema().decode(v, &p, c);
  check_networks(p.trusted_ips, c);
  if (!p.insecure && p.trusted_ips.empty()) {
    c.error("GP0208", v, "error creating proxy protocol listener: no trusted IPs provided",
            "list the balancers' addresses in trustedIPs");
  }
  e.proxy_protocol_insecure = p.insecure;
  e.proxy_protocol_trusted = std::move(p.trusted_ips);
}

struct Udp {
  Duration timeout = std::chrono::seconds(3);
};

const Schema<Udp>& udp_options_schema() {
  static const Schema<Udp> schema = [] {
    Schema<Udp> s;
    s.field("timeout", &Udp::timeout, "duration", "3s");
    return s;
  }();
  return schema;
}

// Checked against the protocol once the address is known: Traefik looks at the timeout of UDP entry points only.
void read_udp(const Value& v, E& e, DecodeContext& c) {
  Udp u;
  udp_options_schema().decode(v, &u, c);
  e.udp_timeout = u.timeout;
}

void check_strategy(std::string_view field, const std::string& value, bool empty_allowed,
                    const Value& at, DecodeContext& c) {
  if (value == "keep" || value == "delete" || value == "reject" || (value.empty() && empty_allowed))
    return;
  const Value* http = at.find_nocase("http");
  const Value* place = http ? http->find_nocase(field) : nullptr;
  c.error("GP0203", place ? *place : at,
          "invalid " + std::string(field) + " value " + text::quote(value),
          "write keep, delete or reject");
}

}  // namespace

const Schema<EntryPointConfig>& entry_point_schema() {
  static const auto http3 = accepted_schema("advertisedPort:i");
  static const auto observability =
      accepted_schema("accessLogs:b metrics:b tracing:b traceVerbosity:s");
  static const Schema<E> schema = [] {
    Schema<E> s;
    s.field("address", &E::address, "string");
    s.field("reusePort", &E::reuse_port, "bool", "false");
    s.field("asDefault", &E::as_default, "bool", "false");
    s.field("allowACMEByPass", &E::allow_acme_bypass, "bool", "false");
    s.group("http", http_schema());
    s.group("transport", transport_schema());
    s.custom("forwardedHeaders", "object", [](const Value& v, E& e, DecodeContext& c) {
      forwarded_schema().decode(v, &e.forwarded, c);
      check_networks(e.forwarded.trusted_ips, c);
    });
    s.child(Shape::object, forwarded_schema());
    s.custom("proxyProtocol", "object", read_proxy_protocol)
        .child(Shape::object, proxy_protocol_schema());
    s.allow_empty();
    s.custom("http2", "object", read_http2).child(Shape::object, http2_schema());
    s.custom("http3", "object", [](const Value& v, E& e, DecodeContext& c) {
      e.has_http3 = true;
      http3->decode(v, nullptr, c);
    });
    s.child(Shape::object, *http3).allow_empty();
    s.custom("udp", "object", read_udp).child(Shape::object, udp_options_schema());
    s.custom("observability", "object", [](const Value& v, E& e, DecodeContext& c) {
      e.has_observability = true;
      observability->decode(v, nullptr, c);
    });
    s.child(Shape::object, *observability);
    return s;
  }();
  return schema;
}

void check_networks(const std::vector<Text>& networks, DecodeContext& c) {
  for (const Text& t : networks) {
    if (IpNetwork::parse(t.value).has_value()) continue;
    Value at;
    at.span = t.span;
    c.error("GP0202", at, "parsing CIDR trusted IPs: invalid CIDR address: " + t.value,
            "write an address such as 10.0.0.1 or a network such as 10.0.0.0/8");
  }
}

void check_entry_point(const EntryPointConfig& e, const Value& at, DecodeContext& c) {
  bool udp = false;
  if (!e.address.value.empty()) {
    const Result<EntryPointAddress> address = parse_entry_point_address(e.address);
    if (address.has_error()) {
      Value place;
      place.span = e.address.span;
      c.error("GP0201", place, address.error().message, address.error().remedy);
    } else {
      udp = address->udp;
    }
  }
  if (udp && e.udp_timeout <= Duration(0)) {
    const Value* block = at.find_nocase("udp");
    c.error("GP0204", block ? *block : at, "timeout should be greater than zero",
            "write 3s, Traefik's default");
  }
  if (udp) return;  // the rest is about HTTP
  check_strategy("underscoreHeadersStrategy", e.underscore_headers_strategy, true, at, c);
  check_strategy("aliasHeadersStrategy", e.alias_headers_strategy, true, at, c);
}

}  // namespace gateproof::config
