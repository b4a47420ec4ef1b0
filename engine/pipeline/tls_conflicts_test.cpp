// TLS options of hosts (catalogue 5.3): rows, and the definition for random routers.
#include "engine/pipeline/tls_conflicts.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace gateproof::pipeline {
namespace {

using Verdict = TlsClaim::Verdict;

TEST(TlsConflicts, Rows) {
  const std::vector<TlsClaim> claims = {
      {"web", "a", {"h"}, true},       {"web", "b", {"h", "i"}, true}, {"web", "b", {"i"}, true},
      {"sec", "a", {"h"}, true},       {"web", "a", {}, true},         {"web", "default", {}, true},
      {"web", "default", {"h"}, true}, {"web", "a", {}, false},
  };
  EXPECT_EQ(judge_tls_claims(claims),
            (std::vector<Verdict>{Verdict::conflicts, Verdict::conflicts, Verdict::applies,
                                  Verdict::applies, Verdict::no_domain, Verdict::applies,
                                  Verdict::conflicts, Verdict::applies}));
  EXPECT_TRUE(judge_tls_claims({}).empty());
}

// A claim conflicts exactly if another one of its entry point and of one of its hosts wants other options; and no order of the
// claims changes that.
TEST(TlsConflicts, AreWhatTheDefinitionSays) {
  EXPECT_TRUE(rc::check("against every pair", [] {
    const auto claims = *rc::gen::container<std::vector<TlsClaim>>(rc::gen::build<TlsClaim>(
        rc::gen::set(&TlsClaim::entry_point, rc::gen::element<std::string>("web", "sec")),
        rc::gen::set(&TlsClaim::options, rc::gen::element<std::string>("default", "a", "b")),
        rc::gen::set(&TlsClaim::hosts, rc::gen::unique<std::vector<std::string>>(
                                           *rc::gen::inRange<size_t>(0, 3),
                                           rc::gen::element<std::string>("x", "y", "z", "w"))),
        rc::gen::set(&TlsClaim::readable, rc::gen::just(true))));
    const std::vector<Verdict> got = judge_tls_claims(claims);
    for (size_t i = 0; i < claims.size(); ++i) {
      bool conflict = false;
      for (const TlsClaim& other : claims) {
        for (const std::string& host : other.hosts) {
          const std::vector<std::string>& mine = claims[i].hosts;
          conflict = conflict || (other.entry_point == claims[i].entry_point &&
                                  other.options != claims[i].options &&
                                  std::find(mine.begin(), mine.end(), host) != mine.end());
        }
      }
      RC_ASSERT((got[i] == Verdict::conflicts) == conflict);
    }
    std::vector<TlsClaim> reversed(claims.rbegin(), claims.rend());
    const std::vector<Verdict> back = judge_tls_claims(reversed);
    RC_ASSERT((std::vector<Verdict>(back.rbegin(), back.rend()) == got));
  }));
}

}  // namespace
}  // namespace gateproof::pipeline
