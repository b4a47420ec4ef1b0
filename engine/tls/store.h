// CertificateStore: which certificate a server name gets (catalogue 5.2). Immutable; made with a snapshot.
#pragma once
#include <functional>
#include <map>
#include <unordered_map>

#include "engine/tls/identity.h"

namespace gateproof::tls {

class CertificateStore {
 public:
  using IdentityPtr = std::shared_ptr<const Identity>;

  // Of certificates with the same names the first one added stays.
  void add(IdentityPtr identity);
  void set_default(IdentityPtr identity) { default_ = std::move(identity); }

  // By the law of the catalogue: of all certificates with the name, or with a `*` in the place of its first label, the one
  // whose joined names are the greatest. Null: none.
  IdentityPtr find(std::string_view server_name) const;
  // `defaultCertificate`; null: none is configured.
  const IdentityPtr& configured_default() const { return default_; }
  size_t size() const { return by_key_.size(); }
  // Each of them once, the default among them.
  std::vector<IdentityPtr> all() const;

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::map<std::string, IdentityPtr> by_key_;
  std::unordered_map<std::string, IdentityPtr, Hash, std::equal_to<>> by_name_;  // the greatest one
  IdentityPtr default_;
};

}  // namespace gateproof::tls
