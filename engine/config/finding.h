// Finding: something wrong in a configuration. Codes are stable; the table of all codes is docs/findings.md, made from
// finding_codes().
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace gateproof::config {

enum class Severity : uint8_t { error, warning, note };
std::string_view to_string(Severity s);

struct Finding {
  std::string code;  // "GP0101"
  Severity severity = Severity::error;
  SourceSpan span;
  std::string
      object;  // "router my-app@file", "Secret default/dashboard-auth-secret", "" for a whole file
  std::string message;  // what is wrong, what happens because of it
  std::string remedy;   // what to write instead
};

struct FindingCode {
  std::string_view code;
  Severity severity;
  std::string_view title;
};
// All codes, sorted. GP00xx text and files, GP01xx schema, GP02xx static, GP03xx routers and rules, GP04xx middlewares,
// GP05xx services, GP06xx TLS and resolvers, GP07xx Kubernetes objects, GP08xx Gateway API, GP09xx Helm values,
// GP10xx advice (security, order, dead configuration), GP11xx not acted on yet, GP12xx labels, containers and key/value pairs.
std::span<const FindingCode> finding_codes();

// The row of a code; null when there is none.
const FindingCode* find_code(std::string_view code);

class Findings {
 public:
  // The severity is the code's.
  void add(std::string_view code, SourceSpan span, std::string object, std::string message,
           std::string remedy);
  void add(Finding f) { list_.push_back(std::move(f)); }
  void append(const Findings& other);
  // Begins the remedy of each finding from number `from` on with the option's name, unless message or remedy has it already.
  // Each finding is named once: by the innermost option that asks.
  void name_option(size_t from, std::string_view option);
  const std::vector<Finding>& list() const { return list_; }
  bool has_errors() const;
  // By file, line, column, code; equal findings once.
  void sort();

 private:
  std::vector<Finding> list_;
  size_t named_ = 0;
};

// The finding for an Error of reading or parsing a text: GP0001 unreadable, GP0002 malformed, GP0003 a limit.
Finding finding_from(const Error& e);

}  // namespace gateproof::config
