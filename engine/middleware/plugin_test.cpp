#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

TEST(Plugin, AnyOptionIsAcceptedAndNothingIsBuilt) {
  testing::Rig rig;
  const auto made = rig.build("plugin", "{anything: {goes: [here]}}");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::unsupported);
  EXPECT_EQ(made.error().message, "middleware type plugin is not acted on yet");
}

}  // namespace
}  // namespace gateproof::middleware
