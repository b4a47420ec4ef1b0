// How many entries lists of objects may have.
#include <gtest/gtest.h>

#include "engine/kubernetes/testing_types.h"

namespace gateproof::kubernetes {
namespace {

using testing::Translated;

// "[x, x, x]".
std::string times(size_t count, const std::string& entry) {
  std::string out = "[";
  for (size_t i = 0; i < count; ++i) out += (i ? ", " : "") + entry;
  return out + "]";
}

std::string gateway_object(const std::string& kind, const std::string& spec) {
  return "apiVersion: gateway.networking.k8s.io/v1\nkind: " + kind +
         "\nmetadata: {name: a}\nspec: " + spec + "\n";
}

// What manifests bring goes past no API server: lists have the limits of the CRDs here.
TEST(Limits, ListsOfGatewayObjects) {
  const struct {
    const char* kind;
    std::string (*spec)(size_t count);
    size_t most;
  } rows[] = {
      {"Gateway",
       [](size_t n) {
         return "{gatewayClassName: t, listeners: " +
                times(n, "{name: l, port: 80, protocol: HTTP}") + "}";
       },
       64},
      {"HTTPRoute", [](size_t n) { return "{hostnames: " + times(n, "a.test") + "}"; }, 16},
      {"HTTPRoute", [](size_t n) { return "{parentRefs: " + times(n, "{name: g}") + "}"; }, 32},
      {"HTTPRoute", [](size_t n) { return "{rules: " + times(n, "{}") + "}"; }, 16},
      {"HTTPRoute", [](size_t n) { return "{rules: [{matches: " + times(n, "{}") + "}]}"; }, 64},
      {"HTTPRoute",
       [](size_t n) { return "{rules: [{filters: " + times(n, "{type: CORS}") + "}]}"; }, 16},
      {"HTTPRoute",
       [](size_t n) { return "{rules: [{backendRefs: " + times(n, "{name: a}") + "}]}"; }, 16},
      {"HTTPRoute",
       [](size_t n) {
         return "{rules: [{matches: [{headers: " + times(n, "{name: a, value: b}") + "}]}]}";
       },
       16},
      {"GRPCRoute", [](size_t n) { return "{rules: [{matches: " + times(n, "{}") + "}]}"; }, 64},
      {"GRPCRoute", [](size_t n) { return "{hostnames: " + times(n, "a.test") + "}"; }, 16},
      {"HTTPRoute",
       [](size_t n) {
         return "{rules: [{matches: " + times(n / 2, "{}") +
                "}, {matches: " + times(n - n / 2 - 10, "{}") + "}, {matches: " + times(10, "{}") +
                "}]}";
       },
       128},
  };
  for (const auto& row : rows) {
    for (const size_t over : {size_t(0), size_t(1)}) {
      const std::string yaml = gateway_object(row.kind, row.spec(row.most + over));
      SCOPED_TRACE(yaml);
      const Translated t(yaml);
      EXPECT_EQ(t.store.list(gateway_group, row.kind).size(), 1 - over);
      const auto& found = t.findings.list();
      const auto refused = std::find_if(found.begin(), found.end(),
                                        [](const auto& f) { return f.code == "GP0706"; });
      EXPECT_EQ(refused != found.end(), over == 1);
    }
  }
}

// An API server has its own CRDs.
TEST(Limits, WhatAnApiServerHasTakenIsTaken) {
  ObjectStore store;
  config::Findings findings;
  auto parsed = config::parse_document(
      gateway_object("HTTPRoute", "{hostnames: " + times(17, "a.test") + "}"), "m.yaml",
      config::Format::yaml);
  store.put(std::make_shared<const config::Document>(std::move(*parsed)), findings);
  EXPECT_EQ(store.list(gateway_group, "HTTPRoute").size(), 1u);
}

}  // namespace
}  // namespace gateproof::kubernetes
