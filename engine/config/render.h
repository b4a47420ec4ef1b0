// Findings as text for people, as JSON for programs, as SARIF 2.1.0 for code hosts. Call Findings::sort() before.
#pragma once
#include <functional>
#include <optional>

#include "engine/config/finding.h"

namespace gateproof::config {

// A line of a file (from 1), without its end; nullopt when it cannot be had.
using SourceLines = std::function<std::optional<std::string>(std::string_view file, uint32_t line)>;

// For each finding:
//   routes.yml:14:17: error GP0301: unknown matcher `Pathprefix`
//      14 |       rule: "Pathprefix(`/shop`)"
//         |              ^~~~~~~~~~
//      help: did you mean `PathPrefix`?
// The object stands in front of the message where there is one. Control characters of the source are shown as '?'.
std::string render_text(const Findings& findings, const SourceLines& lines);

// {"findings":[{"code","severity","file","line","column","object","message","remedy"}]}; line and column 0 when unknown.
std::string render_json(const Findings& findings);

// One run of the driver "gateproof", with a rule for each code that occurs.
std::string render_sarif(const Findings& findings, std::string_view version);

}  // namespace gateproof::config
