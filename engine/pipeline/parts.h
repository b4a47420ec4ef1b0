// What building a snapshot leaves behind for the next one: of each router and service what it looked at, what was found, and
// what it became.
#pragma once
#include <map>
#include <set>

#include "engine/base/shared_map.h"
#include "engine/config/finding.h"
#include "engine/http/handler.h"
#include "engine/upstream/status_board.h"

namespace gateproof::pipeline {

// A router or a service of the configuration, or a middleware that nobody uses.
struct Unit {
  std::vector<std::string>
      asked;  // keys of objects that it looked for, whether or not they are there
  std::vector<std::string> names;            // router: those of its copies in the snapshot
  std::shared_ptr<http::Handler> handler;    // service; null: disabled
  upstream::StatusSource* source = nullptr;  // service: of its handler
};

struct Parts {
  SharedMap<Unit> units;              // by key: "r NAME", "s NAME", "m NAME"
  SharedMap<char> users;              // "KEY\nKEY": the first was asked for by the second
  SharedMap<config::Findings> told;   // by key, where there is anything to tell
  config::Findings common;            // of nobody in particular
  std::vector<std::string> defaults;  // entry points of routers that name none
  bool whole = false;                 // nothing but a whole build may follow
};

// Keys of objects, of what middlewares' options name, and of whatever nobody in particular asks for.
inline std::string router_key(std::string_view name) { return "r " + std::string(name); }
inline std::string service_key(std::string_view name) { return "s " + std::string(name); }
inline std::string middleware_key(std::string_view name) { return "m " + std::string(name); }
inline std::string transport_key(std::string_view name) { return "t " + std::string(name); }
inline std::string options_key(std::string_view middleware) {
  return "o " + std::string(middleware);
}
inline constexpr std::string_view common_key = "c ";

// Counts for tests and logs: what is not among them was taken over.
struct Work {
  bool patched = false;
  size_t routers = 0, services = 0, tables = 0;
};

}  // namespace gateproof::pipeline
