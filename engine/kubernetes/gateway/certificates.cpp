#include "engine/kubernetes/gateway/certificates.h"

#include "engine/base/crypto.h"
#include "engine/base/crypto_key_pair.h"

namespace gateproof::kubernetes::gateway {

template <class Check>
std::string CertificateCache::look(std::string_view kind, std::string_view a, std::string_view b,
                                   Check check) {
  // The lengths keep two pairs apart whose texts are the same once joined.
  std::string text(kind);
  text += std::to_string(a.size()) + ":" + std::to_string(b.size()) + ":";
  text.append(a).append(b);
  const std::string digest = crypto::sha256(text);
  const auto known = verdicts_.find(digest);
  if (known != verdicts_.end()) return known->second;
  if (verdicts_.size() >= entries_max) verdicts_.clear();
  ++parsed_;
  const Result<void> verdict = check();
  return verdicts_[digest] = verdict ? std::string() : verdict.error().message;
}

std::string CertificateCache::key_pair(std::string_view certificate, std::string_view key) {
  return look("pair", certificate, key, [&] { return crypto::check_key_pair(certificate, key); });
}

std::string CertificateCache::authorities(std::string_view pem) {
  return look("authorities", pem, "", [&] { return crypto::check_authorities(pem); });
}

}  // namespace gateproof::kubernetes::gateway
