// What annotations of ingress-nginx become (catalogue 6.7).
#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::Rig;

TEST(ProviderTypes, AreNotForFiles) {
  for (const ProviderSpec& s : provider_types()) {
    EXPECT_NE(find_middleware(s.schema.type), nullptr) << s.schema.type;
    const config::MiddlewareSchema* of_file = middleware_types().find(s.schema.type);
    const config::MiddlewareSchema* own = middleware_types().find_of_provider(s.schema.type);
    ASSERT_NE(own, nullptr);
    // Of a public type it has further options.
    if (of_file) EXPECT_GT(own->schema->fields.size(), of_file->schema->fields.size());
  }
}

TEST(OptionsOfProviders, ChangeStatuses) {
  Rig rig;
  const auto status_of = [&rig](const ProviderSpec& spec, std::string_view yaml) {
    const auto doc = config::parse_document(yaml, "t.yml", config::Format::yaml);
    config::Findings findings;
    config::DecodeContext context{findings, "m"};
    const std::shared_ptr<void> options = spec.schema.make();
    spec.schema.schema->decode(doc->root, options.get(), context);
    EXPECT_FALSE(context.failed);
    const BuildContext build{"m@x", "r@x", rig.world.clock, rig.world.random};
    auto made = spec.build(options.get(), build);
    std::vector<std::unique_ptr<Middleware>> steps;
    steps.push_back(std::move(*made));
    rig.chain = std::make_unique<Chain>(std::move(steps), rig.end);
    return rig.send("/a", {}, "POST")->response.status;
  };
  for (const ProviderSpec& s : provider_types()) {
    if (s.schema.type == "redirectRegex")
      EXPECT_EQ(status_of(s, "{regex: '.*', replacement: 'http://b.test/', statusCode: 303}"), 303);
    if (s.schema.type == "redirectScheme")
      EXPECT_EQ(status_of(s, "{scheme: https, forcePermanentRedirect: true}"), 308);
  }
}

}  // namespace
}  // namespace gateproof::middleware
