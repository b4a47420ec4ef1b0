// Candidates: every router that might have taken a request, and why it did not. Made of the tables that route.
#pragma once
#include "engine/pipeline/snapshot.h"

namespace gateproof::pipeline {

struct Candidate {
  enum class Kind : uint8_t {
    no_match,  // a matcher failed
    beaten,    // it matched; the winner comes first
    aside,  // not in this table: disabled, for TLS only, for plain only, or on other entry points
  };
  std::string router;
  Kind kind = Kind::no_match;
  std::string why;  // one line
  SourceSpan span;  // the matcher that failed, or the rule
  int64_t priority = 0;
  bool matches = false;  // its rule matches this request
  bool would_win =
      false;  // aside, matches, and comes before the winner: mended, it would take the request
};

// All routers but the winner, those of this table in order of evaluation, then those aside by name.
std::vector<Candidate> candidates(const Snapshot& snapshot, std::string_view entry_point, bool tls,
                                  const rules::RequestFacts& facts,
                                  const rules::RoutingTable& table, const rules::Route* winner);

}  // namespace gateproof::pipeline
