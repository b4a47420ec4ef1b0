#include "engine/middleware/headers_options.h"

#include <gtest/gtest.h>

namespace gateproof::middleware {
namespace {

// "custom cors security", what of it the options have.
std::string parts(const HeadersOptions& o) {
  std::string out;
  if (o.has_custom()) out += "custom ";
  if (o.has_cors()) out += "cors ";
  if (o.has_security()) out += "security ";
  return out;
}

template <class T>
std::string with(T HeadersOptions::*member, T value) {
  HeadersOptions o;
  o.*member = value;
  return parts(o);
}

// Catalogue 3.3: which options make a part of the middleware; a number counts when it is written, even 0.
TEST(HeadersOptions, WhatCounts) {
  using O = HeadersOptions;
  using Numbers = std::optional<int64_t>;
  using List = std::vector<std::string>;
  EXPECT_EQ(parts({}), "");
  EXPECT_EQ(with(&O::custom_request_headers, O::Map{{"a", ""}}), "custom ");
  EXPECT_EQ(with(&O::custom_response_headers, O::Map{{"a", "b"}}), "custom ");
  EXPECT_EQ(with(&O::max_age, Numbers(0)), "cors ");
  EXPECT_EQ(with(&O::max_age, Numbers(-1)), "cors ");
  EXPECT_EQ(with(&O::allow_credentials, true), "cors ");
  EXPECT_EQ(with(&O::add_vary_header, true), "cors ");
  for (auto member : {&O::allow_headers, &O::allow_methods, &O::allow_origin_list,
                      &O::allow_origin_list_regex, &O::expose_headers})
    EXPECT_EQ(with(member, List{""}), "cors ");
  EXPECT_EQ(with(&O::sts_seconds, Numbers(0)), "security ");
  EXPECT_EQ(with(&O::allowed_hosts, List{""}), "security ");
  for (auto member : {&O::is_development, &O::sts_preload, &O::frame_deny, &O::force_sts_header,
                      &O::ssl_redirect, &O::ssl_temporary_redirect, &O::ssl_force_host})
    EXPECT_EQ(with(member, true), "security ");
  for (auto member : {&O::ssl_host, &O::feature_policy, &O::public_key, &O::referrer_policy})
    EXPECT_EQ(with(member, std::string("x")), "security ");
}

TEST(HeadersOptions, DeprecatedSayWhatToUse) {
  size_t deprecated = 0;
  for (const auto& field : headers_schema().fields) {
    deprecated += field.deprecated ? 1 : 0;
  }
  EXPECT_EQ(deprecated, 5u);
}

}  // namespace
}  // namespace gateproof::middleware
