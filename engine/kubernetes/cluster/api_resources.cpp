#include "engine/kubernetes/cluster/api_resources.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/kubernetes/cluster/request_body.h"
#include "engine/kubernetes/cluster/unknown_fields.h"

namespace gateproof::kubernetes::cluster {

void set_json(http::Response& response, int status, std::string text, bool yaml) {
  response.status = status;
  response.headers.set("Content-Type", yaml ? "application/yaml" : "application/json");
  response.body = http::Body::text(std::move(text));
}

void set_status(http::Response& response, const Status& status) {
  if (status.retry_after_seconds > 0) {
    response.headers.set("Retry-After", std::to_string(status.retry_after_seconds));
  }
  set_json(response, status.code, to_text(status.to_json()));
}

namespace {

Status not_allowed() {
  return refusal(405, "MethodNotAllowed",
                 "the server does not allow this method on the requested resource");
}

// A quoted-string of RFC 9110.
std::string quoted(std::string_view s) {
  std::string out = "\"";
  for (const char c : s) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return out + '"';
}

void add_warnings(http::Response& response, const std::vector<std::string>& warnings) {
  constexpr size_t bytes_max = 4096;  // of all warnings, as the real server has it
  size_t bytes = 0;
  for (const std::string& w : warnings) {
    bytes += w.size();
    if (bytes > bytes_max) return;
    response.headers.add("Warning", "299 - " + quoted(w));
  }
}

// nullopt: `out` says whether only a trial is wanted.
std::optional<Status> read_dry_run(const Query& query, bool& out) {
  const std::string_view value = query.get("dryRun");
  out = value == "All";
  if (out || value.empty()) return std::nullopt;
  return bad_request("dryRun: Unsupported value: " + quoted(value) + ": supported values: \"All\"");
}

Reply<WriteOptions> write_options_of(const ApiCall& call) {
  WriteOptions out;
  if (const std::optional<Status> refused = read_dry_run(call.query, out.dry_run)) return *refused;
  out.field_manager = call.query.get("fieldManager");
  if (out.field_manager.empty()) {
    out.field_manager = call.user_agent.substr(0, call.user_agent.find('/'));
  }
  out.force = call.query.flag("force");
  const std::string_view validation = call.query.get("fieldValidation");
  if (validation == "Strict") {
    out.field_validation = WriteOptions::strict;
  } else if (validation == "Ignore") {
    out.field_validation = WriteOptions::ignore;
  } else if (!validation.empty() && validation != "Warn") {
    return bad_request("fieldValidation: Unsupported value: " + quoted(validation) +
                       ": supported values: \"Ignore\", \"Strict\", \"Warn\"");
  }
  return out;
}

Reply<DeleteOptions> delete_options_of(const ApiCall& call) {
  Json options = Json::object();
  if (!text::trim(call.body).empty()) {
    Reply<Json> body = decode_body(call.content_type, call.body);
    if (!body) return body.error();
    options = std::move(*body);
  }
  for (const std::string_view name : {"propagationPolicy", "gracePeriodSeconds"}) {
    const std::string_view value = call.query.get(name);
    if (value.empty()) continue;
    const auto number = text::parse_int(value);
    options.set(name, number ? Json(*number) : Json(value));
  }
  if (call.query.has("orphanDependents")) {
    options.set("orphanDependents", Json(call.query.flag("orphanDependents")));
  }
  if (!call.query.get("dryRun").empty()) {
    options.set("dryRun", json_array({Json(call.query.get("dryRun"))}));
  }
  return DeleteOptions::from_json(options);
}

std::optional<Patch> patch_kind(std::string_view content_type) {
  const std::string type =
      text::to_lower(text::trim(content_type.substr(0, content_type.find(';'))));
  if (type == "application/merge-patch+json") return Patch::merge;
  if (type == "application/json-patch+json") return Patch::json;
  if (type == "application/strategic-merge-patch+json") return Patch::strategic;
  if (type == "application/apply-patch+yaml") return Patch::apply;
  return std::nullopt;
}

// Answers about one target.
class Answer {
 public:
  Answer(Store& store, const ApiCall& call, Target at, http::Response& response)
      : store_(store), call_(call), at_(std::move(at)), response_(response) {}

  void run() {
    if (call_.method == "GET" || call_.method == "HEAD") return get();
    if (call_.method == "POST") return post();
    if (at_.name.empty()) {
      return call_.method == "DELETE" ? remove_all() : set_status(response_, not_allowed());
    }
    if (call_.method == "PUT") return put();
    if (call_.method == "PATCH") return patch();
    if (call_.method == "DELETE" && at_.sub == Sub::none) return remove();
    set_status(response_, not_allowed());
  }

 private:
  void give(int status, const StoredObject& object) {
    set_json(response_, status, object_text(object, shape_of(call_, at_)), call_.form.yaml);
  }

  void get() {
    if (at_.name.empty()) return list();
    if (at_.sub == Sub::scale) {
      const Reply<Json> scale = store_.get_scale(at_);
      if (!scale) return set_status(response_, scale.error());
      return set_json(response_, 200, to_text(*scale), call_.form.yaml);
    }
    const Reply<ObjectPtr> found = store_.get(at_);
    if (!found) return set_status(response_, found.error());
    give(200, **found);
  }

  void list() {
    const Reply<Listed> found = store_.list(at_.type, at_.version, at_.ns, list_options_of(call_));
    if (!found) return set_status(response_, found.error());
    set_json(response_, 200, list_text(*found, shape_of(call_, at_)), call_.form.yaml);
  }

  void written(const Reply<Written>& result) {
    if (!result) return set_status(response_, result.error());
    add_warnings(response_, result->warnings);
    if (at_.sub == Sub::scale) {
      const Reply<Json> scale = store_.get_scale(at_);
      if (!scale) return set_status(response_, scale.error());
      return set_json(response_, 200, to_text(*scale));
    }
    give(result->created ? 201 : 200, *result->object);
  }

  // The body of a write and its options; nullopt: answered.
  std::optional<std::pair<Json, WriteOptions>> read() {
    Reply<Json> body = decode_body(call_.content_type, call_.body);
    if (!body) return set_status(response_, body.error()), std::nullopt;
    Reply<WriteOptions> options = write_options_of(call_);
    if (!options) return set_status(response_, options.error()), std::nullopt;
    if (const std::optional<Status> refused = look_for_unknown(*body, options->field_validation)) {
      return set_status(response_, *refused), std::nullopt;
    }
    return std::pair(std::move(*body), std::move(*options));
  }

  // Of built-in kinds; those of custom ones are the store's to find, by their schemas.
  std::optional<Status> look_for_unknown(Json& body, WriteOptions::Validation validation) {
    if (at_.type->custom || at_.sub == Sub::scale || !body.is_object()) return std::nullopt;
    const WireMessage* message =
        wire_message(wire_name(at_.type->group, at_.version, at_.type->kind));
    if (!message) return std::nullopt;
    std::vector<std::string> unknown;
    drop_unknown_fields(body, *message, "", unknown);
    if (unknown.empty() || validation == WriteOptions::ignore) return std::nullopt;
    std::vector<std::string> told;
    for (const std::string& path : unknown) told.push_back("unknown field " + quoted(path));
    if (validation == WriteOptions::strict) {
      return bad_request(at_.type->kind + " in version \"" + at_.version +
                         "\" cannot be handled as a " + at_.type->kind +
                         ": strict decoding error: " + text::join(told, ", "));
    }
    add_warnings(response_, told);
    return std::nullopt;
  }

  void post() {
    if (!at_.name.empty()) return set_status(response_, not_allowed());
    if (at_.type->namespaced && at_.ns.empty()) return set_status(response_, not_allowed());
    auto input = read();
    if (input) written(store_.create(at_, std::move(input->first), input->second));
  }

  void put() {
    auto input = read();
    if (input) written(store_.update(at_, std::move(input->first), input->second));
  }

  void patch() {
    const std::optional<Patch> kind = patch_kind(call_.content_type);
    if (!kind) {
      return set_status(
          response_,
          unsupported_media("the body of the request was in an unknown format - accepted media "
                            "types include: application/json-patch+json, "
                            "application/merge-patch+json, "
                            "application/strategic-merge-patch+json, "
                            "application/apply-patch+yaml"));
    }
    if (*kind == Patch::apply && call_.query.get("fieldManager").empty()) {
      Status s = bad_request(
          "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required "
          "value: is required for apply patch");
      s.code = 422;
      s.reason = "Invalid";
      return set_status(response_, s);
    }
    auto input = read();
    if (input) written(store_.patch(at_, *kind, input->first, input->second));
  }

  void remove() {
    const Reply<DeleteOptions> options = delete_options_of(call_);
    if (!options) return set_status(response_, options.error());
    const Reply<Removed> removed = store_.remove(at_, *options);
    if (!removed) return set_status(response_, removed.error());
    // A pod is answered itself, as everywhere; other kinds with a Status once they are gone.
    if (!removed->gone || at_.type->qualified() == "pods") return give(200, *removed->object);
    set_json(response_, 200,
             to_text(success_status(*at_.type, removed->object->name, removed->object->uid)));
  }

  void remove_all() {
    const Reply<DeleteOptions> options = delete_options_of(call_);
    if (!options) return set_status(response_, options.error());
    const Reply<Listed> removed =
        store_.remove_all(at_.type, at_.version, at_.ns, list_options_of(call_), *options);
    if (!removed) return set_status(response_, removed.error());
    set_json(response_, 200, list_text(*removed, shape_of(call_, at_)), call_.form.yaml);
  }

  Store& store_;
  const ApiCall& call_;
  Target at_;
  http::Response& response_;
};

std::optional<Sub> subresource(const ResourceType& type, std::string_view version,
                               std::string_view sub) {
  const ResourceVersionInfo* info = type.version(version);
  if (sub.empty()) return Sub::none;
  if (sub == "status" && info->status) return Sub::status;
  if (sub == "scale" && info->scale) return Sub::scale;
  if (sub == "finalize" && std::ranges::find(type.subresources, sub) != type.subresources.end()) {
    return Sub::finalize;
  }
  return std::nullopt;
}

// POST .../pods/{name}/eviction: the pod goes, if its budget is not looked at.
void evict(Store& store, const ApiCall& call, const Target& at, http::Response& response) {
  Reply<Json> body = decode_body(call.content_type, call.body);
  if (!body) return set_status(response, body.error());
  const Reply<DeleteOptions> options = DeleteOptions::from_json((*body)["deleteOptions"]);
  if (!options) return set_status(response, options.error());
  const Reply<Removed> removed = store.remove(at, *options);
  if (!removed) return set_status(response, removed.error());
  Json success = success_status(*at.type, at.name, removed->object->uid);
  set_json(response, 201, to_text(success));
}

}  // namespace

Reply<Target> target_of(const Registry& registry, const ResourcePath& path) {
  Target at;
  at.type = registry.find(path.group, path.version, path.plural);
  if (!at.type || !path.rest.empty()) return no_such_resource();
  if (!at.type->namespaced && !path.ns.empty()) return no_such_resource();
  if (at.type->namespaced && path.ns.empty() && !path.name.empty()) return no_such_resource();
  at.version = path.version;
  at.ns = path.ns;
  at.name = path.name;
  return at;
}

Shape shape_of(const ApiCall& call, const Target& target) {
  Shape shape;
  shape.type = target.type;
  shape.version = target.version;
  shape.form = call.form;
  shape.wall_ns = call.wall_ns;
  const std::string_view include = call.query.get("includeObject");
  if (include == "Object") shape.include = Include::object;
  if (include == "None") shape.include = Include::none;
  return shape;
}

ListOptions list_options_of(const ApiCall& call) {
  ListOptions out;
  out.label_selector = call.query.get("labelSelector");
  out.field_selector = call.query.get("fieldSelector");
  out.limit = text::parse_int(call.query.get("limit")).value_or(0);
  out.continue_token = call.query.get("continue");
  out.resource_version = call.query.get("resourceVersion");
  out.resource_version_match = call.query.get("resourceVersionMatch");
  return out;
}

void answer_resource(Store& store, const ApiCall& call, http::Response& response) {
  Reply<Target> at = target_of(store.registry(), call.path);
  if (!at) return set_status(response, at.error());
  if (call.path.sub == "eviction" && call.method == "POST" && at->type->qualified() == "pods") {
    return evict(store, call, *at, response);
  }
  const std::optional<Sub> sub = subresource(*at->type, at->version, call.path.sub);
  if (!sub) return set_status(response, no_such_resource());
  at->sub = *sub;
  Answer(store, call, std::move(*at), response).run();
}

}  // namespace gateproof::kubernetes::cluster
