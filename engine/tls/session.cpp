#include "engine/tls/session.h"

#include "engine/base/address.h"
#include "engine/base/crypto_x509.h"
#include "engine/tls/context_parts.h"
#include "engine/tls/identity_parts.h"

namespace gateproof::tls {
namespace {

std::string alpn_wire(const std::vector<std::string>& protocols) {
  std::string out;
  for (const std::string& p : protocols) {
    out += static_cast<char>(p.size());
    out += p;
  }
  return out;
}

std::string alert_text(int alert) {
  // OpenSSL 3.0 has no words for this one.
  if (alert == SSL_AD_CERTIFICATE_REQUIRED) return "certificate required";
  return SSL_alert_desc_string_long(alert);
}

std::string version_text(int version) {
  switch (version) {
    case TLS1_VERSION: return "1.0";
    case TLS1_1_VERSION: return "1.1";
    case TLS1_2_VERSION: return "1.2";
    default: return "1.3";
  }
}

}  // namespace

const BIO_METHOD* Session::method() {
  static const BIO_METHOD* const made = [] {
    BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gateproof");
    BIO_meth_set_read_ex(m, bio_read);
    BIO_meth_set_write_ex(m, bio_write);
    BIO_meth_set_ctrl(m, bio_control);
    return m;
  }();
  return made;
}

int Session::bio_read(BIO* bio, char* into, size_t size, size_t* n) {
  auto& self = *static_cast<Session*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  self.last_ = self.io_.take({into, size});
  if (self.last_.kind == IoResult::bytes) {
    *n = self.last_.n;
    return 1;
  }
  if (self.last_.kind == IoResult::would_block) BIO_set_retry_read(bio);
  return 0;
}

int Session::bio_write(BIO* bio, const char* from, size_t size, size_t* n) {
  auto& self = *static_cast<Session*>(BIO_get_data(bio));
  self.io_.put({from, size});
  *n = size;
  return 1;
}

long Session::bio_control(BIO* bio, int command, long, void*) {
  const auto& self = *static_cast<Session*>(BIO_get_data(bio));
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return self.last_.kind == IoResult::eof ? 1 : 0;
  return 0;
}

void Session::attach(SSL_CTX* context, int64_t wall_ns) {
  ssl_ = SSL_new(context);
  BIO* bio = BIO_new(method());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl_), static_cast<time_t>(wall_ns / 1'000'000'000));
}

Session::Session(Ciphertext& io, std::shared_ptr<const ServerContext> context,
                 const Identity* identity, int64_t wall_ns)
    : io_(io), server_(std::move(context)) {
  attach(server_->parts().openssl(), wall_ns);
  SSL_set_accept_state(ssl_);
  if (!identity) return;  // the context refuses the name
  SSL_set_app_data(ssl_, this);
  staple_ = identity->staple(wall_ns);
  const Identity::Parts& p = identity->parts();
  if (SSL_use_cert_and_key(ssl_, p.leaf.get(), p.key.get(), p.chain.get(), 1) != 1)
    error_ = Error(Code::io, "tls: " + take_reason());
}

Session::Session(Ciphertext& io, std::shared_ptr<const ClientContext> context,
                 std::string server_name, const std::vector<std::string>& alpn, int64_t wall_ns)
    : io_(io), client_(std::move(context)) {
  const ClientContext::Parts& parts = client_->parts();
  attach(parts.context.get(), wall_ns);
  SSL_set_connect_state(ssl_);
  if (!parts.server_name.empty()) server_name = parts.server_name;
  const std::optional<IpAddress> ip = IpAddress::parse(server_name);
  if (!ip && !server_name.empty()) SSL_set_tlsext_host_name(ssl_, server_name.c_str());
  if (parts.verify && server_name.empty()) {
    error_ = Error(Code::protocol, Source::upstream,
                   "tls: either ServerName or InsecureSkipVerify must be specified in the "
                   "tls.Config");
  } else if (parts.verify && parts.peer_dns.empty() && parts.peer_uris.empty()) {
    X509_VERIFY_PARAM* param = SSL_get0_param(ssl_);
    X509_VERIFY_PARAM_set_hostflags(
        param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (ip) {
      X509_VERIFY_PARAM_set1_ip(param, ip->bytes.data(), ip->v6 ? 16 : 4);
    } else {
      X509_VERIFY_PARAM_set1_host(param, server_name.data(), server_name.size());
    }
  }
  const std::string offered = alpn_wire(alpn);
  if (!offered.empty()) {
    SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(offered.data()),
                        static_cast<unsigned>(offered.size()));
  }
}

Session::~Session() { SSL_free(ssl_); }

// What a result of OpenSSL's means; the failure is kept.
Progress Session::judge(int result) {
  if (result == 1) return Progress::done;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ: return Progress::wants_input;
    case SSL_ERROR_ZERO_RETURN:
      // An end without close_notify is one too, as in Go, but not inside a record.
      if (last_.kind == IoResult::eof && SSL_has_pending(ssl_) == 1) break;
      if (!established_) break;
      return Progress::ended;
    default: break;
  }
  fail();
  return Progress::failed;
}

void Session::fail() {
  const unsigned long code = ERR_peek_last_error();
  const int reason = ERR_GET_REASON(code);
  error_ = Error(Code::protocol, "tls: " + take_reason());
  if (last_.kind == IoResult::failed || last_.kind == IoResult::eof) {
    error_ = Error(Code::reset, last_.kind == IoResult::eof ? "EOF" : "tls: connection reset");
  } else if (reason > SSL_AD_REASON_OFFSET) {
    error_ = Error(Code::reset, "remote error: tls: " + alert_text(reason - SSL_AD_REASON_OFFSET));
  } else if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    error_.message = std::string("tls: failed to verify certificate: x509: ") +
                     X509_verify_cert_error_string(SSL_get_verify_result(ssl_));
  }
  error_.source = client_ ? Source::upstream : Source::downstream;
}

Progress Session::handshake() {
  if (!error_.message.empty()) return Progress::failed;
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_);
  if (done != 1) return judge(done);
  if (client_ && !matches_uri()) {
    error_ = Error(Code::protocol, Source::upstream,
                   "no SAN URI in peer certificate matches " + client_->parts().peer_cert_uri);
    return Progress::failed;
  }
  if (client_ && !matches_names()) {
    error_ =
        Error(Code::protocol, Source::upstream,
              "no subject alternative name of the server's certificate is one that is asked for");
    return Progress::failed;
  }
  established_ = true;
  if (std::exchange(staple_, nullptr)) SSL_set_tlsext_status_ocsp_resp(ssl_, nullptr, 0);
  return Progress::done;
}

int give_staple(SSL* ssl, void*) {
  const auto* session = static_cast<const Session*>(SSL_get_app_data(ssl));
  if (!session || !session->staple_) return SSL_TLSEXT_ERR_NOACK;
  const std::string& der = session->staple_->der;
  void* const copy = OPENSSL_memdup(der.data(), der.size());
  if (!copy) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(der.size()));
  return SSL_TLSEXT_ERR_OK;
}

// Traefik's peerCertURI: the chain is judged once more, also with insecureSkipVerify, and one of the leaf's URIs must be it.
bool Session::matches_uri() const {
  const ClientContext::Parts& parts = client_->parts();
  if (parts.peer_cert_uri.empty()) return true;
  const CertificatePtr leaf(SSL_get1_peer_certificate(ssl_));
  if (!leaf) return false;
  const std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>> judge(X509_STORE_CTX_new());
  X509_STORE_CTX_init(judge.get(), parts.chain_store.get(), leaf.get(),
                      SSL_get_peer_cert_chain(ssl_));
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(judge.get()),
                             X509_VERIFY_PARAM_get_time(SSL_get0_param(ssl_)));
  const bool good = X509_verify_cert(judge.get()) == 1;
  ERR_clear_error();
  const Result<crypto::Certificate> told = crypto::parse_certificate(leaf.get());
  return good && told &&
         std::find(told->uris.begin(), told->uris.end(), parts.peer_cert_uri) != told->uris.end();
}

// subjectAltNames of a BackendTLSPolicy: any of them is enough. The chain was verified by the handshake.
bool Session::matches_names() const {
  const ClientContext::Parts& parts = client_->parts();
  if (parts.peer_dns.empty() && parts.peer_uris.empty()) return true;
  const CertificatePtr leaf(SSL_get1_peer_certificate(ssl_));
  if (!leaf) return false;
  constexpr unsigned how =
      X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
  for (const std::string& name : parts.peer_dns) {
    if (X509_check_host(leaf.get(), name.data(), name.size(), how, nullptr) == 1) return true;
  }
  const Result<crypto::Certificate> told = crypto::parse_certificate(leaf.get());
  if (!told) return false;
  return std::any_of(parts.peer_uris.begin(), parts.peer_uris.end(), [&](const std::string& uri) {
    return std::find(told->uris.begin(), told->uris.end(), uri) != told->uris.end();
  });
}

Progress Session::read(std::span<char> into, size_t& n) {
  ERR_clear_error();
  last_ = {};
  return judge(SSL_read_ex(ssl_, into.data(), into.size(), &n));
}

Progress Session::write(std::string_view plain) {
  if (ended_ours_) return Progress::failed;
  ERR_clear_error();
  size_t n = 0;
  return judge(SSL_write_ex(ssl_, plain.data(), plain.size(), &n));
}

void Session::end() {
  if (std::exchange(ended_ours_, true) || !established_ || !error_.message.empty()) return;
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

bool Session::pending() const { return SSL_has_pending(ssl_) == 1; }

std::string_view Session::alpn() const {
  const unsigned char* name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl_, &name, &length);
  return {reinterpret_cast<const char*>(name), length};
}

bool Session::resumed() const { return SSL_session_reused(ssl_) == 1; }

http::TlsState Session::state() const {
  http::TlsState s;
  s.version = version_text(SSL_version(ssl_));
  const char* cipher = SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl_));
  if (cipher) s.cipher = cipher;
  s.alpn = alpn();
  const CertificatePtr leaf(SSL_get1_peer_certificate(ssl_));
  if (!leaf) return s;
  auto chain = std::make_shared<std::vector<std::string>>();
  chain->push_back(der_of(leaf.get()));
  const STACK_OF(X509)* sent = SSL_get_peer_cert_chain(ssl_);
  // A server's list is without the leaf, a client's begins with it.
  for (int i = client_ ? 1 : 0; i < sk_X509_num(sent); ++i)
    chain->push_back(der_of(sk_X509_value(sent, i)));
  s.client_certificates = std::move(chain);
  return s;
}

}  // namespace gateproof::tls
