// Client certificates: PEM text or DER to values and to the text of X-Forwarded-Tls-Client-Cert-Info.
#include <cstddef>
#include <cstdint>

#include "engine/base/assert.h"
#include "engine/base/crypto.h"
#include "engine/middleware/client_cert_info.h"

using namespace gateproof;

namespace {

void look(std::string_view der) {
  const auto certificate = crypto::parse_certificate(der);
  if (!certificate) {
    GP_ASSERT(certificate.error().code == Code::invalid || certificate.error().code == Code::limit);
    return;
  }
  for (const std::string& ip : certificate->ip_addresses)
    GP_ASSERT(ip.size() == 4 || ip.size() == 16);
  middleware::CertInfoOptions all;
  all.not_after = all.not_before = all.sans = all.serial_number = true;
  all.subject = all.issuer =
      middleware::NameOptions{true, true, true, true, true, true, true, true};
  const std::string text = middleware::cert_info_text(*certificate, all);
  GP_ASSERT(text.find("NB=\"") != std::string::npos);
  // Escaped, it is a field's value and gives the text back.
  const std::string field = http::escape_query(text);
  GP_ASSERT(http::is_field_value(field));
  GP_ASSERT(http::unescape_query(field) == text);
  // The same certificate in PEM is the same bytes.
  const std::string pem =
      "-----BEGIN CERTIFICATE-----\n" + crypto::base64(der) + "\n-----END CERTIFICATE-----\n";
  const auto again = crypto::certificates_from_pem(pem);
  GP_ASSERT(again && again->size() == 1 && again->front() == der);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  look(input);
  if (const auto chain = crypto::certificates_from_pem(input)) {
    GP_ASSERT(!chain->empty() && chain->size() <= crypto::certificates_max);
    for (const std::string& der : *chain) look(der);
  }
  return 0;
}
