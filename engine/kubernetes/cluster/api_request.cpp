#include "engine/kubernetes/cluster/api_request.h"

#include "engine/http/url.h"

namespace gateproof::kubernetes::cluster {

Query::Query(std::string_view text) {
  for (auto& [name, value] : http::parse_query(text)) {
    all_.try_emplace(std::move(name), std::move(value));
  }
}

std::string_view Query::get(std::string_view name) const {
  const auto found = all_.find(name);
  return found == all_.end() ? std::string_view() : std::string_view(found->second);
}

bool Query::flag(std::string_view name) const {
  const std::string_view value = get(name);
  return has(name) && value != "0" && !text::iequals(value, "false");
}

namespace {

std::string_view unquoted(std::string_view s) {
  s = text::trim(s);
  if (s.size() >= 2 && s.front() == '"' && s.back() == '"') s = s.substr(1, s.size() - 2);
  return s;
}

// One clause of Accept; nullopt: it cannot be honoured.
std::optional<Form> form_of(std::string_view clause) {
  const std::vector<std::string_view> parts = text::split(clause, ';');
  const std::string type = text::to_lower(text::trim(parts.front()));
  Form form;
  if (type == "application/yaml") {
    form.yaml = true;
  } else if (type != "application/json" && type != "application/vnd.kubernetes.protobuf" &&
             type != "*/*" && type != "application/*") {
    return std::nullopt;
  }
  std::string as;
  for (size_t i = 1; i < parts.size(); ++i) {
    const size_t equals = parts[i].find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = text::trim(parts[i].substr(0, equals));
    const std::string_view value = unquoted(parts[i].substr(equals + 1));
    if (key == "as") as = value;
    if (key == "v") form.version = value;
  }
  if (as == "Table") form.kind = Form::table;
  if (as == "PartialObjectMetadata" || as == "PartialObjectMetadataList") {
    form.kind = Form::metadata;
  }
  if (as == "APIGroupDiscoveryList") form.kind = Form::discovery;
  if (!as.empty() && form.kind == Form::object) return std::nullopt;
  if (form.kind == Form::discovery && form.version != "v2" && form.version != "v2beta1") {
    return std::nullopt;
  }
  return form;
}

}  // namespace

std::optional<Form> negotiate(std::string_view accept) {
  if (text::trim(accept).empty()) return Form{};
  size_t clauses = 0;
  for (const std::string_view clause : text::split(accept, ',')) {
    if (++clauses > accept_clauses_max) break;
    if (const std::optional<Form> form = form_of(clause)) return form;
  }
  return std::nullopt;
}

std::optional<ResourcePath> parse_resource_path(std::string_view path) {
  std::vector<std::string_view> parts;
  for (const std::string_view p : text::split(path, '/')) {
    if (!p.empty()) parts.push_back(p);
  }
  ResourcePath out;
  size_t at = 0;
  if (parts.size() >= 3 && parts[0] == "api") {
    out.version = parts[1];
    at = 2;
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    out.group = parts[1];
    out.version = parts[2];
    at = 3;
  } else {
    return std::nullopt;
  }
  if (parts[at] == "watch" && parts.size() > at + 1) {
    out.watch = true;
    ++at;
  }
  const auto part = [&](size_t i) {
    return i < parts.size() ? std::string(parts[i]) : std::string();
  };
  if (parts[at] == "namespaces" && parts.size() > at + 2 && parts[at + 2] != "status" &&
      parts[at + 2] != "finalize") {
    out.ns = part(at + 1);
    at += 2;
  }
  out.plural = part(at);
  out.name = part(at + 1);
  out.sub = part(at + 2);
  for (size_t i = at + 3; i < parts.size(); ++i) {
    if (!out.rest.empty()) out.rest += '/';
    out.rest += parts[i];
  }
  return out;
}

}  // namespace gateproof::kubernetes::cluster
