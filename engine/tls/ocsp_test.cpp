// What is asked of a responder, which of its answers count, and who gets them stapled (RFC 6960, RFC 6066 section 8).
#include "engine/tls/ocsp.h"

#include <gtest/gtest.h>

#include "engine/tls/openssl.h"
#include "engine/tls/session.h"
#include "engine/tls/testing/ocsp_responder.h"

namespace gateproof::tls {
namespace {

using tls::testing::make_certificate;
using tls::testing::ocsp_refusal;
using tls::testing::ocsp_response;
using tls::testing::OcspWords;
using tls::testing::Pem;

constexpr int64_t wall_s = 1'700'000'000;
constexpr int64_t wall = wall_s * 1'000'000'000;

class Ocsp : public ::testing::Test {
 protected:
  Pem root = make_certificate({.common_name = "root", .authority = true});
  Pem leaf =
      make_certificate({.names = {"DNS:a.test"}, .responder = "http://ocsp.test/path?q"}, &root);
  std::shared_ptr<const Identity> identity = load(leaf.certificate + root.certificate);
  OcspWords words{.this_update_s = wall_s - 60, .next_update_s = wall_s + 3600};

  std::shared_ptr<const Identity> load(const std::string& chain) const {
    return *Identity::load(chain, leaf.key);
  }
  std::string answered(const Pem& signer) const {
    return ocsp_response(ocsp_question(*identity)->request, signer, words);
  }
  std::string problem(const std::string& der) const {
    const auto read = read_ocsp_answer(der, *identity, wall);
    return read ? "" : read.error().message;
  }
};

TEST_F(Ocsp, TheCertificateNamesItsResponders) {
  const auto question = ocsp_question(*identity);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->responders, std::vector<std::string>{"http://ocsp.test/path?q"});
  EXPECT_GT(question->request.size(), 50u);
  const Pem silent = make_certificate({.names = {"DNS:b.test"}}, &root);
  EXPECT_FALSE(ocsp_question(**Identity::load(silent.certificate, silent.key)));
}

TEST_F(Ocsp, AnAnswerIsRead) {
  const auto good = read_ocsp_answer(answered(root), *identity, wall);
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->status, OcspAnswer::Status::good);
  EXPECT_EQ(good->this_update_s, wall_s - 60);
  EXPECT_EQ(good->next_update_s, wall_s + 3600);
  words.status = OcspWords::Status::revoked;
  words.next_update_s = 0;
  const auto revoked = read_ocsp_answer(answered(root), *identity, wall);
  ASSERT_TRUE(revoked);
  EXPECT_EQ(revoked->status, OcspAnswer::Status::revoked);
  EXPECT_FALSE(revoked->next_update_s);
}

TEST_F(Ocsp, WhoMaySign) {
  const Pem appointed = make_certificate({.common_name = "r", .usage = "OCSPSigning"}, &root);
  const Pem server = make_certificate({.common_name = "s", .usage = "serverAuth"}, &root);
  const Pem stranger = make_certificate({.common_name = "root", .authority = true});
  EXPECT_EQ(problem(answered(appointed)), "");
  EXPECT_NE(problem(answered(server)).find("not signed by the certificate's issuer"),
            std::string::npos);
  EXPECT_NE(problem(answered(stranger)).find("not signed by the certificate's issuer"),
            std::string::npos);
  // Without its issuer behind it, a certificate has no answer that could be checked.
  identity = load(leaf.certificate);
  EXPECT_NE(problem(answered(root)), "");
}

TEST_F(Ocsp, TimesCount) {
  words.next_update_s = wall_s + 1;
  EXPECT_EQ(problem(answered(root)), "");
  words.next_update_s = wall_s;
  EXPECT_EQ(problem(answered(root)), "ocsp: the answer has expired");
  words.next_update_s = wall_s + 7200;
  words.this_update_s = wall_s + ocsp_clock_skew_s;
  EXPECT_EQ(problem(answered(root)), "");
  ++words.this_update_s;
  EXPECT_EQ(problem(answered(root)), "ocsp: an answer from the future");
}

TEST_F(Ocsp, WhatIsNoAnswer) {
  EXPECT_EQ(problem(""), "ocsp: not an OCSP response");
  EXPECT_EQ(problem("<html>"), "ocsp: not an OCSP response");
  EXPECT_EQ(problem(answered(root) + "x"), "ocsp: not an OCSP response");
  EXPECT_EQ(problem(ocsp_refusal(3)), "ocsp: the responder says trylater");
  const std::string whole = answered(root);
  for (size_t n = 1; n < whole.size(); n += 7) EXPECT_NE(problem(whole.substr(0, n)), "") << n;
  const Pem other = make_certificate({.names = {"DNS:b.test"}, .responder = "http://x"}, &root);
  const auto about_other = *Identity::load(other.certificate + root.certificate, other.key);
  EXPECT_EQ(problem(ocsp_response(ocsp_question(*about_other)->request, root, words)),
            "ocsp: nothing is said about this certificate");
}

TEST_F(Ocsp, StapleBytesMax) {
  words.padding = 1;
  words.padding += staple_bytes_max - answered(root).size();
  std::string whole = answered(root);
  // Lengths and signatures take a few bytes more or less: to the last one.
  while (whole.size() != staple_bytes_max) {
    words.padding = words.padding + staple_bytes_max - whole.size();
    whole = answered(root);
  }
  EXPECT_EQ(problem(whole), "");
  EXPECT_EQ(problem(whole + "x"), "ocsp: an answer of 16381 bytes, where 16380 can be stapled");
  EXPECT_EQ(read_ocsp_answer(whole + "x", *identity, wall).error().code, Code::limit);
}

TEST_F(Ocsp, AStapleEndsInTime) {
  EXPECT_EQ(identity->staple(wall), nullptr);
  identity->set_staple(std::make_shared<Staple>(Staple{"x", wall + 1}));
  EXPECT_NE(identity->staple(wall), nullptr);
  EXPECT_EQ(identity->staple(wall + 1), nullptr);
}

// A client of OpenSSL's own, whose records go through memory.
class Asking final : public Ciphertext {
 public:
  explicit Asking(bool ask, int version) : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_max_proto_version(context_.get(), version);
    ssl_.reset(SSL_new(context_.get()));
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_connect_state(ssl_.get());
    if (ask) SSL_set_tlsext_status_type(ssl_.get(), TLSEXT_STATUSTYPE_ocsp);
  }
  IoResult take(std::span<char> into) override {
    const int n = BIO_read(out_, into.data(), static_cast<int>(into.size()));
    if (n <= 0) return {};
    return {IoResult::bytes, static_cast<size_t>(n)};
  }
  void put(std::string_view records) override {
    BIO_write(in_, records.data(), static_cast<int>(records.size()));
  }
  bool turn() { return SSL_do_handshake(ssl_.get()) == 1; }
  std::string stapled() const {
    const unsigned char* bytes = nullptr;
    const long n = SSL_get_tlsext_status_ocsp_resp(ssl_.get(), &bytes);
    return n > 0 ? std::string(reinterpret_cast<const char*>(bytes), static_cast<size_t>(n)) : "";
  }

 private:
  SslContextPtr context_;
  SslPtr ssl_;
  BIO *in_ = nullptr, *out_ = nullptr;
};

std::optional<std::string> shake(const Identity& identity, bool ask, int version) {
  Asking client(ask, version);
  Session server(client, *ServerContext::make({}), &identity, wall);
  bool done = false;
  Progress progress = Progress::wants_input;
  for (int turn = 0; turn < 6; ++turn) {
    done = client.turn();
    if (progress == Progress::wants_input) progress = server.handshake();
  }
  if (!done || progress != Progress::done) return std::nullopt;
  return client.stapled();
}

TEST_F(Ocsp, WhoAsksGetsTheStaple) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    identity->set_staple(nullptr);
    EXPECT_EQ(shake(*identity, true, version), "");
    identity->set_staple(std::make_shared<Staple>(Staple{answered(root)}));
    EXPECT_EQ(shake(*identity, true, version), identity->staple(wall)->der);
    EXPECT_EQ(shake(*identity, false, version), "");
    // The largest one, which OpenSSL's own clients just take.
    identity->set_staple(std::make_shared<Staple>(Staple{std::string(staple_bytes_max, 'x')}));
    EXPECT_EQ(shake(*identity, true, version), std::string(staple_bytes_max, 'x'));
    identity->set_staple(std::make_shared<Staple>(Staple{"old", wall}));
    EXPECT_EQ(shake(*identity, true, version), "");
  }
}

}  // namespace
}  // namespace gateproof::tls
