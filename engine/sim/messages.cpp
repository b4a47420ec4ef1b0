#include "engine/sim/messages.h"

namespace gateproof::sim {

std::shared_ptr<const std::vector<std::string>> shared_certificates(const Request& r) {
  if (r.client_certificates.empty()) return nullptr;
  return std::make_shared<const std::vector<std::string>>(r.client_certificates);
}

bool fill_exchange(http::Exchange& x, const Request& r) {
  const Result<http::Target> target = http::parse_target(r.method, r.target);
  if (!target) return false;
  x.request.method = r.method;
  x.request.url.raw = std::string(target->path);
  x.request.asterisk = target->form == http::Target::Form::asterisk;
  x.request.query = std::string(target->query);
  x.request.has_query = target->has_query;
  x.request.host = target->authority.empty() ? r.host : std::string(target->authority);
  x.request.version = r.version;
  for (const auto& [name, value] : r.headers)
    x.request.headers.add(http::canonical_name(name), text::trim(value));
  if (r.chunked) {
    x.request.body = http::Body::untold(r.body);
  } else if (!r.body.empty()) {
    x.request.body = http::Body::text(r.body);
    x.request.headers.add("Content-Length", std::to_string(r.body.size()));
  }
  x.peer = r.peer;
  x.local = {IpAddress::v4(127, 0, 0, 1), static_cast<uint16_t>(r.tls ? 443 : 80)};
  x.tls = r.tls;
  x.client_certificates = shared_certificates(r);
  x.entry_point = r.entry_point;
  return true;
}

FieldList fields_of(const http::Headers& headers) {
  FieldList out;
  out.reserve(headers.size());
  for (const auto& f : headers) out.emplace_back(f.name, text::trim(f.value));
  return out;
}

}  // namespace gateproof::sim
