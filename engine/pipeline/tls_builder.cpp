#include "engine/pipeline/tls_builder.h"

#include "engine/pipeline/tls_check.h"

namespace gateproof::pipeline {
namespace {

std::vector<std::string> texts_of(const std::vector<config::Text>& from) {
  std::vector<std::string> out;
  for (const config::Text& t : from) out.push_back(t.value);
  return out;
}

std::vector<std::string> pems_of(const std::vector<config::Text>& from, Files* files) {
  std::vector<std::string> out;
  for (const config::Text& t : from) out.push_back(pem_of(t.value, files));
  return out;
}

// With authorities and without a type every client must prove itself (catalogue 5.1).
tls::ClientAuth client_auth_of(const config::TlsOptionsConfig& o) {
  const std::string& type = o.client_auth_type.value;
  if (type.empty())
    return o.ca_files.empty() ? tls::ClientAuth::none : tls::ClientAuth::require_and_verify;
  if (type == "RequestClientCert") return tls::ClientAuth::request;
  if (type == "RequireAnyClientCert") return tls::ClientAuth::require_any;
  if (type == "VerifyClientCertIfGiven") return tls::ClientAuth::verify_if_given;
  if (type == "RequireAndVerifyClientCert") return tls::ClientAuth::require_and_verify;
  return tls::ClientAuth::none;
}

tls::ServerSettings settings_of(const config::TlsOptionsConfig& o, Files* files) {
  tls::ServerSettings s;
  s.min_version = o.min_version.value;
  s.max_version = o.max_version.value;
  s.cipher_suites = texts_of(o.cipher_suites);
  s.curves = texts_of(o.curve_preferences);
  s.alpn = texts_of(o.alpn_protocols);
  if (s.alpn.empty()) s.alpn.assign(std::begin(tls::default_alpn), std::end(tls::default_alpn));
  s.client_auth = client_auth_of(o);
  s.client_authorities = pems_of(o.ca_files, files);
  s.sni_strict = o.sni_strict;
  s.session_tickets = !o.disable_session_tickets;
  return s;
}

tls::ClientSettings client_settings_of(const config::TransportTlsConfig& t, Files* files) {
  tls::ClientSettings s;
  s.server_name = t.server_name;
  s.insecure_skip_verify = t.insecure_skip_verify;
  s.roots = pems_of(t.root_cas, files);
  for (const config::CertificateConfig& c : t.certificates)
    s.certificates.emplace_back(pem_of(c.cert_file.value, files), pem_of(c.key_file.value, files));
  s.cipher_suites = texts_of(t.cipher_suites);
  s.min_version = t.min_version.value;
  s.max_version = t.max_version.value;
  s.peer_cert_uri = t.peer_cert_uri;
  for (const config::PeerNameConfig& name : t.peer_names)
    (name.uri ? s.peer_uris : s.peer_dns).push_back(name.value);
  return s;
}

bool in_default_store(const config::CertificateConfig& pair) {
  return pair.stores.empty() ||
         std::any_of(pair.stores.begin(), pair.stores.end(),
                     [](const config::Text& s) { return s.value == "default"; });
}

}  // namespace

std::optional<TlsSide::IdentityPtr> TlsSide::identity(std::string_view server_name,
                                                      const SocketAddress& local,
                                                      bool sni_strict) const {
  const std::string name =
      server_name.empty() ? local.ip.unmapped().to_string() : std::string(server_name);
  if (auto found = certificates->find(name)) return found;
  if (sni_strict) return IdentityPtr();
  if (certificates->configured_default()) return certificates->configured_default();
  if (IdentityPtr before = registry->generated_before()) return before;
  return std::nullopt;
}

Task<TlsSide::IdentityPtr> TlsSide::generate(Offload& offload) const {
  const std::shared_ptr<tls::Registry> maker = registry;  // a reload may come meanwhile
  // With a name of its own: GCC 12 destroys such a temporary twice.
  std::function<IdentityPtr()> work = [maker] { return maker->generated(); };
  std::optional<IdentityPtr> made = co_await run_elsewhere<IdentityPtr>(offload, std::move(work));
  co_return made ? std::move(*made) : maker->generated();
}

Result<std::shared_ptr<const tls::Identity>> TlsBuilder::identity(
    const config::CertificateConfig& pair) {
  return registry_.identity(pem_of(pair.cert_file.value, files_),
                            pem_of(pair.key_file.value, files_));
}

Result<void> TlsBuilder::check_pair(const config::CertificateConfig& pair) {
  const auto is_path = [](const std::string& text) { return text.find("-----BEGIN") == text.npos; };
  if (!files_ && (is_path(pair.cert_file.value) || is_path(pair.key_file.value))) return {};
  const auto made = identity(pair);
  if (made) return {};
  return Error(made.error().code, made.error().message, pair.cert_file.span,
               "name the certificate's own key");
}

std::shared_ptr<const tls::CertificateStore> TlsBuilder::certificates() {
  auto store = std::make_shared<tls::CertificateStore>();
  for (const config::CertificateConfig& pair : dynamics_.certificates) {
    if (!in_default_store(pair)) continue;
    if (auto made = identity(pair)) store->add(std::move(*made));
  }
  const auto own = dynamics_.tls_stores.find("default");
  if (own != dynamics_.tls_stores.end() && own->second.default_certificate) {
    if (auto made = identity(*own->second.default_certificate))
      store->set_default(std::move(*made));
  }
  return store;
}

const TlsChoice& TlsBuilder::options(const std::string& name) {
  const auto known = options_.find(name);
  if (known != options_.end()) return known->second;
  return options_.emplace(name, make_options(name)).first->second;
}

TlsChoice TlsBuilder::make_options(const std::string& name) {
  TlsChoice choice;
  choice.name = name;
  const auto found = dynamics_.tls_options.find(name);
  if (found == dynamics_.tls_options.end() && name != "default") return choice;
  const config::TlsOptionsConfig none;
  const config::TlsOptionsConfig& o = found == dynamics_.tls_options.end() ? none : found->second;
  if (o.clashes || !check_tls_options(o, files_)) return choice;
  if (auto made = registry_.server(settings_of(o, files_))) choice.context = std::move(*made);
  return choice;
}

TlsChoice TlsBuilder::listener(const config::ListenerConfig& listener) {
  TlsChoice choice;
  choice.name = listener.name;
  auto store = std::make_shared<tls::CertificateStore>();
  for (const config::CertificateConfig& pair : listener.certificates) {
    Result<std::shared_ptr<const tls::Identity>> made = identity(pair);
    if (!made) continue;
    if (!store->configured_default()) store->set_default(*made);
    store->add(std::move(*made));
  }
  if (!store->configured_default()) return choice;
  choice.certificates = std::move(store);
  tls::ServerSettings s;
  // What is inside TLS on its way to a TCP route is nobody's business here.
  if (listener.protocol == config::ListenerConfig::Protocol::https) s.alpn = {"h2", "http/1.1"};
  s.client_authorities = pems_of(listener.client_authorities, files_);
  if (listener.any_client) {
    s.client_auth = tls::ClientAuth::request;
  } else if (!s.client_authorities.empty()) {
    s.client_auth = tls::ClientAuth::require_and_verify;
  }
  if (auto made = registry_.server(s)) choice.context = std::move(*made);
  return choice;
}

Result<std::shared_ptr<TlsConnector>> TlsBuilder::connector(
    const config::TransportTlsConfig& transport) {
  if (transport.spiffe) {
    return Error(Code::unsupported,
                 "cannot enable SPIFFE for a transport, the SPIFFE Workload API is not enabled");
  }
  tls::ClientSettings s;
  if (check_transport_tls(transport)) s = client_settings_of(transport, files_);
  s.strict = strict_;
  const bool verifies = !s.insecure_skip_verify || !s.peer_cert_uri.empty();
  if (s.roots.empty() && verifies) s.roots = registry_.system_roots(files_);
  Result<std::shared_ptr<tls::Connector>> made = registry_.client(s);
  if (!made) return made.error();
  return std::shared_ptr<TlsConnector>(std::move(*made));
}

}  // namespace gateproof::pipeline
