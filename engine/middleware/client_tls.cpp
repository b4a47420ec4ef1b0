#include "engine/middleware/client_tls.h"

namespace gateproof::middleware {
namespace {

Error refused(std::string_view why) {
  return Error(Code::invalid, "unable to create client TLS configuration: " + std::string(why));
}

bool is_pem(std::string_view text, std::string_view kind) {
  const size_t begin = text.find("-----BEGIN ");
  return begin != std::string_view::npos && text.substr(begin).find(kind) != std::string_view::npos;
}

std::optional<std::string> file_text(const std::string& name, const BuildContext& context) {
  if (!context.files) return std::nullopt;
  auto text = context.files->read(name, pem_file_bytes_max);
  if (!text) return std::nullopt;
  return std::move(*text);
}

}  // namespace

const config::Schema<ClientTls>& client_tls_schema() {
  static const auto s =
      config::Schema<ClientTls>()
          .field("ca", &ClientTls::ca, "string")
          .field("cert", &ClientTls::cert, "string")
          .field("key", &ClientTls::key, "string")
          .field("insecureSkipVerify", &ClientTls::insecure_skip_verify, "bool", "false")
          .field("caOptional", &ClientTls::ca_optional, "bool", "false")
          .deprecated("TLS client authentication is a server side option");
  return s;
}

Result<void> check_client_tls(const ClientTls& tls, const BuildContext& context) {
  if (!tls.ca.empty()) {
    const std::string ca = file_text(tls.ca, context).value_or(tls.ca);
    if (!is_pem(ca, "CERTIFICATE-----")) return refused("failed to parse CA");
  }
  if (tls.cert.empty() != tls.key.empty()) return refused("both TLS cert and key must be defined");
  if (tls.cert.empty()) return {};
  if (is_pem(tls.cert, "CERTIFICATE-----") && is_pem(tls.key, "PRIVATE KEY-----")) return {};
  if (!file_text(tls.cert, context)) return refused("cert file does not exist");
  if (!file_text(tls.key, context)) return refused("key file does not exist");
  return {};
}

Result<std::shared_ptr<TlsConnector>> make_connector(const ClientTls* tls,
                                                     const BuildContext& context) {
  if (!context.tls) return Error(Code::unsupported, "there is no TLS here");
  config::TransportTlsConfig how;
  if (tls) {
    how.insecure_skip_verify = tls->insecure_skip_verify;
    if (!tls->ca.empty()) how.root_cas.push_back({tls->ca, {}});
    if (!tls->cert.empty()) how.certificates.push_back({{tls->cert, {}}, {tls->key, {}}, {}});
  }
  return context.tls(how);
}

}  // namespace gateproof::middleware
