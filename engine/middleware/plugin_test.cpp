#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

std::string refusal(std::string_view options) {
  testing::Rig rig;
  const auto made = rig.build("plugin", options);
  if (made) return "";
  EXPECT_EQ(made.error().code, Code::invalid);
  return made.error().message;
}

TEST(Plugin, TakesAnyOptionsAndKnowsNoType) {
  EXPECT_EQ(refusal("{Demo: {goes: [here, {and: there}]}}"), "plugin: unknown plugin type: Demo");
  EXPECT_EQ(refusal("{demo: text}"), "plugin: unknown plugin type: demo");
}

TEST(Plugin, OnePerMiddleware) {
  EXPECT_EQ(refusal("{a: {x: 1}, b: {y: 2}}"),
            "plugin: invalid configuration: no configuration or too many plugin definition");
}

}  // namespace
}  // namespace gateproof::middleware
