// sessionPersistence of a rule (GEP-1619). 1.6 wrote sessionName, idleTimeout and cookieConfig, 1.7 writes cookie and header;
// an object tells by its members which of the two it means.
#include "engine/config/schema.h"
#include "engine/kubernetes/gateway/config_parts.h"

namespace gateproof::kubernetes::gateway {

namespace {

Duration duration_at(const config::Value* v, std::string_view key) {
  return config::parse_duration(text_at(v, key)).value_or(Duration::zero());
}

}  // namespace

std::optional<config::SessionConfig> read_session(const config::Value* rule) {
  const config::Value* session = member(rule, "sessionPersistence");
  if (!session) return std::nullopt;
  const config::Value* cookie = member(session, "cookie");
  const config::Value* header = member(session, "header");
  config::SessionConfig out;
  out.header = text_at(session, "type") == "Header";
  out.absolute = duration_at(session, "absoluteTimeout");
  out.idle = duration_at(session, "idleTimeout");
  // 1.7: "Session persistence MUST NOT override which backend is selected during traffic splitting". 1.6 lets the session win.
  out.keeps_backend = !cookie && !header;
  out.name = text_at(session, "sessionName");
  if (cookie || header) out.name = text_at(out.header ? header : cookie, "name");
  if (const std::string path = text_at(cookie, "path"); !path.empty()) out.path = path;
  const config::Value* lifetime = cookie ? cookie : member(session, "cookieConfig");
  out.permanent = !out.header && text_at(lifetime, "lifetimeType") == "Permanent";
  return out;
}

}  // namespace gateproof::kubernetes::gateway
