// Identity: a certificate with its chain and its private key; what a server or a client proves itself with.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/env/random.h"

namespace gateproof::tls {

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

 private:
  std::unique_ptr<const Parts> parts_;
  std::vector<std::string> names_;
  std::string key_;
};

}  // namespace gateproof::tls
