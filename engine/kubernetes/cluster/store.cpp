// Objects on their shelves, reading them, and telling what happened.
#include "engine/kubernetes/cluster/store.h"

#include <algorithm>

#include "engine/base/crypto.h"
#include "engine/base/text.h"
#include "engine/kubernetes/cluster/keys.h"
#include "engine/kubernetes/cluster/metadata.h"

namespace gateproof::kubernetes::cluster {

namespace {

Status too_new(int64_t asked, uint64_t current) {
  Status s = refusal(504, "Timeout",
                     "Too large resource version: " + std::to_string(asked) +
                         ", current: " + std::to_string(current));
  s.causes.push_back({"ResourceVersionTooLarge", "Too large resource version", ""});
  s.retry_after_seconds = 1;
  return s;
}

Reply<uint64_t> parse_version(std::string_view text) {
  const auto n = text.empty() ? std::optional<int64_t>(0) : text::parse_int(text);
  if (!n || *n < 0)
    return bad_request("Invalid value: " + text::quote(text) + ": resourceVersion is not a number");
  return uint64_t(*n);
}

std::optional<Status> check_version(const ListOptions& o, uint64_t current) {
  const Reply<uint64_t> asked = parse_version(o.resource_version);
  if (!asked) return asked.error();
  if (*asked > current) return too_new(int64_t(*asked), current);
  if (o.resource_version_match == "Exact" && *asked != current)
    return expired("The provided resource version is too old: " + o.resource_version +
                   " (current " + std::to_string(current) + "): only the current state is kept");
  return std::nullopt;
}

struct Continued {
  uint64_t version = 0;
  std::string from;   // key of the first object
  int64_t given = 0;  // on the pages before
};

// {"rv":N,"start":"ns/name","given":N}, base64, as opaque as the real one.
std::string continue_token(const Continued& c) {
  return crypto::base64(to_text(json_object({{"v", Json("meta.k8s.io/v1")},
                                             {"rv", Json(c.version)},
                                             {"start", Json(c.from)},
                                             {"given", Json(c.given)}})));
}

Reply<Continued> parse_continue(const std::string& token) {
  const auto raw = crypto::base64_decode(token);
  const auto json = raw ? parse_json(*raw) : Result<Json>(Error());
  const int64_t version = json ? (*json)["rv"].integer(-1) : -1;
  if (version < 0 || !(*json)["start"].is_string())
    return bad_request("continue key is not valid: " + text::quote(token.substr(0, 100)));
  return Continued{uint64_t(version), std::string((*json)["start"].str()),
                   std::clamp<int64_t>((*json)["given"].integer(), 0, int64_t(1) << 40)};
}

}  // namespace

Store::Store(const Clock& clock, Random& random, StoreOptions options)
    : clock_(clock),
      uids_(random.stream("kubernetes.uid")),
      options_(std::move(options)),
      cluster_ips_(options_.service_network) {
  const TypePtr type = registry_.find_kind("", "Namespace");
  WriteOptions by_server;
  by_server.field_manager = "kube-apiserver";
  for (const std::string& name : options_.namespaces) {
    Json body = json_object({{"metadata", json_object({{"name", Json(name)}})}});
    (void)create({type, "v1", "", ""}, std::move(body), by_server);
  }
}

std::string Store::new_uid() const {
  std::string raw;
  for (int i = 0; i < 2; ++i) {
    const uint64_t n = uids_.next();
    for (int shift = 56; shift >= 0; shift -= 8) raw += char(n >> shift);
  }
  raw[6] = char((raw[6] & 0x0f) | 0x40);
  raw[8] = char((raw[8] & 0x3f) | 0x80);
  std::string hex = crypto::hex(raw);
  for (const size_t at : {20u, 16u, 12u, 8u}) hex.insert(at, "-");
  return hex;
}

Store::Shelf& Store::shelf(const ResourceType& type) { return shelves_[{type.group, type.plural}]; }

const Store::Shelf* Store::shelf_if(const ResourceType& type) const {
  const auto found = shelves_.find(std::pair(type.group, type.plural));
  return found == shelves_.end() ? nullptr : &found->second;
}

std::optional<Status> Store::check_target(const Target& at) const {
  const ResourceVersionInfo* info = at.type ? at.type->version(at.version) : nullptr;
  const bool fine = info && info->served && (at.sub != Sub::status || info->status) &&
                    (at.sub != Sub::scale || info->scale);
  if (fine) return std::nullopt;
  return no_such_resource();
}

ObjectPtr Store::find(const ResourceType& type, std::string_view ns, std::string_view name) const {
  const Shelf* s = shelf_if(type);
  if (!s) return nullptr;
  const auto found = s->objects.find(object_key(ns, name));
  return found == s->objects.end() ? nullptr : found->second;
}

ObjectPtr Store::current(const ObjectPtr& object) const {
  ObjectPtr now = find(*object->type, object->ns, object->name);
  return now && now->uid == object->uid ? now : object;
}

std::vector<ObjectPtr> Store::all(const ResourceType& type, std::string_view ns) const {
  std::vector<ObjectPtr> out;
  const Shelf* s = shelf_if(type);
  if (!s) return out;
  const std::string prefix = ns.empty() ? "" : object_key(ns, "");
  for (auto it = s->objects.lower_bound(prefix);
       it != s->objects.end() && it->first.starts_with(prefix); ++it)
    out.push_back(it->second);
  return out;
}

size_t Store::count(const ResourceType& type) const {
  const Shelf* s = shelf_if(type);
  return s ? s->objects.size() : 0;
}

std::vector<ObjectPtr> Store::dependents(std::string_view uid) const {
  std::vector<ObjectPtr> out;
  const auto found = dependents_.find(std::string(uid));
  if (found == dependents_.end()) return out;
  for (const std::string& u : found->second) {
    if (const auto object = by_uid_.find(u); object != by_uid_.end()) out.push_back(object->second);
  }
  // The set has no order of its own that a replay could rely on.
  std::ranges::sort(out, [](const ObjectPtr& a, const ObjectPtr& b) {
    return std::tie(a->type->plural, a->ns, a->name) < std::tie(b->type->plural, b->ns, b->name);
  });
  return out;
}

Reply<ObjectPtr> Store::get(const Target& at) const {
  if (auto refused = check_target(at)) return *std::move(refused);
  ObjectPtr o = find(*at.type, at.ns, at.name);
  if (!o) return not_found(*at.type, at.name);
  return o;
}

Reply<Listed> Store::list(const TypePtr& type, std::string_view version, std::string_view ns,
                          const ListOptions& options) const {
  const auto labels = LabelSelector::parse(options.label_selector);
  if (!labels) return labels.error();
  const auto fields = FieldSelector::parse(options.field_selector, *type, version);
  if (!fields) return fields.error();
  if (auto refused = check_version(options, resource_version_)) return *std::move(refused);
  Listed out;
  out.resource_version = resource_version_;
  const Shelf* s = shelf_if(*type);
  const std::string prefix = ns.empty() ? "" : object_key(ns, "");
  Continued begin{resource_version_, prefix};
  if (!options.continue_token.empty()) {
    auto token = parse_continue(options.continue_token);
    if (!token) return token.error();
    if (s && token->version < s->forgotten)
      return expired(
          "The provided continue parameter is too old to display a consistent list result. You can "
          "start a new list without the continue parameter.");
    // What is watched from there on brings the pages to the present.
    out.resource_version = token->version;
    begin = std::move(*token);
    begin.from = std::max(prefix, begin.from);
  }
  if (!s) return out;
  size_t left = options.limit > 0 ? size_t(options.limit) : SIZE_MAX;
  const bool all = labels->empty() && fields->empty();
  for (auto it = s->objects.lower_bound(begin.from);
       it != s->objects.end() && it->first.starts_with(prefix); ++it) {
    const Json& body = it->second->body;
    if (!all && (!labels->matches(body.at("metadata.labels")) || !fields->matches(body))) continue;
    if (left-- == 0) {
      const int64_t given = begin.given + int64_t(out.items.size());
      out.continue_token = continue_token({out.resource_version, it->first, given});
      if (!all) break;
      // Of all namespaces it is not counted object by object on each page: it is an estimate, as in the real server.
      out.remaining = prefix.empty()
                          ? std::max<int64_t>(1, int64_t(s->objects.size()) - given)
                          : std::distance(it, s->objects.lower_bound(after_namespace(ns)));
      break;
    }
    out.items.push_back(it->second);
  }
  return out;
}

Reply<Watch> Store::watch(const TypePtr& type, std::string_view version, std::string_view ns,
                          const ListOptions& options) const {
  auto labels = LabelSelector::parse(options.label_selector);
  if (!labels) return labels.error();
  auto fields = FieldSelector::parse(options.field_selector, *type, version);
  if (!fields) return fields.error();
  const Reply<uint64_t> from = parse_version(options.resource_version);
  if (!from) return from.error();
  Watch w;
  w.type_ = type;
  w.ns_ = ns;
  w.labels_ = std::move(*labels);
  w.fields_ = std::move(*fields);
  w.at_ = *from;
  if (*from == 0) {
    for (ObjectPtr& o : all(*type, ns)) {
      if (w.labels_.matches(o->body.at("metadata.labels")) && w.fields_.matches(o->body))
        w.initial_.push_back(std::move(o));
    }
    std::ranges::reverse(w.initial_);  // taken from the end
    w.at_ = resource_version_;
    return w;
  }
  const Shelf* s = shelf_if(*type);
  // A number from before a restart of the cluster is as good as forgotten.
  if (*from > resource_version_ || (s && *from < s->forgotten)) {
    return expired("too old resource version: " + std::to_string(*from) + " (" +
                   std::to_string(s ? s->forgotten : resource_version_) + ")");
  }
  return w;
}

Reply<bool> Store::next(Watch& watch, std::vector<Event>& out, size_t max) const {
  const size_t end = out.size() + max;
  while (!watch.initial_.empty() && out.size() < end) {
    ObjectPtr o = std::move(watch.initial_.back());
    watch.initial_.pop_back();
    const uint64_t version = o->resource_version;
    out.push_back({Event::added, std::move(o), nullptr, version});
  }
  if (!watch.initial_.empty()) return true;
  const Shelf* s = shelf_if(*watch.type_);
  if (!s) {
    watch.at_ = resource_version_;
    return false;
  }
  if (watch.at_ < s->forgotten)
    return expired("too old resource version: " + std::to_string(watch.at_) + " (" +
                   std::to_string(s->forgotten) + ")");
  const auto matches = [&watch](const ObjectPtr& o) {
    return o && watch.labels_.matches(o->body.at("metadata.labels")) &&
           watch.fields_.matches(o->body);
  };
  auto it = std::ranges::upper_bound(s->events, watch.at_, {}, &Event::resource_version);
  for (; it != s->events.end(); ++it) {
    if (out.size() >= end) return true;
    watch.at_ = it->resource_version;
    if (!watch.ns_.empty() && it->object->ns != watch.ns_) continue;
    const bool now = it->type != Event::removed && matches(it->object);
    const bool before = matches(it->previous);
    if (!now && !before) continue;
    Event e = *it;
    e.type = now ? (before ? Event::modified : Event::added) : Event::removed;
    out.push_back(std::move(e));
  }
  watch.at_ = std::max(watch.at_, resource_version_);
  return false;
}

void Store::remember(Shelf& s, Event event) {
  s.event_bytes += event.object->bytes;
  s.events.push_back(std::move(event));
  const StoreLimits& l = options_.limits;
  while (s.events.size() > l.events_per_type_max ||
         (s.event_bytes > l.event_bytes_per_type_max && s.events.size() > 1)) {
    s.forgotten = s.events.front().resource_version;
    s.event_bytes -= s.events.front().object->bytes;
    s.events.pop_front();
  }
}

void Store::index(const ObjectPtr& before, const ObjectPtr& after) {
  const ObjectPtr& any = after ? after : before;
  const auto owners = [](const ObjectPtr& o) -> const Json& {
    return o->body.at("metadata.ownerReferences");
  };
  if (before && !after) {
    by_uid_.erase(before->uid);
    if (!before->ns.empty() && --in_namespace_[before->ns] == 0) in_namespace_.erase(before->ns);
  }
  if (!before && !after->ns.empty()) ++in_namespace_[after->ns];
  if (after) by_uid_[after->uid] = after;
  if (!before || !after || !owners(before).same(owners(after))) {
    for (const Json& o : before ? owners(before).items() : std::span<const Json>()) {
      const auto found = dependents_.find(std::string(o["uid"].str()));
      if (found == dependents_.end()) continue;
      found->second.erase(any->uid);
      if (found->second.empty()) dependents_.erase(found);
    }
    for (const Json& o : after ? owners(after).items() : std::span<const Json>())
      dependents_[std::string(o["uid"].str())].insert(any->uid);
  }
  if (any->type->custom || !any->type->group.empty() || any->type->kind != "Service") return;
  for (const auto& [object, takes] : {std::pair(before, false), std::pair(after, true)}) {
    if (!object) continue;
    const std::string ip(object->body.at("spec.clusterIP").str());
    if (takes) {
      cluster_ips_.take(ip);
    } else {
      cluster_ips_.release(ip);
    }
    for (const Json& p : object->body.at("spec.ports").items()) {
      const int64_t port = p["nodePort"].integer();
      if (port && takes) node_ports_.insert(port);
      if (port && !takes) node_ports_.erase(port);
    }
  }
}

ObjectPtr Store::commit(Event::Type what, const ObjectPtr& before, TypePtr type, Json body) {
  const uint64_t version = ++resource_version_;
  body.make("metadata.resourceVersion") = Json(std::to_string(version));
  auto object = std::make_shared<StoredObject>();
  object->type = std::move(type);
  object->ns = body.at("metadata.namespace").str();
  object->name = body.at("metadata.name").str();
  object->uid = body.at("metadata.uid").str();
  object->resource_version = version;
  object->bytes = body.weight();
  object->body = std::move(body);
  Shelf& s = shelf(*object->type);
  const std::string key = object_key(object->ns, object->name);
  if (before) total_bytes_ -= before->bytes;
  if (what == Event::removed) {
    s.objects.erase(key);
    index(before, nullptr);
  } else {
    total_bytes_ += object->bytes;
    s.objects[key] = object;
    index(before, object);
  }
  const Event event{what, object, before, version};
  remember(s, event);
  pending_.push_back(event);
  return object;
}

void Store::add_hook(Hook hook) { hooks_.push_back(std::move(hook)); }
void Store::on_commit(std::function<void()> f) { on_commit_ = std::move(f); }

void Store::settle() {
  if (settling_) return;
  settling_ = true;
  size_t rounds = 0;
  do {
    if (rounds++ == options_.limits.settle_rounds_max) {
      ++unsettled_;
      break;
    }
    const std::vector<Event> batch = std::exchange(pending_, {});
    collect(batch);
    for (const Hook& h : hooks_) h(*this, batch);
  } while (!pending_.empty());
  settling_ = false;
  if (on_commit_) on_commit_();
}

}  // namespace gateproof::kubernetes::cluster
