#include "engine/tls/context.h"

#include <atomic>

#include "engine/base/assert.h"
#include "engine/tls/context_parts.h"
#include "engine/tls/identity_parts.h"
#include "engine/tls/protocol.h"

namespace gateproof::tls {
namespace {

constexpr int auth_level = 1;  // 80 bits: no SHA-1 and no RSA below 1024 in chains, as Go has it

std::atomic<void (*)(std::string_view)> key_log{nullptr};

void log_key(const SSL*, const char* line) {
  if (const auto sink = key_log.load()) sink(line);
}

// What both sides have in common.
void prepare(SSL_CTX* c) {
  SSL_CTX_set_mode(
      c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                             SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE |
                             SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_read_ahead(c, 1);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_security_level(c, 0);  // what is allowed is said by names, as in Go
  X509_VERIFY_PARAM_set_auth_level(SSL_CTX_get0_param(c), auth_level);
  if (key_log.load()) SSL_CTX_set_keylog_callback(c, log_key);
}

Result<void> limit(SSL_CTX* c, const std::vector<std::string>& suites, std::string_view min_version,
                   std::string_view max_version) {
  int least = version_of(min_version);
  if (least == 0) least = TLS1_2_VERSION;
  const std::string list = cipher_list(suites);
  // Suites of TLS 1.3 alone: nothing is left for what is older.
  if (list.empty()) least = TLS1_3_VERSION;
  const bool set = SSL_CTX_set_min_proto_version(c, least) == 1 &&
                   SSL_CTX_set_max_proto_version(c, version_of(max_version)) == 1 &&
                   (list.empty() || SSL_CTX_set_cipher_list(c, list.c_str()) == 1) &&
                   SSL_CTX_set_ciphersuites(c, suites_13) == 1;
  if (!set) return Error(Code::invalid, "tls: " + take_reason());
  return {};
}

// Roots as in a pool of Go's: each certificate in it is trusted, whoever signed it.
StorePtr store_of(const std::vector<std::string>& pems) {
  StorePtr store(X509_STORE_new());
  for (const std::string& pem : pems) {
    for (const CertificatePtr& one : certificates_of(pem))
      X509_STORE_add_cert(store.get(), one.get());
  }
  ERR_clear_error();
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_auth_level(X509_STORE_get0_param(store.get()), auth_level);
  return store;
}

int accept_any(int, X509_STORE_CTX*) { return 1; }

void ask_clients(SSL_CTX* c, const ServerSettings& s) {
  int mode = SSL_VERIFY_NONE;
  if (s.client_auth != ClientAuth::none) mode = SSL_VERIFY_PEER;
  if (s.client_auth == ClientAuth::require_any || s.client_auth == ClientAuth::require_and_verify)
    mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  const bool any = s.client_auth == ClientAuth::request || s.client_auth == ClientAuth::require_any;
  SSL_CTX_set_verify(c, mode, any ? accept_any : nullptr);
  for (const std::string& pem : s.client_authorities) {
    for (const CertificatePtr& one : certificates_of(pem)) SSL_CTX_add_client_CA(c, one.get());
  }
  SSL_CTX_set_cert_store(c, store_of(s.client_authorities).release());
}

// A session without an identity has no certificate for the name (sniStrict): said before anything else of the hello counts.
int refuse_name(SSL* ssl, int* alert, void*) {
  if (SSL_get_app_data(ssl)) return SSL_CLIENT_HELLO_SUCCESS;
  *alert = SSL_AD_UNRECOGNIZED_NAME;
  return SSL_CLIENT_HELLO_ERROR;
}

// Go's negotiateALPN: the server's order counts, and a client of HTTP/1.1 is served without ALPN where only h2 is offered.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_length,
                    const unsigned char* in, unsigned in_length, void* arg) {
  const auto& offered = static_cast<const ServerSettings*>(arg)->alpn;
  if (offered.empty()) return SSL_TLSEXT_ERR_NOACK;
  bool fallback = false;
  for (const std::string& ours : offered) {
    for (unsigned at = 0; at < in_length; at += in[at] + 1u) {
      const std::string_view theirs(reinterpret_cast<const char*>(in + at + 1), in[at]);
      if (theirs == ours) {
        *out = in + at + 1;
        *out_length = in[at];
        return SSL_TLSEXT_ERR_OK;
      }
      fallback = fallback || (ours == "h2" && theirs == "http/1.1");
    }
  }
  return fallback ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Whether each OpenSSL takes these settings. Others are tried at once, so that what is wrong with them is told with the
// configuration.
bool surely_known(const ServerSettings& s) {
  return s.cipher_suites.empty() && s.curves.empty() && s.client_authorities.empty() &&
         s.max_version.empty() &&
         (version_of(s.min_version) == 0 || version_of(s.min_version) >= TLS1_2_VERSION);
}

}  // namespace

void set_key_log(void (*sink)(std::string_view line)) { key_log.store(sink); }

ServerContext::ServerContext(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ServerContext::~ServerContext() = default;
bool ServerContext::sni_strict() const { return parts_->settings.sni_strict; }

SSL_CTX* ServerContext::Parts::openssl() {
  std::call_once(once, [this] {
    if (!context) GP_ASSERT(open());
  });
  return context.get();
}

Result<void> ServerContext::Parts::open() {
  const ServerSettings& s = settings;
  context.reset(SSL_CTX_new(TLS_server_method()));
  if (!context) return Error(Code::io, "tls: " + take_reason());
  SSL_CTX* const c = context.get();
  prepare(c);
  if (Result<void> r = limit(c, s.cipher_suites, s.min_version, s.max_version); !r)
    return r.error();
  const std::string groups = group_list(s.curves);
  if (groups.empty()) {
    return Error(Code::unsupported,
                 "none of the curves in curvePreferences is known to this build's OpenSSL");
  }
  if (SSL_CTX_set1_groups_list(c, groups.c_str()) != 1)
    return Error(Code::invalid, "tls: " + take_reason());
  ask_clients(c, s);
  // A ticket of OpenSSL's keeps the client's leaf alone, so that its chain is asked for again.
  const bool tickets = s.session_tickets && s.client_auth == ClientAuth::none;
  if (!tickets) SSL_CTX_set_options(c, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(c, tickets ? 1 : 0);
  SSL_CTX_set_client_hello_cb(c, refuse_name, nullptr);
  SSL_CTX_set_tlsext_status_cb(c, give_staple);
  SSL_CTX_set_alpn_select_cb(c, choose_protocol, const_cast<ServerSettings*>(&s));
  return {};
}

Result<std::shared_ptr<const ServerContext>> ServerContext::make(const ServerSettings& s) {
  auto parts = std::make_unique<Parts>(s);
  if (!surely_known(s)) {
    if (Result<void> r = parts->open(); !r) return r.error();
  }
  return std::make_shared<const ServerContext>(std::move(parts));
}

ClientContext::ClientContext(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ClientContext::~ClientContext() = default;

Result<std::shared_ptr<const ClientContext>> ClientContext::make(const ClientSettings& s) {
  auto parts = std::make_unique<Parts>();
  parts->context.reset(SSL_CTX_new(TLS_client_method()));
  if (!parts->context) return Error(Code::io, "tls: " + take_reason());
  SSL_CTX* const c = parts->context.get();
  prepare(c);
  if (Result<void> r = limit(c, s.cipher_suites, s.min_version, s.max_version); !r)
    return r.error();
  if (SSL_CTX_set1_groups_list(c, group_list({}).c_str()) != 1)
    return Error(Code::invalid, "tls: " + take_reason());
  parts->server_name = s.server_name;
  parts->verify = !s.insecure_skip_verify;
  parts->peer_cert_uri = s.peer_cert_uri;
  parts->peer_dns = s.peer_dns;
  parts->peer_uris = s.peer_uris;
  SSL_CTX_set_verify(c, parts->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_cert_store(c, store_of(s.roots).release());
  if (!s.peer_cert_uri.empty()) parts->chain_store = store_of(s.roots);
  for (const auto& [certificate, key] : s.certificates) {
    Result<std::shared_ptr<const Identity>> identity = Identity::load(certificate, key);
    if (!identity) continue;  // Traefik leaves it out without a word; a Finding tells (GP0605)
    const Identity::Parts& p = (*identity)->parts();
    SSL_CTX_use_cert_and_key(c, p.leaf.get(), p.key.get(), p.chain.get(), 1);
    break;
  }
  ERR_clear_error();
  return std::make_shared<const ClientContext>(std::move(parts));
}

}  // namespace gateproof::tls
