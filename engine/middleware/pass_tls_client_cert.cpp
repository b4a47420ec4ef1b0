// passTLSClientCert: tells the server of the client's certificates, whole or in parts (catalogue 3.2).
#include "engine/base/crypto.h"
#include "engine/middleware/client_cert_info.h"

namespace gateproof::middleware {
namespace {

struct Options {
  bool pem = false;
  std::optional<CertInfoOptions> info;
};

const config::Schema<Options>& schema() {
  static const auto s = config::Schema<Options>()
                            .field("pem", &Options::pem, "bool", "false")
                            .object("info", &Options::info, cert_info_schema());
  return s;
}

class PassTlsClientCert final : public SyncFilter {
 public:
  explicit PassTlsClientCert(Options o) : o_(std::move(o)) {}

  Flow on_request(Exchange& x) override {
    if (!o_.pem && !o_.info) return Flow::next;
    if (!x.client_certificates || x.client_certificates->empty()) {
      if (x.trace) x.note(stage, "pass", "no client certificate: nothing changed");
      return Flow::next;
    }
    if (x.trace) {
      x.note(stage, "read", std::to_string(x.client_certificates->size()) + " client certificates");
    }
    if (o_.pem) {
      std::vector<std::string> texts;
      for (const std::string& der : *x.client_certificates) texts.push_back(crypto::base64(der));
      x.request.headers.set("X-Forwarded-Tls-Client-Cert", text::join(texts, ","));
    }
    if (o_.info) tell_info(x);
    return Flow::next;
  }

 private:
  void tell_info(Exchange& x) const {
    std::vector<std::string> texts;
    for (const std::string& der : *x.client_certificates) {
      const auto certificate = crypto::parse_certificate(der);
      // A handshake lets none through that cannot be read.
      texts.push_back(certificate ? cert_info_text(*certificate, *o_.info) : "");
    }
    x.request.headers.set("X-Forwarded-Tls-Client-Cert-Info",
                          http::escape_query(text::join(texts, ",")));
  }
  Options o_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  const auto& o = *static_cast<const Options*>(options);
  return std::unique_ptr<Middleware>(std::make_unique<PassTlsClientCert>(o));
}

}  // namespace

MiddlewareSpec pass_tls_client_cert() {
  return {{"passTLSClientCert", &schema(), make_options<Options>}, build};
}

}  // namespace gateproof::middleware
