// Sample requests made from a rule: what it takes for certain, for asking another rule about them.
#pragma once
#include "engine/rules/matcher.h"

namespace gateproof::check {

struct Sample {
  std::string host, path;
  // The facts point into the sample.
  rules::RequestFacts facts(const http::Headers& none) const;
};

// Requests that the rule matches, at least one for each alternative that its index knows; empty where the rule asks for more
// than host and path (headers, queries, methods other than GET).
std::vector<Sample> samples_of(const rules::Rule& rule);

// Whether the rule matches all samples (and there are some).
bool covers(const rules::Rule& rule, const std::vector<Sample>& samples);

}  // namespace gateproof::check
