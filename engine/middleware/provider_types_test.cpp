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

TEST(AppRoot, SendsTheRootThere) {
  Rig rig;
  ASSERT_TRUE(rig.use("appRoot", "path: /home")) << rig.why;
  const auto x = rig.send("/?q=1");
  EXPECT_EQ(x->response.status, 302);
  EXPECT_EQ(x->response.headers.get("Location"), "http://x.test/home");
  rig.send("/a");
  EXPECT_EQ(rig.end->calls, 1);
  EXPECT_EQ(rig.build_error("appRoot", "path: home"), "path should start with /");
}

TEST(UpstreamVhost, HasVariables) {
  Rig rig;
  ASSERT_TRUE(rig.use("upstreamVHost", "{vHost: $service_name.$host, vars: {service_name: shop}}"))
      << rig.why;
  rig.send("/", {"Host: A.test:81"});
  EXPECT_EQ(rig.end->host, "shop.a.test");
  EXPECT_EQ(rig.build_error("upstreamVHost", "{vars: {a: b}}"), "vHost cannot be empty");
}

TEST(RewriteTarget, RewritesOrRedirects) {
  const struct {
    const char *options, *url;
    int status;
    const char* target;  // or Location
  } rows[] = {
      {"{regex: '/app(/|$)(.*)', replacement: /new/$2}", "/app/x?q=1", 200, "/new/x?q=1"},
      {"{regex: '/app(/|$)(.*)', replacement: /new/$2}", "/APP/x", 200, "/new/x"},
      {"{regex: '/app(/|$)(.*)', replacement: /new/$2}", "/other", 200, "/other"},
      {"{regex: /a, replacement: ''}", "/a", 0, "replacement cannot be empty"},
      {"{regex: '/a(.*)', replacement: $1}", "/a", 500, ""},
      {"{regex: '/a(.*)', replacement: /x$1}", "/a//b", 200, "/x/b"},
      {"{replacement: /fixed$1}", "/a", 200, "/fixed"},
      {"{regex: /a, replacement: 'https://b.test/c'}", "/a/long?q=1", 302, "https://b.test/c?q=1"},
      {"{regex: '/a(.*)', replacement: 'https://b.test$1'}", "/a/c", 302, "https://b.test/c"},
      {"{regex: '(', replacement: /}", "/a", 0,
       "compiling regular expression (: error parsing regexp: missing closing ): `(?i)(`"},
  };
  for (const auto& row : rows) {
    Rig rig;
    if (row.status == 0) {
      EXPECT_EQ(rig.build_error("rewriteTarget", row.options), row.target);
      continue;
    }
    ASSERT_TRUE(rig.use("rewriteTarget", row.options)) << rig.why;
    const auto x = rig.send(row.url);
    EXPECT_EQ(x->response.status, row.status) << row.options << row.url;
    if (row.status == 302) EXPECT_EQ(x->response.headers.get("Location"), row.target);
    if (row.status == 200) EXPECT_EQ(rig.end->target, row.target) << row.options;
  }
}

TEST(RewriteTarget, TellsThePrefix) {
  Rig rig;
  ASSERT_TRUE(
      rig.use("rewriteTarget", "{regex: '/app/(.*)', replacement: /$1, xForwardedPrefix: /p/$1}"));
  rig.send("/app/x");
  EXPECT_EQ(rig.end->headers.get("X-Forwarded-Prefix"), "/p/x");
}

TEST(Snippet, SaysWhatItCannotDo) {
  Rig rig;
  EXPECT_EQ(rig.build_error("snippet", "{configurationSnippet: 'deny all;'}"),
            "snippets of NGINX configuration are not acted on");
  EXPECT_EQ(rig.build_error("snippet", "{auth: {method: GET}}"),
            "address is required in auth configuration");
}

TEST(PassCertificate, WithoutACertificateNothingIsBelieved) {
  Rig rig;
  ASSERT_TRUE(rig.use("authTLSPassCertificateToUpstream", "{clientAuthType: ''}")) << rig.why;
  rig.send("/", {"Ssl-Client-Cert: forged", "Ssl-Client-Verify: SUCCESS"});
  EXPECT_EQ(rig.end->headers.get("Ssl-Client-Verify"), "NONE");
  EXPECT_FALSE(rig.end->headers.has("Ssl-Client-Cert"));
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
