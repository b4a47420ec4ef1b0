// Identity: a certificate with its chain and its private key; what a server or a client proves itself with.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/env/random.h"

namespace gateproof::tls {

// What an OCSP responder said of a certificate, for handshakes whose client asks.
struct Staple {
  std::string der;
  int64_t valid_until_ns = INT64_MAX;  // since the Unix epoch: nobody gets it from then on
};

class Identity {
 public:
  struct Parts;  // OpenSSL's objects (identity_parts.h)

  explicit Identity(std::unique_ptr<const Parts> parts);
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;
  ~Identity();

  // Both in PEM; the certificate's text holds its chain behind it. Code::invalid with Go's words where Go has some.
  static Result<std::shared_ptr<const Identity>> load(std::string_view certificate_pem,
                                                      std::string_view key_pem);
  // What Traefik serves where nothing else is configured: CN "TRAEFIK DEFAULT CERT", a random DNS name below traefik.default,
  // RSA 2048, valid for a year from `wall_ns`. The key comes from OpenSSL's own randomness.
  static Result<std::shared_ptr<const Identity>> self_signed(RandomStream& random, int64_t wall_ns);

  // CN, DNS names and IP addresses, lower-cased, sorted; joined by commas they are what Traefik's store knows it by.
  const std::vector<std::string>& names() const { return names_; }
  const std::string& key() const { return key_; }
  const Parts& parts() const { return *parts_; }

  // Beside the certificate, which never changes; from any thread. Null: none is known, or it is none any more.
  void set_staple(std::shared_ptr<const Staple> staple) const;
  std::shared_ptr<const Staple> staple(int64_t wall_ns) const;

 private:
  std::unique_ptr<const Parts> parts_;
  std::vector<std::string> names_;
  std::string key_;
  mutable std::mutex staple_mutex_;
  mutable std::shared_ptr<const Staple> staple_;
};

}  // namespace gateproof::tls
