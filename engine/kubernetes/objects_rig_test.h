// For tests of objects that change one by one: a store, and objects that are put into it.
#pragma once
#include <gtest/gtest.h>

#include "engine/kubernetes/unit_maker.h"

namespace gateproof::kubernetes::testing {

struct Objects {
  // The object of a YAML text; gives its name.
  UnitMaker::Name put(const std::string& text) {
    auto parsed = config::parse_document(text, "put.yaml", config::Format::yaml);
    EXPECT_TRUE(parsed) << text;
    const auto document = std::make_shared<const config::Document>(std::move(*parsed));
    store.put(document, findings);
    const auto [group, version] = split_api_version(document->root.at("apiVersion")->str());
    return {std::string(group), std::string(document->root.at("kind")->str()), "default",
            std::string(document->root.at("metadata.name")->str())};
  }

  ObjectStore store;
  config::KubernetesProviderConfig options;
  config::Findings findings;
};

// An EndpointSlice of one address; `ready` stands in its endpoint as it is.
inline std::string slice(const std::string& name, const std::string& of, const std::string& address,
                         int port, const std::string& ready = "") {
  return "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: " + name +
         ", labels: {kubernetes.io/service-name: " + of +
         "}}\naddressType: IPv4\nports: [{port: " + std::to_string(port) +
         "}]\nendpoints: [{addresses: [" + address + "]" + ready + "}]\n";
}

}  // namespace gateproof::kubernetes::testing
