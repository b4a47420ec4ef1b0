// Gateway API objects as the source of a world's configuration.
#pragma once
#include "engine/kubernetes/gateway/certificates.h"
#include "engine/kubernetes/gateway/model.h"

#include "bindings/cpp/bindings.h"
#include "bindings/cpp/request_url.h"

namespace gateproof::bindings {

class GatewaySource {
 public:
  // The objects of the documents, instead of those of the last call: resolved, served by the engine, and what a controller would
  // write, as (kind, namespace, name, generation, status as JSON). Raises ValueError for a text that cannot be read.
  py::list load(pipeline::Engine& engine, const std::string& text,
                const kubernetes::gateway::Options& options);
  // The entry points that the objects of the last call brought; those for UDP are none.
  const std::vector<Door>& doors() const { return doors_; }

 private:
  std::vector<Door> doors_;
  kubernetes::gateway::CertificateCache certificates_;
};

// version, controller, usable: see kubernetes::gateway::Options.
kubernetes::gateway::Options gateway_options(const std::string& version,
                                             const std::string& controller,
                                             const std::vector<std::string>& usable);

}  // namespace gateproof::bindings
