// The top-level blocks of the static configuration beside `providers` and the entry points' inside (catalogue 5.5, 7).
#include "engine/base/text.h"
#include "engine/config/accepted.h"
#include "engine/config/dynamic_schemas.h"
#include "engine/config/static_schema.h"

namespace gateproof::config {

namespace {

using S = StaticConfig;

#define GP_OTLP_TLS " tls{ca:s cert:s key:s insecureSkipVerify:b caOptional:x}"
#define GP_OTLP \
  " grpc{endpoint:s insecure:b headers:m" GP_OTLP_TLS \
  "}!" \
  " http{endpoint:s headers:m" GP_OTLP_TLS "}!"
#define GP_LABELS " addEntryPointsLabels:b addRoutersLabels:b addServicesLabels:b"

// Blocks that are checked and reported as not acted on; `bare` ones may stand alone.
struct Block {
  std::string_view name;
  bool bare;
  std::string_view fields;
};
constexpr Block later_blocks[] = {
    {"tcpServersTransport", false,
     "dialTimeout:d dialKeepAlive:d terminationDelay:d"
     " tls{insecureSkipVerify:b rootCAs:l spiffe{ids:l trustDomain:s}!}!"},
    {"accessLog", true,
     "filePath:s format:s bufferingSize:i addInternals:b dualOutput:b"
     " filters{statusCodes:l retryAttempts:b minDuration:d}"
     " fields{defaultMode:s names:m headers{defaultMode:s names:m} queryParameters{defaultMode:s}}"
     " otlp{serviceName:s resourceAttributes:m" GP_OTLP "}!"},
    {"tracing", true,
     "serviceName:s sampleRate:f resourceAttributes:m globalAttributes:m capturedRequestHeaders:l"
     " capturedResponseHeaders:l safeQueryParams:l addInternals:b otlp{" GP_OTLP "}!"
     " jaeger:x zipkin:x datadog:x instana:x haystack:x elastic:x spanNameLimit:x"},
    {"spiffe", false, "workloadAPIAddr:s"},
};

void accept_block(Schema<S>& s, const Block& block, const ObjectSchema& schema) {
  s.custom(block.name, "object",
           [&schema](const Value& v, S&, DecodeContext& c) { schema.decode(v, nullptr, c); });
  s.child(Shape::object, schema);
  s.fields.back().allow_empty = block.bare;
}

const Schema<HostResolverConfig>& host_resolver_schema() {
  static const auto schema =
      Schema<HostResolverConfig>()
          .field("cnameFlattening", &HostResolverConfig::cname_flattening, "bool", "false")
          .field("resolvConfig", &HostResolverConfig::resolv_config, "string", "/etc/resolv.conf")
          .field("resolvDepth", &HostResolverConfig::resolv_depth, "integer", "5")
          .at_least(0);
  return schema;
}

const Schema<ApiConfig>& api_schema() {
  static const Schema<ApiConfig> schema = [] {
    Schema<ApiConfig> s;
    s.field("insecure", &ApiConfig::insecure, "bool", "false");
    s.field("dashboard", &ApiConfig::dashboard, "bool", "true");
    s.field("debug", &ApiConfig::debug, "bool", "false");
    s.field("basePath", &ApiConfig::base_path, "string", "/");
    accept_fields(s, "disableDashboardAd:b dashboardName:s");
    return s;
  }();
  return schema;
}

// ^/[a-zA-Z0-9/_.:~-]*$, else start-up fails.
bool valid_base_path(std::string_view path) {
  if (path.empty() || path.front() != '/') return false;
  return std::all_of(path.begin(), path.end(), [](char ch) {
    return text::is_alnum(ch) || std::string_view("/_.:~-").find(ch) != std::string_view::npos;
  });
}

void read_api(const Value& v, S& o, DecodeContext& c) {
  ApiConfig& api = o.api.emplace();
  api.span = v.span;
  api_schema().decode(v, &api, c);
  if (valid_base_path(api.base_path)) return;
  const Value* at = v.find_nocase("basePath");
  c.error("GP0203", at ? *at : v, "API basePath must be a valid absolute URL path",
          "write a path such as /traefik");
}

const Schema<PingConfig>& ping_schema() {
  static const Schema<PingConfig> schema = [] {
    Schema<PingConfig> s;
    s.field("entryPoint", &PingConfig::entry_point, "string", "traefik");
    s.field("manualRouting", &PingConfig::manual_routing, "bool", "false");
    s.field("terminatingStatusCode", &PingConfig::terminating_status_code, "integer", "503");
    return s;
  }();
  return schema;
}

// The static default of all backends: fewer options than a dynamic serversTransport has.
const Schema<ServersTransportConfig>& static_transport_schema() {
  static const Schema<ServersTransportConfig> timeouts = [] {
    Schema<ServersTransportConfig> s;
    s.field("dialTimeout", &ServersTransportConfig::dial_timeout, "duration", "30s");
    s.field("responseHeaderTimeout", &ServersTransportConfig::response_header_timeout, "duration",
            "0s");
    s.field("idleConnTimeout", &ServersTransportConfig::idle_conn_timeout, "duration", "90s");
    return s;
  }();
  static const Schema<ServersTransportConfig> tls = [] {
    Schema<ServersTransportConfig> all, some;
    all.inlined(&ServersTransportConfig::tls, transport_tls_schema());
    for (const FieldSchema& f : all.fields) {
      if (f.name == "insecureSkipVerify" || f.name == "rootCAs" || f.name == "spiffe")
        some.fields.push_back(f);
    }
    return some;
  }();
  static const Schema<ServersTransportConfig> schema = [] {
    Schema<ServersTransportConfig> s;
    s.field("maxIdleConnsPerHost", &ServersTransportConfig::max_idle_conns_per_host, "integer",
            "200");
    s.group("forwardingTimeouts", timeouts);
    for (const FieldSchema& f : tls.fields) s.fields.push_back(f);
    return s;
  }();
  return schema;
}

void read_log_level(const Value& v, LogConfig& o, DecodeContext& c) {
  std::string text;
  read_value(v, text, c);
  if (text.empty()) return;
  const std::string lower = text::to_lower(text);
  for (std::string_view known :
       {"trace", "debug", "info", "warn", "error", "fatal", "panic", "disabled"}) {
    if (lower == known) {
      o.level = text::to_upper(lower);
      return;
    }
  }
  c.findings.add("GP0210", v.span, std::string(c.object),
                 "unknown log level " + text::quote(text) + "; ERROR is used",
                 "write TRACE, DEBUG, INFO, WARN, ERROR, FATAL or PANIC");
}

void read_log_format(const Value& v, LogConfig& o, DecodeContext& c) {
  std::string text;
  read_value(v, text, c);
  o.json = text == "json";
  if (o.json || text.empty() || text == "common") return;
  c.findings.add("GP0210", v.span, std::string(c.object),
                 "unknown log format " + text::quote(text) + "; common is used",
                 "write common or json");
}

const Schema<LogConfig>& log_schema() {
  static const Schema<LogConfig> schema = [] {
    Schema<LogConfig> s;
    s.custom("level", "string", read_log_level).fields.back().shape = Shape::scalar;
    s.custom("format", "string", read_log_format).fields.back().shape = Shape::scalar;
    s.field("filePath", &LogConfig::file_path, "string");
    s.field("maxSize", &LogConfig::max_size, "integer", "100");
    s.field("maxAge", &LogConfig::max_age, "integer", "0");
    s.field("maxBackups", &LogConfig::max_backups, "integer", "0");
    accept_fields(s, "noColor:b compress:b otlp{serviceName:s resourceAttributes:m" GP_OTLP "}!");
    return s;
  }();
  return schema;
}

const ObjectSchema& metrics_schema() {
  static const auto schema = accepted_schema(
      "addInternals:b"
      " prometheus{buckets:n" GP_LABELS
      " entryPoint:s manualRouting:b headerLabels:m}!"
      " datadog{address:s pushInterval:d prefix:s" GP_LABELS
      "}!"
      " statsD{address:s pushInterval:d prefix:s" GP_LABELS
      "}!"
      " influxDB2{address:s token:s pushInterval:d org:s bucket:s additionalLabels:m" GP_LABELS
      "}!"
      " otlp{serviceName:s resourceAttributes:m pushInterval:d explicitBoundaries:n" GP_LABELS
          GP_OTLP "}!");
  return *schema;
}

void read_metrics(const Value& v, S& o, DecodeContext& c) {
  metrics_schema().decode(v, nullptr, c);
  const Value* prometheus = v.find_nocase("prometheus");
  if (!prometheus || prometheus->kind == Value::null) return;
  const Value* manual = prometheus->find_nocase("manualRouting");
  if (manual && parse_bool(manual->str()).value_or(false)) return;
  const Value* entry_point = prometheus->find_nocase("entryPoint");
  o.metrics_entry_point =
      entry_point && !entry_point->str().empty() ? std::string(entry_point->str()) : "traefik";
}

const ObjectSchema& resolver_schema() {
  static const auto schema = accepted_schema(
      "acme{email:s caServer:s preferredChain:s profile:s emailAddresses:l disableCommonName:b "
      "storage:s keyType:s"
      " eab{kid:s hmacEncoded:s} certificatesDuration:i clientTimeout:d "
      "clientResponseHeaderTimeout:d"
      " certificateTimeout:d caCertificates:l caSystemCertPool:b caServerName:s"
      " dnsChallenge{provider:s delayBeforeCheck:d resolvers:l disablePropagationCheck:b"
      " propagation{disableChecks:b disableANSChecks:b requireAllRNS:b delayBeforeChecks:d}}!"
      " httpChallenge{entryPoint:s delay:d}! tlsChallenge{delay:d}!} tailscale{}!");
  return *schema;
}

bool present(const Value* v) { return v && v->kind != Value::null && v->str() != "false"; }

void read_resolver(const Value::Member& m, S& o, DecodeContext& c) {
  resolver_schema().decode(m.value, nullptr, c);
  AcmeConfig& acme = o.resolvers[m.key];
  acme.span = m.key_span;
  const Value* block = m.value.find_nocase("acme");
  if (present(block) && present(m.value.find_nocase("tailscale"))) {
    c.error("GP0209", m.value,
            "unable to initialize certificates resolver " + text::quote(m.key) +
                ", as ACME and Tailscale providers are mutually exclusive",
            "keep one of the two");
  }
  if (!block || block->kind != Value::mapping) return;
  if (const Value* storage = block->find_nocase("storage");
      storage && storage->kind == Value::scalar) {
    acme.storage = storage->text;
    if (acme.storage.empty()) {
      c.error("GP0208", *storage,
              "unable to initialize certificates resolver " + text::quote(m.key) +
                  " with no storage location for the certificates",
              "write a file name, such as acme.json");
    }
  }
  if (const Value* http = block->find_nocase("httpChallenge"); present(http)) {
    acme.has_http_challenge = true;
    if (const Value* e = http->find_nocase("entryPoint"))
      acme.http_challenge_entry_point = e->str();
  }
  acme.has_tls_challenge = present(block->find_nocase("tlsChallenge"));
  if (const Value* provider = block->at("dnsChallenge.provider"))
    acme.dns_provider = provider->str();
}

void read_core(const Value& v, S& o, DecodeContext& c) {
  const Value* syntax = v.find_nocase("defaultRuleSyntax");
  if (syntax) read_value(*syntax, o.default_rule_syntax, c);
  if (!syntax || syntax->kind != Value::scalar) return;
  c.findings.add("GP0108", syntax->span, "",
                 "`core.defaultRuleSyntax` is deprecated since Traefik 3.4",
                 "write all rules in the v3 syntax and remove it");
  if (o.default_rule_syntax == "v3" || o.default_rule_syntax == "v2" ||
      o.default_rule_syntax.empty())
    return;
  c.error("GP0203", *syntax,
          "unsupported default rule syntax configuration: " + text::quote(o.default_rule_syntax),
          "write v3 or v2");
}

const ObjectSchema& ocsp_schema() {
  static const auto schema = accepted_schema("responderOverrides:m");
  return *schema;
}

void read_ocsp(const Value& v, S& o, DecodeContext& c) {
  ocsp_schema().decode(v, nullptr, c);
  OcspConfig& ocsp = o.ocsp.emplace();
  const Value* overrides = v.find_nocase("responderOverrides");
  if (!overrides) return;
  for (const Value::Member& m : overrides->members) {
    if (m.value.kind != Value::scalar) continue;
    ocsp.responder_overrides[m.key] = {m.value.text, m.value.span};
    if (!m.value.text.empty()) continue;
    c.error("GP0208", m.value, "OCSP responder override value for " + m.key + " cannot be empty",
            "write the URL of a responder");
  }
}

void read_entry_points(const Value& v, S& o, DecodeContext& c) {
  for (const NamedValue& n : named_values(v, c.findings)) {
    const std::string object = "entryPoint " + n.name;
    DecodeContext inner{c.findings, object};
    EntryPointConfig& e = o.entry_points[n.name];
    e.name = n.name;
    e.span = n.span;
    entry_point_schema().decode(*n.value, &e, inner);
    if (e.redirection) {
      const Value* at = n.value->at("http.redirections.entryPoint");
      e.redirection->span = at ? at->span : n.span;
    }
    if (e.tls) {
      const Value* at = n.value->at("http.tls");
      e.tls->span = at ? at->span : n.span;
    }
    check_entry_point(e, *n.value, inner);
    c.failed = c.failed || inner.failed;
  }
}

// A plugin has a name and the module that holds its sources (catalogue 6); without one Traefik disables all plugins.
void read_plugins(const Value& experimental, S& o, DecodeContext& c) {
  for (const char* kind : {"plugins", "localPlugins"}) {
    const Value* plugins = experimental.find_nocase(kind);
    if (!plugins) continue;
    for (const NamedValue& n : named_values(*plugins, c.findings)) {
      o.declared_plugins.push_back({n.name, n.span});
      const Value* module = n.value->find_nocase("moduleName");
      if (module && !module->str().empty()) continue;
      c.findings.add("GP0213", n.span, "plugin " + n.name, n.name + ": plugin name is missing",
                     "name the module that holds the plugin: `moduleName`");
    }
  }
}

void add_stored_blocks(Schema<S>& s) {
  static const auto experimental = accepted_schema(
      "plugins<moduleName:s version:s hash:s settings{envs:l mounts:l useUnsafe:b}>"
      " localPlugins<moduleName:s settings{envs:l mounts:l useUnsafe:b}> abortOnPluginFailure:b "
      "fastProxy{debug:b}!"
      " otlpLogs:b knative:b kubernetesIngressNGINX:b kubernetesGateway:b http3:x hub:x");
  static const auto core = accepted_schema("defaultRuleSyntax:s strictTLSOptions:b");
  static const Schema<S> global = [] {
    Schema<S> g;
    g.field("notAppendXForwardedFor", &S::not_append_x_forwarded_for, "bool", "false");
    accept_fields(g, "checkNewVersion:b sendAnonymousUsage:b");
    return g;
  }();
  s.group("global", global);
  s.custom("entryPoints", "map of objects", read_entry_points)
      .child(Shape::object_map, entry_point_schema());
  s.group("providers", providers_schema());
  s.custom("ping", "object", [](const Value& v, S& o, DecodeContext& c) {
    o.ping.emplace().span = v.span;
    ping_schema().decode(v, &*o.ping, c);
  });
  s.child(Shape::object, ping_schema()).allow_empty();
  s.custom("api", "object", read_api).child(Shape::object, api_schema()).allow_empty();
  s.custom("metrics", "object", read_metrics).child(Shape::object, metrics_schema());
  s.object("log", &S::log, log_schema()).allow_empty();
  s.object("hostResolver", &S::host_resolver, host_resolver_schema()).allow_empty();
  s.custom("core", "object", [](const Value& v, S& o, DecodeContext& c) {
    o.has_core = true;
    core->decode(v, nullptr, c);
    if (const Value* strict = v.find_nocase("strictTLSOptions"))
      read_value(*strict, o.strict_tls_options, c);
    read_core(v, o, c);
  });
  s.child(Shape::object, *core);
  s.custom("ocsp", "object", read_ocsp).child(Shape::object, ocsp_schema()).allow_empty();
  s.custom("experimental", "object", [](const Value& v, S& o, DecodeContext& c) {
    experimental->decode(v, nullptr, c);
    read_plugins(v, o, c);
  });
  s.child(Shape::object, *experimental);
  s.custom("certificatesResolvers", "map of objects", [](const Value& v, S& o, DecodeContext& c) {
    for (const Value::Member& m : v.members) {
      if (m.value.kind != Value::null) read_resolver(m, o, c);
    }
  });
  s.child(Shape::object_map, resolver_schema());
  s.custom("serversTransport", "object", [](const Value& v, S& o, DecodeContext& c) {
    o.servers_transport.span = v.span;
    static_transport_schema().decode(v, &o.servers_transport, c);
  });
  s.child(Shape::object, static_transport_schema());
}

void decode_dialect(const Value& v, GateproofOptions& o, DecodeContext& c) {
  std::string text;
  read_value(v, text, c);
  if (text == "standard") {
    o.dialect = GateproofOptions::Dialect::standard;
  } else if (text != "traefik") {
    c.error("GP0203", v, "no dialect `" + text + "`", "write traefik or standard");
  }
}

}  // namespace

const Schema<GateproofOptions>& gateproof_schema() {
  static const Schema<GateproofOptions> schema = [] {
    Schema<GateproofOptions> s;
    s.field("strict", &GateproofOptions::strict, "bool", "false");
    s.field("workers", &GateproofOptions::workers, "integer", "0");
    s.field("seed", &GateproofOptions::seed, "integer", "0");
    s.field("connections", &GateproofOptions::connections, "integer", "0").at_least(0);
    s.field("requests", &GateproofOptions::requests, "integer", "0").at_least(0);
    s.field("lease", &GateproofOptions::lease, "string", "gateproof");
    s.custom("dialect", "string", decode_dialect);
    s.field("gatewayAddresses", &GateproofOptions::gateway_addresses, "string", "127.80.0.0/16");
    s.field("gatewayVersion", &GateproofOptions::gateway_version, "string", "v1.7.0");
    return s;
  }();
  return schema;
}

const Schema<StaticConfig>& static_schema() {
  static const std::vector<std::unique_ptr<ObjectSchema>> later = [] {
    std::vector<std::unique_ptr<ObjectSchema>> v;
    for (const Block& b : later_blocks) v.push_back(accepted_schema(b.fields));
    return v;
  }();
  static const Schema<StaticConfig> schema = [] {
    Schema<S> s;
    add_stored_blocks(s);
    for (size_t i = 0; i < later.size(); ++i) accept_block(s, later_blocks[i], *later[i]);
    s.object("gateproof", &S::gateproof, gateproof_schema());
    accept_fields(s, "pilot:x");
    return s;
  }();
  return schema;
}

}  // namespace gateproof::config
