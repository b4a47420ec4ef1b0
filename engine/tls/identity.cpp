#include "engine/tls/identity.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "engine/base/address.h"
#include "engine/base/crypto.h"
#include "engine/base/crypto_x509.h"
#include "engine/base/text.h"
#include "engine/tls/identity_parts.h"

namespace gateproof::tls {
namespace {

constexpr int default_key_bits = 2048;
constexpr int64_t default_valid_s = 365 * 24 * 3600;
constexpr size_t serial_bytes = 16;
constexpr size_t name_bytes = 16;  // of each half of the default certificate's random name

std::string ip_text(std::string_view raw) {
  IpAddress ip;
  ip.v6 = raw.size() == ip.bytes.size();
  std::copy_n(raw.begin(), std::min(raw.size(), ip.bytes.size()), ip.bytes.begin());
  return ip.to_string();
}

std::vector<std::string> names_of(X509* leaf) {
  std::vector<std::string> out;
  const Result<crypto::Certificate> told = crypto::parse_certificate(leaf);
  if (!told) return out;
  const std::string& common = told->subject.common_name;
  if (!common.empty()) out.push_back(text::to_lower(common));
  for (const std::string& name : told->dns_names) {
    if (name != common) out.push_back(text::to_lower(name));
  }
  for (const std::string& raw : told->ip_addresses) {
    if (const std::string ip = ip_text(raw); ip != common) out.push_back(ip);
  }
  std::sort(out.begin(), out.end());
  return out;
}

// A key that asks for a password gets none.
int no_password(char*, int, int, void*) { return 0; }

bool add_extension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* e = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  const bool added = e && X509_add_ext(certificate, e, -1) == 1;
  X509_EXTENSION_free(e);
  return added;
}

std::string random_hex(RandomStream& random, size_t bytes) {
  std::string raw;
  while (raw.size() < bytes) raw += static_cast<char>(random.below(256));
  return crypto::hex(raw);
}

bool set_serial(X509* certificate, const std::string& hex) {
  BIGNUM* number = nullptr;
  const bool set = BN_hex2bn(&number, hex.c_str()) > 0 &&
                   BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  return set;
}

}  // namespace

std::string der_of(X509* certificate) {
  unsigned char* bytes = nullptr;
  const int length = i2d_X509(certificate, &bytes);
  return take_der(length, bytes);
}

Identity::Identity(std::unique_ptr<const Parts> parts)
    : parts_(std::move(parts)),
      names_(names_of(parts_->leaf.get())),
      key_(text::join(names_, ",")) {}

Identity::~Identity() = default;

void Identity::set_staple(std::shared_ptr<const Staple> staple) const {
  const std::lock_guard lock(staple_mutex_);
  staple_ = std::move(staple);
}

std::shared_ptr<const Staple> Identity::staple(int64_t wall_ns) const {
  const std::lock_guard lock(staple_mutex_);
  if (staple_ && staple_->valid_until_ns <= wall_ns) return nullptr;
  return staple_;
}

std::vector<CertificatePtr> certificates_of(std::string_view pem) {
  std::vector<CertificatePtr> out;
  const BioPtr from = bio_of(pem);
  while (CertificatePtr one{PEM_read_bio_X509(from.get(), nullptr, no_password, nullptr)})
    out.push_back(std::move(one));
  ERR_clear_error();
  return out;
}

Result<std::shared_ptr<const Identity>> Identity::load(std::string_view certificate_pem,
                                                       std::string_view key_pem) {
  std::vector<CertificatePtr> certificates = certificates_of(certificate_pem);
  if (certificates.empty())
    return Error(Code::invalid, "tls: failed to find any PEM data in certificate input");
  auto parts = std::make_unique<Parts>();
  const BioPtr from = bio_of(key_pem);
  parts->key.reset(PEM_read_bio_PrivateKey(from.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  if (!parts->key) return Error(Code::invalid, "tls: failed to find any PEM data in key input");
  parts->leaf = std::move(certificates.front());
  const bool match = X509_check_private_key(parts->leaf.get(), parts->key.get()) == 1;
  ERR_clear_error();
  if (!match) return Error(Code::invalid, "tls: private key does not match public key");
  parts->chain.reset(sk_X509_new_null());
  for (size_t i = 1; i < certificates.size(); ++i)
    sk_X509_push(parts->chain.get(), certificates[i].release());
  return std::make_shared<const Identity>(std::move(parts));
}

Result<std::shared_ptr<const Identity>> Identity::self_signed(RandomStream& random,
                                                              int64_t wall_ns) {
  // One key for all worlds of the process: to make one takes a tenth of a second, and no trace shows it.
  static const KeyPtr key(EVP_RSA_gen(default_key_bits));
  auto parts = std::make_unique<Parts>();
  if (key && EVP_PKEY_up_ref(key.get()) == 1) parts->key.reset(key.get());
  parts->leaf.reset(X509_new());
  X509* const x = parts->leaf.get();
  const auto begin = static_cast<time_t>(wall_ns / 1'000'000'000);
  const std::string dns =
      random_hex(random, name_bytes) + "." + random_hex(random, name_bytes) + ".traefik.default";
  const std::string common = "TRAEFIK DEFAULT CERT";
  const auto* text = reinterpret_cast<const unsigned char*>(common.data());
  const bool made =
      parts->key && x && X509_set_version(x, X509_VERSION_3) == 1 &&
      set_serial(x, random_hex(random, serial_bytes)) &&
      ASN1_TIME_set(X509_getm_notBefore(x), begin) &&
      ASN1_TIME_set(X509_getm_notAfter(x), begin + default_valid_s) &&
      X509_NAME_add_entry_by_NID(X509_get_subject_name(x), NID_commonName, MBSTRING_UTF8, text,
                                 static_cast<int>(common.size()), -1, 0) == 1 &&
      X509_set_issuer_name(x, X509_get_subject_name(x)) == 1 &&
      X509_set_pubkey(x, parts->key.get()) == 1 &&
      add_extension(x, NID_key_usage,
                    "critical,digitalSignature,keyEncipherment,dataEncipherment,keyAgreement") &&
      add_extension(x, NID_ext_key_usage, "serverAuth") &&
      add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(x, NID_subject_alt_name, "DNS:" + dns) &&
      X509_sign(x, parts->key.get(), EVP_sha256()) > 0;
  if (!made) return Error(Code::io, "tls: no certificate could be generated: " + take_reason());
  return std::make_shared<const Identity>(std::move(parts));
}

}  // namespace gateproof::tls
