#include "engine/pipeline/gateway_account.h"

#include <gtest/gtest.h>

namespace gateproof::pipeline {
namespace {

using kubernetes::cluster::Json;

Json gateway(const std::string& more, const std::string& name = "web") {
  const std::string text =
      R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"Gateway","metadata":{"name":")" +
      name + R"(","namespace":"infra","uid":"u"},"spec":{"gatewayClassName":"gp")" + more + "}}";
  auto parsed = kubernetes::cluster::parse_json(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? std::move(*parsed) : Json();
}

TEST(GatewayAccount, CarriesWhatTheInfrastructureAsksFor) {
  const Json account = gateway_account(
      gateway(R"(,"infrastructure":{"labels":{"team":"a"},"annotations":{"note":"b"}})"));
  EXPECT_EQ(account["kind"].str(), "ServiceAccount");
  const Json& meta = account["metadata"];
  EXPECT_EQ(meta["name"].str(), "web");
  EXPECT_EQ(meta["namespace"].str(), "infra");
  EXPECT_EQ(meta["labels"]["team"].str(), "a");
  EXPECT_EQ(meta["labels"]["gateway.networking.k8s.io/gateway-name"].str(), "web");
  EXPECT_EQ(meta["labels"]["gateway.networking.k8s.io/gateway-class-name"].str(), "gp");
  EXPECT_EQ(meta["annotations"]["note"].str(), "b");
  ASSERT_EQ(meta["ownerReferences"].size(), 1u);
  EXPECT_EQ(meta["ownerReferences"].items()[0]["uid"].str(), "u");
}

TEST(GatewayAccount, AnInfrastructureCannotTakeTheNamesLabel) {
  const Json account = gateway_account(gateway(
      R"(,"infrastructure":{"labels":{"gateway.networking.k8s.io/gateway-name":"other"}})"));
  EXPECT_EQ(account["metadata"]["labels"]["gateway.networking.k8s.io/gateway-name"].str(), "web");
  EXPECT_TRUE(account["metadata"]["annotations"].is_null());
}

TEST(GatewayAccount, LongNamesAreShortenedAndStayDifferent) {
  EXPECT_EQ(derived_name(""), "");
  const std::string fits(derived_name_max, 'a');
  EXPECT_EQ(derived_name(fits), fits);
  const std::string one = derived_name(fits + "b"), two = derived_name(fits + "c");
  EXPECT_EQ(one.size(), derived_name_max);
  EXPECT_NE(one, two);
  EXPECT_EQ(derived_name(std::string(52, 'a') + std::string(201, '.')).find(".-"),
            std::string::npos);
  const Json account = gateway_account(gateway("", std::string(253, 'n')));
  EXPECT_EQ(account["metadata"]["name"].str().size(), derived_name_max);
}

}  // namespace
}  // namespace gateproof::pipeline
