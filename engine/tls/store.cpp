#include "engine/tls/store.h"

namespace gateproof::tls {

void CertificateStore::add(IdentityPtr identity) {
  if (!by_key_.emplace(identity->key(), identity).second) return;
  for (std::string name : identity->names()) {
    while (name.ends_with('.')) name.pop_back();
    IdentityPtr& best = by_name_[std::move(name)];
    if (!best || best->key() < identity->key()) best = identity;
  }
}

std::vector<CertificateStore::IdentityPtr> CertificateStore::all() const {
  std::vector<IdentityPtr> out;
  for (const auto& [key, identity] : by_key_) out.push_back(identity);
  if (default_ && std::find(out.begin(), out.end(), default_) == out.end()) out.push_back(default_);
  return out;
}

CertificateStore::IdentityPtr CertificateStore::find(std::string_view server_name) const {
  IdentityPtr best;
  const auto look = [&](std::string_view name) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return;
    if (!best || best->key() < found->second->key()) best = found->second;
  };
  look(server_name);
  if (const size_t dot = server_name.find('.'); dot != std::string_view::npos)
    look("*" + std::string(server_name.substr(dot)));
  return best;
}

}  // namespace gateproof::tls
