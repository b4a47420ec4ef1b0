#include "engine/middleware/later.h"

#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

// Every option of catalogue 3.2 is known, and nothing is acted on.
TEST(Later, OptionsAreCheckedAndNothingIsBuilt) {
  const std::pair<const char*, const char*> rows[] = {
      {"plugin", "{anything: {goes: [here]}}"},
  };
  testing::Rig rig;
  for (const auto& [type, yaml] : rows) {
    const auto made = rig.build(type, yaml);
    ASSERT_FALSE(made) << type;
    EXPECT_EQ(made.error().code, Code::unsupported) << type;
    EXPECT_EQ(made.error().message,
              "middleware type " + std::string(type) + " is not acted on yet");
  }
  EXPECT_EQ(rig.build_error("grpcWeb", "nope: 1"), "schema: field not found, node: nope");
}

TEST(Registry, SortedAndFoundInAnyCase) {
  const auto specs = registry();
  EXPECT_EQ(specs.size(), 26u);
  for (size_t i = 1; i < specs.size(); ++i) {
    EXPECT_LT(text::to_lower(specs[i - 1].schema.type), text::to_lower(specs[i].schema.type));
  }
  EXPECT_EQ(find_middleware("STRIPPREFIX"), find_middleware("stripPrefix"));
  EXPECT_EQ(find_middleware("nope"), nullptr);
  EXPECT_EQ(middleware_types().names().size(), specs.size());
  EXPECT_TRUE(middleware_types().find("compress")->empty_allowed);
  EXPECT_TRUE(middleware_types().find("contentType")->empty_allowed);
  EXPECT_FALSE(middleware_types().find("headers")->empty_allowed);
}

}  // namespace
}  // namespace gateproof::middleware
