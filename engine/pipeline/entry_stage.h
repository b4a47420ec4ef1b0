// The entry point's stage: what happens to every request before it is routed (catalogue 1.4, 1.5, 2.2). One canonical form is
// made here, once; routers, middlewares and the upstream writer read only that.
#pragma once
#include "engine/config/static.h"
#include "engine/http/forwarded.h"

namespace gateproof::pipeline {

// How an entry point treats field names that a server might read as another name (catalogue 2.1).
enum class NameStrategy : uint8_t { keep, drop, reject };

struct EntryStage {
  http::ForwardedPolicy forwarded;
  config::EncodedCharacters allowed;  // encoded characters
  bool check_encoded = false;
  bool sanitize = true;
  bool encode_semicolons = false;
  bool append_forwarded_for = true;
  bool raw_target =
      false;  // a Gateway's port: routing reads the path, and nobody changes its bytes
  bool only_websocket = false;  // strict: no other protocol is offered to a server (reliability S2)
  NameStrategy underscores = NameStrategy::keep;  // names with '_'
  NameStrategy aliases =
      NameStrategy::keep;  // names with any character but letters, digits and '-'
};

// Errors: a bad address in trustedIPs.
Result<EntryStage> make_entry_stage(const config::EntryPointConfig& entry_point,
                                    const config::StaticConfig& statics,
                                    const std::string& host_name);

// What `--gateproof.strict` makes the entry point mean otherwise than Traefik does with the same options, in words; empty where
// nothing differs.
std::vector<std::string> strict_differences(const config::EntryPointConfig& entry_point);

// Takes x.request as received (x.request.url.raw: the escaped path of the target, url.path empty) to its canonical form.
// false: it was answered here (400, or 200 to OPTIONS *).
bool apply_entry_stage(http::Exchange& x, const EntryStage& stage);

}  // namespace gateproof::pipeline
