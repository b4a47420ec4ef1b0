#include "engine/rules/priority.h"

#include <gtest/gtest.h>

namespace gateproof::rules {
namespace {

TEST(Priority, AutomaticIsTheLengthInBytes) {  // catalogue 1.6
  EXPECT_EQ(effective_priority("Host(`pri.test`)", 0).value, 16);
  EXPECT_TRUE(effective_priority("Host(`pri.test`)", 0).automatic);
  EXPECT_EQ(effective_priority("Path(`/\xC3\xA9`)", 0).value, 11);
  EXPECT_EQ(effective_priority("Path(`/`)", -5).value, -5);
  EXPECT_FALSE(effective_priority("Path(`/`)", -5).automatic);
}

TEST(Priority, UserLimit) {
  EXPECT_TRUE(check_user_priority(0));
  EXPECT_TRUE(check_user_priority(user_priority_max));
  const auto over = check_user_priority(user_priority_max + 1);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().message,
            "the router priority 9223372036854774808 exceeds the max user-defined priority "
            "9223372036854774807");
}

TEST(Priority, ProviderRank) {
  EXPECT_LT(provider_rank("a@kubernetescrd"), provider_rank("a@kubernetes"));
  EXPECT_LT(provider_rank("a@kubernetes"), provider_rank("a@file"));
  EXPECT_EQ(provider_rank("FILE"), provider_rank("x@y@file"));
  EXPECT_EQ(provider_rank("a@unknown"), 17);
  const std::string_view own[] = {"file", "docker"};
  EXPECT_EQ(provider_rank("a@docker", own), 1);
  EXPECT_EQ(provider_rank("a@kubernetescrd", own), 2);
}

}  // namespace
}  // namespace gateproof::rules
