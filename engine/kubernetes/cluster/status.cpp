#include "engine/kubernetes/cluster/status.h"

#include "engine/kubernetes/cluster/resources.h"

namespace gateproof::kubernetes::cluster {

namespace {

Status about(int code, const char* reason, const ResourceType& type, std::string_view name,
             std::string message) {
  Status s = refusal(code, reason, std::move(message));
  s.group = type.group;
  s.kind = type.plural;
  s.name = name;
  return s;
}

std::string named(const ResourceType& type, std::string_view name) {
  return type.qualified() + " \"" + std::string(name) + "\"";
}

}  // namespace

void throw_exception_from_error(const Status& status, const boost::source_location&) {
  throw_error(Error(Code::invalid, status.message));
}

Json Status::to_json() const {
  Json out = json_object({{"kind", Json("Status")},
                          {"apiVersion", Json("v1")},
                          {"metadata", Json::object()},
                          {"status", Json("Failure")},
                          {"message", Json(message)},
                          {"reason", Json(reason)},
                          {"code", Json(code)}});
  Json details;
  for (const auto& [key, value] : {std::pair<const char*, const std::string&>{"name", name},
                                   {"group", group},
                                   {"kind", kind},
                                   {"uid", uid}}) {
    if (!value.empty()) details.set(key, Json(value));
  }
  if (retry_after_seconds) details.set("retryAfterSeconds", Json(retry_after_seconds));
  for (const Cause& c : causes) {
    Json cause = json_object({{"reason", Json(c.reason)}, {"message", Json(c.message)}});
    if (!c.field.empty()) cause.set("field", Json(c.field));
    details.member("causes").push(std::move(cause));
  }
  if (!details.is_null()) out.set("details", std::move(details));
  return out;
}

Status refusal(int code, std::string_view reason, std::string message) {
  Status s;
  s.code = code;
  s.reason = reason;
  s.message = std::move(message);
  return s;
}

Status no_such_resource() {
  return refusal(404, "NotFound", "the server could not find the requested resource");
}

Status not_found(const ResourceType& type, std::string_view name) {
  return about(404, "NotFound", type, name, named(type, name) + " not found");
}

Status already_exists(const ResourceType& type, std::string_view name) {
  return about(409, "AlreadyExists", type, name, named(type, name) + " already exists");
}

Status conflict(const ResourceType& type, std::string_view name, std::string_view why) {
  return about(409, "Conflict", type, name,
               "Operation cannot be fulfilled on " + named(type, name) + ": " + std::string(why));
}

Status forbidden(const ResourceType& type, std::string_view name, std::string_view why) {
  return about(403, "Forbidden", type, name,
               named(type, name) + " is forbidden: " + std::string(why));
}

Status invalid(const ResourceType& type, std::string_view name, std::vector<Cause> causes) {
  std::string text;
  for (const Cause& c : causes) {
    if (!text.empty()) text += ", ";
    text += c.field.empty() ? c.message : c.field + ": " + c.message;
  }
  if (causes.size() > 1) text = "[" + text + "]";
  const std::string kind = type.group.empty() ? type.kind : type.kind + "." + type.group;
  Status s = about(422, "Invalid", type, name,
                   kind + " \"" + std::string(name) + "\" is invalid: " + text);
  s.kind = type.kind;
  s.causes = std::move(causes);
  return s;
}

Status bad_request(std::string message) { return refusal(400, "BadRequest", std::move(message)); }
Status expired(std::string message) { return refusal(410, "Expired", std::move(message)); }
Status too_large(std::string message) {
  return refusal(413, "RequestEntityTooLarge", std::move(message));
}
Status unsupported_media(std::string message) {
  return refusal(415, "UnsupportedMediaType", std::move(message));
}
Status internal_error(std::string message) {
  return refusal(500, "InternalError", "Internal error occurred: " + std::move(message));
}

Json success_status(const ResourceType& type, std::string_view name, std::string_view uid) {
  Json details = json_object({{"name", Json(name)}, {"kind", Json(type.plural)}});
  if (!type.group.empty()) details.set("group", Json(type.group));
  if (!uid.empty()) details.set("uid", Json(uid));
  return json_object({{"kind", Json("Status")},
                      {"apiVersion", Json("v1")},
                      {"metadata", Json::object()},
                      {"status", Json("Success")},
                      {"details", std::move(details)}});
}

}  // namespace gateproof::kubernetes::cluster
