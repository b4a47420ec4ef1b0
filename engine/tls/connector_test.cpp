#include "engine/tls/connector.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"
#include "engine/env/testing/stream_pair.h"
#include "engine/tls/stream.h"
#include "engine/tls/testing/certificates.h"

namespace gateproof::tls {
namespace {

using gateproof::testing::FakeWorld;
using gateproof::testing::PairedStream;
using std::chrono::seconds;
using tls::testing::make_certificate;

class Connecting : public ::testing::Test {
 protected:
  FakeWorld world;
  tls::testing::Pem root = make_certificate({.common_name = "root", .authority = true});
  tls::testing::Pem leaf = make_certificate({.common_name = "", .names = {"DNS:a.test"}}, &root);

  Task<void> serve(std::unique_ptr<Stream> plain) {
    const auto identity = *Identity::load(leaf.certificate, leaf.key);
    ServerSettings settings;
    settings.alpn = {"h2"};
    TlsStream inside(std::move(plain), std::string(), *ServerContext::make(settings),
                     identity.get(), world.clock.wall_ns());
    const Result<void> done = co_await inside.handshake(instant_max);
    if (done) co_await inside.readable(instant_max);
  }

  // The error, or the protocol that was chosen.
  std::pair<Code, std::string> connect(ClientSettings settings, bool silent = false,
                                       Instant deadline = instant_max) {
    auto ends = PairedStream::make(world.scheduler);
    if (!silent) world.scheduler.spawn("server", serve(std::move(ends.second)));
    Connector connector(*ClientContext::make(settings), world.clock, settings.strict);
    std::vector<std::string> alpn = {"h2", "http/1.1"};
    const auto got =
        world.run(connector.connect(std::move(ends.first), "a.test", std::move(alpn), deadline));
    world.scheduler.cancel_all();
    if (!got) return {Code::canceled, "waits"};
    if (!*got) return {got->error().code, got->error().message};
    return {Code::invalid, (**got).alpn};
  }
};

TEST_F(Connecting, TellsTheProtocol) {
  EXPECT_EQ(connect({.roots = {root.certificate}}).second, "h2");
}

TEST_F(Connecting, AWrongCertificateIsInvalidAndStrictlyAProtocolError) {
  EXPECT_EQ(connect({}).first, Code::invalid);
  EXPECT_EQ(connect({.strict = true}).first, Code::protocol);
  EXPECT_TRUE(connect({}).second.starts_with("tls: failed to verify certificate"));
}

TEST_F(Connecting, AHandshakeHasItsTime) {  // handshake_time, or the deadline if that is earlier
  const Instant begin = world.scheduler.now();
  EXPECT_EQ(connect({}, true).first, Code::timeout);
  EXPECT_EQ(world.scheduler.now() - begin, handshake_time);
  const Instant again = world.scheduler.now();
  EXPECT_EQ(connect({}, true, again + seconds(1)).first, Code::timeout);
  EXPECT_EQ(world.scheduler.now() - again, seconds(1));
}

}  // namespace
}  // namespace gateproof::tls
