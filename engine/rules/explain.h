// The reasons of routing, one line each, for people.
#pragma once
#include <string>

#include "engine/rules/table.h"

namespace gateproof::rules {

// "PathPrefix(`/x`) does not match path /api"; for a negated call "!Path(`/x`) does not hold: the path is /x".
std::string explain_failure(const RuleNode& call, const RequestFacts& facts);
// "priority 10 < 43 of shop@file"; on a tie the provider's rank or the name.
std::string explain_defeat(const Route& loser, const Route& winner);

}  // namespace gateproof::rules
