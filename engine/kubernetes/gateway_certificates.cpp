// Certificates of listeners, refused with the words of Go's tls.X509KeyPair, which Traefik writes into statuses.
#include "engine/base/crypto_key_pair.h"
#include "engine/base/text.h"
#include "engine/kubernetes/gateway.h"

namespace gateproof::kubernetes {

namespace {

// Types of the PEM blocks of a text, in order. A block without an end is none.
std::vector<std::string> blocks_of(std::string_view pem) {
  constexpr std::string_view begin = "-----BEGIN ", dashes = "-----";
  std::vector<std::string> out;
  for (size_t at = pem.find(begin); at != std::string_view::npos; at = pem.find(begin, at)) {
    at += begin.size();
    const size_t end = pem.find(dashes, at);
    if (end == std::string_view::npos) break;
    std::string type(pem.substr(at, end - at));
    const size_t close = pem.find("-----END " + type + "-----", end);
    if (type.find('\n') != std::string::npos || close == std::string_view::npos) continue;
    out.push_back(std::move(type));
    at = close;
  }
  return out;
}

bool is_key(std::string_view type) {
  return type == "PRIVATE KEY" || type.ends_with(" PRIVATE KEY");
}

std::string skipped(const std::vector<std::string>& types) {
  return "after skipping PEM blocks of the following types: [" + text::join(types, " ") + "]";
}

std::string certificate_fault(std::string_view pem) {
  const std::vector<std::string> types = blocks_of(pem);
  if (std::find(types.begin(), types.end(), "CERTIFICATE") != types.end()) return "";
  if (types.empty()) return "tls: failed to find any PEM data in certificate input";
  if (types.size() == 1 && is_key(types.front())) {
    return "tls: failed to find certificate PEM data in certificate input, but did find a private "
           "key; PEM inputs may have been switched";
  }
  return "tls: failed to find \"CERTIFICATE\" PEM block in certificate input " + skipped(types);
}

std::string key_fault(std::string_view pem) {
  const std::vector<std::string> types = blocks_of(pem);
  if (std::any_of(types.begin(), types.end(), is_key)) return "";
  if (types.empty()) return "tls: failed to find any PEM data in key input";
  if (types.size() == 1 && types.front() == "CERTIFICATE")
    return "tls: found a certificate rather than a key in the PEM for the private key";
  return "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input " +
         skipped(types);
}

}  // namespace

std::string key_pair_fault(std::string_view certificate, std::string_view key) {
  if (std::string fault = certificate_fault(certificate); !fault.empty()) return fault;
  if (std::string fault = key_fault(key); !fault.empty()) return fault;
  const Result<void> pair = crypto::check_key_pair(certificate, key);
  if (pair) return "";
  if (!crypto::check_authorities(certificate)) return "x509: malformed certificate";
  const std::string& why = pair.error().message;
  return why.find("does not belong") != std::string::npos
             ? "tls: private key does not match public key"
             : "tls: failed to parse private key";
}

}  // namespace gateproof::kubernetes
