// Which certificate a name gets where none is configured, and where it is made (catalogue 5.2).
#include "engine/pipeline/tls_side.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"

namespace gateproof::pipeline {
namespace {

// Keeps the work until it is told to do it, as a pool whose threads are busy.
class LaterOffload final : public Offload {
 public:
  bool start(std::function<void()> work, std::function<void()> done) override {
    if (full) return false;
    pieces.emplace_back(std::move(work), std::move(done));
    return true;
  }
  void do_all() {
    for (auto& [work, done] : std::exchange(pieces, {})) work(), done();
  }
  bool full = false;
  std::vector<std::pair<std::function<void()>, std::function<void()>>> pieces;
};

struct Case {
  gateproof::testing::FakeWorld world;
  LaterOffload offload;
  TlsSide side{std::make_shared<tls::Registry>(world.random, world.clock),
               std::make_shared<tls::CertificateStore>()};
  std::optional<TlsSide::IdentityPtr> found(bool strict = false) const {
    return side.identity("a.test", {}, strict);
  }
};

TEST(TlsSide, TheGeneratedCertificateIsMadeAwayFromTheLoop) {
  Case c;
  EXPECT_EQ(c.found(true), TlsSide::IdentityPtr());
  EXPECT_EQ(c.found(), std::nullopt);
  Task<TlsSide::IdentityPtr> one = c.side.generate(c.offload);
  Task<TlsSide::IdentityPtr> other = c.side.generate(c.offload);
  ASSERT_FALSE(one.start_root(c.world.scheduler, "one"));
  ASSERT_FALSE(other.start_root(c.world.scheduler, "other"));
  EXPECT_EQ(c.found(), std::nullopt) << "it was made on the loop";
  EXPECT_EQ(c.offload.pieces.size(), 2u);
  c.offload.do_all();
  c.world.run(std::chrono::seconds(1), [&] { return one.done() && other.done(); });
  ASSERT_TRUE(one.done() && other.done());
  const TlsSide::IdentityPtr made = one.take();
  ASSERT_TRUE(made);
  EXPECT_EQ(other.take(), made);
  EXPECT_EQ(c.found(), made);
}

// It is made in any case: a handshake without a certificate would fail.
TEST(TlsSide, AFullPoolMakesNoDifference) {
  Case c;
  c.offload.full = true;
  const auto made = c.world.run(c.side.generate(c.offload));
  ASSERT_TRUE(made && *made);
  EXPECT_EQ(c.found(), *made);
}

}  // namespace
}  // namespace gateproof::pipeline
