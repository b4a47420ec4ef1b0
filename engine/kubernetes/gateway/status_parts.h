// Statuses for people: what each object, listener, parent and ancestor is told.
#pragma once
#include <string>
#include <vector>

#include "engine/kubernetes/gateway/model.h"

namespace gateproof::kubernetes::gateway {

struct StatusPart {
  std::string object;  // "Gateway infra/web"
  std::string
      part;  // "listener http", "parent Gateway infra/web, listener http"; "" is the whole object
  std::vector<Condition> conditions;
  std::vector<std::string> facts;  // "1 attached route", "takes HTTPRoute, GRPCRoute"
};

// Classes, Gateways, ListenerSets, routes, policies; in each kind the order of the updates.
std::vector<StatusPart> status_parts(const std::vector<StatusUpdate>& updates);

}  // namespace gateproof::kubernetes::gateway
