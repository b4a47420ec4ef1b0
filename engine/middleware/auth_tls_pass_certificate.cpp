// auth-tls-pass-certificate-to-upstream of ingress-nginx: what the client proved itself with, in NGINX' fields (catalogue 6.7).
#include "engine/base/crypto.h"
#include "engine/base/crypto_verify.h"
#include "engine/base/crypto_x509.h"
#include "engine/http/url.h"
#include "engine/middleware/middleware.h"

namespace gateproof::middleware {
namespace {

struct Options {
  std::string client_auth_type;
  std::vector<std::string> authorities;  // PEM
};

const config::Schema<Options>& schema() {
  static const auto s = config::Schema<Options>()
                            .field("clientAuthType", &Options::client_auth_type, "string")
                            .field("caFiles", &Options::authorities, "list of strings");
  return s;
}

constexpr std::string_view own_fields[] = {"Ssl-Client-Cert", "Ssl-Client-Subject-Dn",
                                           "Ssl-Client-Issuer-Dn"};

std::string pem_of(const std::string& der) {
  constexpr size_t line_bytes = 64;
  const std::string packed = crypto::base64(der);
  std::string out = "-----BEGIN CERTIFICATE-----\n";
  for (size_t i = 0; i < packed.size(); i += line_bytes) out += packed.substr(i, line_bytes) + "\n";
  return out + "-----END CERTIFICATE-----\n";
}

// One value as Go's pkix writes it (RFC 2253).
std::string escaped(const std::string& value) {
  std::string out;
  for (size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const bool edge = (i == 0 && (c == ' ' || c == '#')) || (i + 1 == value.size() && c == ' ');
    if (edge || std::string_view(",+\"\\<>;").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// pkix.Name.String(): the last part first, values of one kind joined by '+'.
std::string name_text(const crypto::DistinguishedName& n) {
  std::vector<std::string> parts;
  const auto add = [&parts](std::string_view kind, const std::vector<std::string>& values) {
    std::vector<std::string> same;
    for (const std::string& v : values) same.push_back(std::string(kind) + "=" + escaped(v));
    if (!same.empty()) parts.push_back(text::join(same, "+"));
  };
  if (!n.serial_number.empty()) add("SERIALNUMBER", {n.serial_number});
  if (!n.common_name.empty()) add("CN", {n.common_name});
  add("ST", n.provinces);
  add("L", n.localities);
  add("OU", n.organizational_units);
  add("O", n.organizations);
  add("C", n.countries);
  return text::join(parts, ",");
}

class PassCertificate final : public SyncFilter {
 public:
  // `authorities` in DER: who judges certificates that the handshake only asked for; nullopt: it has judged them.
  explicit PassCertificate(std::optional<std::vector<std::string>> authorities)
      : authorities_(std::move(authorities)) {}

  Flow on_request(Exchange& x) override {
    http::Headers& h = x.request.headers;
    if (!x.client_certificates || x.client_certificates->empty()) {
      h.set("Ssl-Client-Verify", "NONE");
      for (const std::string_view name : own_fields) h.remove(name);
      return Flow::next;
    }
    const std::string& leaf = x.client_certificates->front();
    h.set("Ssl-Client-Verify", verdict(x, leaf));
    const auto certificate = crypto::parse_certificate(leaf);
    h.set("Ssl-Client-Subject-Dn", certificate ? name_text(certificate->subject) : "");
    h.set("Ssl-Client-Issuer-Dn", certificate ? name_text(certificate->issuer) : "");
    h.set("Ssl-Client-Cert", text::replace_all(http::escape_query(pem_of(leaf)), "+", "%20"));
    return Flow::next;
  }

 private:
  std::string verdict(const Exchange& x, const std::string& leaf) const {
    if (!authorities_) return "SUCCESS";
    constexpr int64_t second_ns = 1'000'000'000;
    const int64_t now_s = x.env->clock.wall_ns() / second_ns;
    const std::string why = crypto::verify_failure(leaf, *authorities_, now_s);
    return why.empty() ? "SUCCESS" : "FAILED:" + why;
  }

  std::optional<std::vector<std::string>> authorities_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  const auto& o = *static_cast<const Options*>(options);
  std::optional<std::vector<std::string>> authorities;
  if (o.client_auth_type == "RequestClientCert") {
    authorities.emplace();
    for (const std::string& pem : o.authorities) {
      auto some = crypto::certificates_from_pem(pem);
      if (!some) return Error(Code::invalid, "failed to parse CA certificate");
      authorities->insert(authorities->end(), some->begin(), some->end());
    }
  }
  return std::unique_ptr<Middleware>(std::make_unique<PassCertificate>(std::move(authorities)));
}

}  // namespace

ProviderSpec auth_tls_pass_certificate() {
  return {{"authTLSPassCertificateToUpstream", &schema(), make_options<Options>}, build};
}

}  // namespace gateproof::middleware
