#include "engine/tls/registry.h"

#include "engine/base/crypto.h"

namespace gateproof::tls {
namespace {

constexpr size_t roots_bytes_max = 8u << 20;

// As Go's crypto/x509 on Linux; the first one that can be read counts.
constexpr const char* root_files[] = {"/etc/ssl/certs/ca-certificates.crt",
                                      "/etc/pki/tls/certs/ca-bundle.crt",
                                      "/etc/ssl/ca-bundle.pem",
                                      "/etc/pki/tls/cacert.pem",
                                      "/etc/ssl/cert.pem",
                                      "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"};

// What settings say, told apart without doubt: each text with its length.
class Fingerprint {
 public:
  static constexpr size_t text_bytes_max = 512;

  void add(std::string_view text) {
    all_ += std::to_string(text.size()) + ":";
    all_ += text;
  }
  void add(const std::vector<std::string>& list) {
    all_ += std::to_string(list.size()) + "*";
    for (const std::string& s : list) add(s);
  }
  void add(bool on) { all_ += on ? "+" : "-"; }
  // Short ones are their own: that of the usual options then takes no OpenSSL.
  std::string digest() const { return all_.size() > text_bytes_max ? crypto::sha256(all_) : all_; }

 private:
  std::string all_;
};

std::string digest_of(const ServerSettings& s) {
  Fingerprint f;
  f.add(s.min_version);
  f.add(s.max_version);
  f.add(s.cipher_suites);
  f.add(s.curves);
  f.add(s.alpn);
  f.add(std::to_string(static_cast<int>(s.client_auth)));
  f.add(s.client_authorities);
  f.add(s.sni_strict);
  f.add(s.session_tickets);
  return f.digest();
}

std::string digest_of(const ClientSettings& s) {
  Fingerprint f;
  f.add(s.server_name);
  f.add(s.insecure_skip_verify);
  f.add(s.roots);
  for (const auto& [certificate, key] : s.certificates) {
    f.add(certificate);
    f.add(key);
  }
  f.add(s.cipher_suites);
  f.add(s.min_version);
  f.add(s.max_version);
  f.add(s.peer_cert_uri);
  f.add(s.peer_dns);
  f.add(s.peer_uris);
  f.add(s.strict);
  return f.digest();
}

template <class T, class Make>
Result<std::shared_ptr<const T>> kept(std::map<std::string, std::shared_ptr<const T>>& all,
                                      std::string digest, const Make& make) {
  if (const auto found = all.find(digest); found != all.end()) return found->second;
  Result<std::shared_ptr<const T>> made = make();
  if (made) all.emplace(std::move(digest), *made);
  return made;
}

// The options that every world has when nothing is said: a process makes them once, if it needs them at all. Of what they keep only
// the keys of session tickets change, which no trace shows.
const std::string& usual_digest() {
  static const std::string digest = [] {
    ServerSettings s;
    s.alpn.assign(std::begin(default_alpn), std::end(default_alpn));
    return digest_of(s);
  }();
  return digest;
}

Result<std::shared_ptr<const ServerContext>> usual_context(const ServerSettings& usual) {
  static const Result<std::shared_ptr<const ServerContext>> made = ServerContext::make(usual);
  return made;
}

}  // namespace

Result<std::shared_ptr<const ServerContext>> Registry::server(const ServerSettings& settings) {
  std::string digest = digest_of(settings);
  if (digest == usual_digest()) return usual_context(settings);
  const std::lock_guard lock(mutex_);
  return kept(servers_, std::move(digest), [&] { return ServerContext::make(settings); });
}

Result<std::shared_ptr<Connector>> Registry::client(const ClientSettings& settings) {
  const std::lock_guard lock(mutex_);
  const std::string digest = digest_of(settings);
  if (const auto found = clients_.find(digest); found != clients_.end()) return found->second;
  Result<std::shared_ptr<const ClientContext>> made = ClientContext::make(settings);
  if (!made) return made.error();
  return clients_[digest] = std::make_shared<Connector>(std::move(*made), clock_, settings.strict);
}

Result<std::shared_ptr<const Identity>> Registry::identity(const std::string& certificate_pem,
                                                           const std::string& key_pem) {
  const std::lock_guard lock(mutex_);
  Fingerprint f;
  f.add(certificate_pem);
  f.add(key_pem);
  return kept(identities_, f.digest(), [&] { return Identity::load(certificate_pem, key_pem); });
}

std::shared_ptr<const Identity> Registry::generated() {
  const std::lock_guard lock(generating_);
  if (std::shared_ptr<const Identity> before = generated_before()) return before;
  RandomStream random = random_.stream("tls/default certificate");
  Result<std::shared_ptr<const Identity>> made = Identity::self_signed(random, clock_.wall_ns());
  if (!made) return nullptr;
  std::atomic_store(&generated_, *made);
  return *made;
}

std::vector<std::string> Registry::system_roots(Files* files) {
  const std::lock_guard lock(mutex_);
  if (!roots_.empty() || !files) return roots_;
  for (const char* path : root_files) {
    Result<std::string> pem = files->read(path, roots_bytes_max);
    if (!pem) continue;
    roots_.push_back(std::move(*pem));
    break;
  }
  return roots_;
}

void Registry::sweep() {
  const std::lock_guard lock(mutex_);
  const auto unused = [](const auto& entry) { return entry.second.use_count() == 1; };
  std::erase_if(servers_, unused);
  std::erase_if(clients_, unused);
  std::erase_if(identities_, unused);
}

}  // namespace gateproof::tls
