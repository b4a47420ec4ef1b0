// The text of X-Forwarded-Tls-Client-Cert-Info (catalogue 3.2), before it is escaped.
#pragma once
#include "engine/base/crypto_x509.h"
#include "engine/middleware/middleware.h"

namespace gateproof::middleware {

struct NameOptions {
  bool country = false, province = false, locality = false, organization = false,
       organizational_unit = false /* subject only */, common_name = false, serial_number = false,
       domain_component = false;
};

struct CertInfoOptions {
  bool not_after = false, not_before = false, sans = false, serial_number = false;
  std::optional<NameOptions> subject, issuer;
};
const config::Schema<CertInfoOptions>& cert_info_schema();

// `Subject="C=DE,CN=a";Issuer="...";SerialNumber="1";NB="0";NA="1";SAN="a.test"`: empty parts are left out, and nothing inside
// a value is escaped, as in Traefik: a name that holds a comma or a quote is not to be told from two.
std::string cert_info_text(const crypto::Certificate& certificate, const CertInfoOptions& options);

}  // namespace gateproof::middleware
