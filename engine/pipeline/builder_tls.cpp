// What TLS has to say about routers: options that cannot be used, options of hosts that conflict, and the objects of the `tls`
// section (catalogue 5.1, 5.3).
#include "engine/pipeline/builder.h"
#include "engine/pipeline/tls_check.h"

namespace gateproof::pipeline {

namespace {

constexpr std::string_view conflict =
    "router's TLSOptions configuration is conflicting with other routers on the same entrypoint "
    "and host";

}  // namespace

const config::RouterTls* Builder::tls_of(const config::RouterConfig& router,
                                         const Placement& where) {
  if (router.tls) return &*router.tls;
  return where.model && where.model->tls ? &*where.model->tls : nullptr;
}

std::string Builder::tls_options_name(const config::RouterTls& tls, const std::string& original) {
  const std::string& name = tls.options.value;
  if (name.empty() || name == "default") return "default";
  return config::qualify(name, config::provider_of(original));
}

void Builder::check_tls_objects() {
  for (const auto& [name, o] : out_.dynamics->tls_options) {
    const std::string object = "TLS options " + name;
    if (o.clashes) {
      bad_tls_[name] = "unknown TLS options: " + name;
      finding("GP0602", o.span, object,
              "two providers define the options `default`: neither is taken, and routers that "
              "depend on them are disabled",
              "keep one of the two");
    } else if (Result<void> good = check_tls_options(o, in_.files); !good) {
      const Error& e = good.error();
      bad_tls_[name] = "building TLS config: " + e.message;
      finding("GP0602", e.span.known() ? e.span : o.span, object,
              e.message + ": routers that use these options are disabled", e.remedy);
    } else if (!tls_.options(name).context) {
      finding("GP0602", o.span, object,
              "nothing of these options is known to this build's OpenSSL: connections to names "
              "that have them are closed",
              "add a curve such as X25519 to curvePreferences");
    }
    for (const config::Text* v : {&o.min_version, &o.max_version}) {
      if (v->value.empty() || is_tls_version(v->value)) continue;
      finding("GP0606", v->span, object,
              text::quote(v->value) + " is no TLS version: it is ignored without a word",
              "write VersionTLS12 or VersionTLS13");
    }
  }
  for (const config::CertificateConfig& pair : out_.dynamics->certificates) {
    Result<void> good = check_certificate(pair, in_.files);
    if (good) good = tls_.check_pair(pair);
    if (!good) {
      finding("GP0604", good.error().span, "certificate",
              good.error().message + ": an error is logged and the certificate left out",
              good.error().remedy);
    }
  }
  for (const auto& [name, store] : out_.dynamics->tls_stores) {
    if (!store.default_certificate) continue;
    if (Result<void> good = check_certificate(*store.default_certificate, in_.files); !good) {
      const SourceSpan& at = good.error().span;
      finding("GP0604", at.known() ? at : store.span, "TLS store " + name,
              good.error().message + ": a self-signed certificate is served instead",
              good.error().remedy);
    }
  }
  check_transport("serversTransport default@internal", in_.statics->servers_transport.tls,
                  in_.statics->servers_transport.span);
  for (const auto& [name, t] : objects_.servers_transports) {
    const Building building(*this, transport_key(name));
    check_transport("serversTransport " + name, t.tls, t.span);
  }
  for (const auto& [name, t] : out_.dynamics->tcp.servers_transports) {
    if (t.tls) check_transport("TCP serversTransport " + name, *t.tls, t.span);
  }
}

void Builder::add_ocsp() {
  if (!in_.statics->ocsp) return;
  const Result<std::shared_ptr<TlsConnector>> connector = tls_.connector({});
  out_.ocsp =
      ocsp_targets(*out_.tls.certificates, *in_.statics->ocsp, connector ? *connector : nullptr);
}

void Builder::check_transport(const std::string& object, const config::TransportTlsConfig& tls,
                              const SourceSpan& span) {
  // A TCP transport knows neither suites nor versions, and its routers are disabled where `spiffe` is wrong (tcp_builder).
  if (Result<void> good = check_transport_tls(tls); !good && !object.starts_with("TCP")) {
    const Error& e = good.error();
    finding("GP0605", e.span.known() ? e.span : span, object,
            e.message + ": an error is logged, and TLS is spoken with its defaults", e.remedy);
  }
  for (const config::Text& ca : tls.root_cas) {
    if (holds_certificate(ca.value, in_.files)) continue;
    finding("GP0605", ca.span, object,
            "a value of rootCAs holds no certificate: it is left out without a word",
            "name a file with a certificate in PEM, or write it here");
  }
  for (const config::CertificateConfig& pair : tls.certificates) {
    if (Result<void> good = check_certificate(pair, in_.files); !good) {
      finding("GP0605", good.error().span, object,
              good.error().message + ": the certificate is left out without a word",
              good.error().remedy);
    }
  }
}

// Roots get their places: those whose TLS options do not apply stand apart, as `ENTRYPOINT-conflicted-NAME` (observed).
void Builder::place_roots() {
  std::vector<TlsClaim> claims;
  std::vector<std::pair<size_t, std::string>>
      owners;  // of each claim: the root and its entry point
  for (size_t i = 0; i < roots_.size(); ++i) {
    const Root& root = roots_[i];
    const config::RouterTls* tls = tls_of(*root.config, root.where);
    if (!tls) continue;
    std::string syntax = root.config->rule_syntax.value;
    if (syntax.empty()) syntax = in_.statics->default_rule_syntax;
    const auto parsed =
        rules::parse_rule(root.config->rule.value,
                          syntax == "v2" ? rules::Syntax::v2 : rules::Syntax::v3, in_.matchers);
    TlsClaim claim;
    claim.options = tls_options_name(*tls, root.original);
    // Which options apply is then a matter of all routers together.
    if (claim.options != "default") too_far_ = true;
    claim.readable = parsed.has_value();
    if (parsed) claim.hosts = rules::rule_positive_hosts(parsed->root);
    for (const std::string& e : root.where.entry_points) {
      claim.entry_point = e;
      claims.push_back(claim);
      owners.emplace_back(i, e);
    }
  }
  const auto place = [this](Placement where, const Root& root) {
    RouterInfo& info = *add_node(std::move(where), *root.config, root.original, *root.draft).info;
    for (const std::string& w : root.warnings) info.fail(w, Status::warning);
  };
  if (claims.empty()) {
    for (Root& root : roots_) place(std::move(root.where), root);
    return;
  }
  const std::vector<TlsClaim::Verdict> verdicts = judge_tls_claims(claims);
  std::vector<std::vector<Placement>> apart(roots_.size());
  for (size_t k = 0; k < claims.size(); ++k) {
    if (verdicts[k] == TlsClaim::Verdict::applies) continue;
    const auto& [i, entry_point] = owners[k];
    Placement& where = roots_[i].where;
    std::erase(where.entry_points, entry_point);
    apart[i].push_back(
        {entry_point + "-conflicted-" + where.name, {entry_point}, where.model, verdicts[k]});
  }
  for (size_t i = 0; i < roots_.size(); ++i) {
    const Root& root = roots_[i];
    if (!root.where.entry_points.empty()) apart[i].push_back(root.where);
    for (Placement& p : apart[i]) place(std::move(p), root);
  }
}

bool Builder::check_tls(RouterInfo& info, const Node& node) {
  const config::RouterTls* tls = tls_of(*node.config, node.where);
  if (!tls) return true;
  info.tls = true;
  const std::string& resolver = tls->cert_resolver.value;
  if (!resolver.empty() && !in_.statics->resolvers.contains(resolver)) {
    finding("GP0601", tls->cert_resolver.span, "router " + info.name,
            "certificate resolver \"" + resolver +
                "\" is not defined in the static configuration: an error is logged and the default "
                "certificate is served",
            "define certificatesResolvers." + resolver + ", or remove certResolver");
  }
  const bool strict_options = in_.statics->strict_tls_options || strict();
  if (node.where.tls != TlsClaim::Verdict::applies && strict_options) {
    info.fail(std::string(conflict));
    return false;
  }
  const std::string options = tls_options_name(*tls, node.original);
  if (node.where.tls == TlsClaim::Verdict::applies) info.tls_options = options;
  if (const auto bad = bad_tls_.find(options); bad != bad_tls_.end()) {
    info.fail("building router handler: " + bad->second);
    return false;
  }
  if (options == "default" || out_.dynamics->tls_options.contains(options)) return true;
  info.fail("building router handler: unknown TLS options: " + options);
  finding("GP0310", tls->options.span, "router " + info.name,
          "TLS options " + options +
              " do not exist, so the router is disabled and its hosts refuse connections",
          "define tls.options." + tls->options.value + ", or leave the options out");
  return false;
}

void Builder::check_tls_names(RouterInfo& info, const Node& node) {
  const config::RouterTls* tls = tls_of(*node.config, node.where);
  if (!tls) return;
  const std::string options = tls_options_name(*tls, node.original);
  const bool strict_options = in_.statics->strict_tls_options || strict();
  const SourceSpan& at = tls->options.span.known() ? tls->options.span : node.config->span;
  switch (node.where.tls) {
    case TlsClaim::Verdict::applies: break;
    case TlsClaim::Verdict::conflicts: {
      if (options == "default" && !strict_options) break;
      if (!strict_options)
        info.fail(std::string(conflict) + ", default TLS options will be used instead",
                  Status::warning);
      finding("GP0603", at, info.label(),
              "another router of the same host and entry point asks for other TLS options than " +
                  options +
                  (strict_options ? ": all of them are disabled"
                                  : ": all of them get the default options"),
              "give the routers of one host the same tls.options");
      break;
    }
    case TlsClaim::Verdict::no_domain: {
      const std::string text = "no domain found in rule " + info.rule + ", the TLS option " +
                               options + " cannot be applied";
      info.fail(text, Status::warning);
      finding("GP0603", at, info.label(), text + ": the default options are used",
              "add Host(`...`) to the rule, or leave the options out");
      break;
    }
  }
  if (info.rule_error.empty()) return;
  info.fail("invalid rule " + info.rule + ", error: " + info.rule_error);
}

}  // namespace gateproof::pipeline
