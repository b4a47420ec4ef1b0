// What was told of a configuration that changes while it is in use: what is wrong with one object is not told again because
// another one has changed.
#pragma once
#include <set>
#include <string>
#include <tuple>

#include "engine/config/finding.h"

namespace gateproof::config {

class ToldFindings {
 public:
  // Everything that is wrong now; gives what is new in it.
  Findings whole(const Findings& now);
  // What is wrong with some objects (by their names as findings have them); what was told of others stays told.
  Findings part(const Findings& now, const std::set<std::string>& objects);

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // object, code, message
  static Key key_of(const Finding& f) { return {f.object, f.code, f.message}; }
  std::set<Key> told_;
};

}  // namespace gateproof::config
