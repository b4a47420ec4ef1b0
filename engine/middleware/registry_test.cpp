#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

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
