#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

TEST(ChainType, RefersToOthers) {
  const MiddlewareSpec* spec = find_middleware("chain");
  ASSERT_NE(spec, nullptr);
  ASSERT_NE(spec->schema.refs, nullptr);
  const auto doc =
      config::parse_document("middlewares: [a, b@file]", "t.yml", config::Format::yaml);
  config::Findings findings;
  config::DecodeContext context{findings, "m"};
  const auto options = spec->schema.make();
  spec->schema.schema->decode(doc->root, options.get(), context);
  const std::vector<config::Text> refs = spec->schema.refs(options.get());
  ASSERT_EQ(refs.size(), 2u);
  EXPECT_EQ(refs[0].value, "a");
  EXPECT_EQ(refs[1].value, "b@file");
  EXPECT_EQ(refs[1].span.line, 1u);
}

TEST(ChainType, IsNeverBuilt) {
  testing::Rig rig;
  const auto made = rig.build("chain", "middlewares: [a]");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::unsupported);
}

}  // namespace
}  // namespace gateproof::middleware
