#include "engine/kubernetes/gateway/resolve_index.h"

#include <algorithm>

#include "engine/base/text.h"

namespace gateproof::kubernetes::gateway {

using config::Value;

std::string age_key(const Object& o) {
  std::string key = text_at(o.at("metadata"), "creationTimestamp");
  key.append("\n").append(o.ns).append("/").append(o.name).append("\n").append(o.kind);
  return key;
}

std::vector<const Object*> by_age(const std::vector<const Object*>& objects) {
  std::vector<std::pair<std::string, const Object*>> keyed;
  keyed.reserve(objects.size());
  for (const Object* o : objects) keyed.emplace_back(age_key(*o), o);
  std::sort(keyed.begin(), keyed.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<const Object*> out;
  out.reserve(keyed.size());
  for (const auto& [key, o] : keyed) out.push_back(o);
  return out;
}

std::string path_of(std::string_view ns, std::string_view name) {
  std::string out(ns);
  out += '/';
  return out.append(name);
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  }
  return out;
}

int64_t generation_of(const Object& object) {
  return integer_at(object.at("metadata"), "generation");
}

SourceSpan span_of(const Value& v, std::string_view key) {
  const Value* found = member(&v, key);
  return found && found->span.known() ? found->span : v.span;
}

namespace {

// Every namespace carries its name as a label, whether or not a manifest says so.
std::optional<std::string_view> label(const Value* labels, std::string_view key,
                                      std::string_view ns_name) {
  if (const Value* v = member(labels, key)) return v->str();
  if (key == "kubernetes.io/metadata.name") return ns_name;
  return std::nullopt;
}

bool requirement_holds(const Value& requirement, const Value* labels, std::string_view ns_name) {
  const auto have = label(labels, text_at(&requirement, "key"), ns_name);
  const std::string op = text_at(&requirement, "operator");
  if (op == "Exists") return have.has_value();
  if (op == "DoesNotExist") return !have;
  const std::vector<Value>& values = items_at(&requirement, "values");
  const bool in = have && std::any_of(values.begin(), values.end(),
                                      [&](const Value& v) { return v.str() == *have; });
  if (op == "In") return in;
  return op == "NotIn" && !in;
}

}  // namespace

bool selector_matches(const Value* selector, const Value* labels, std::string_view ns_name) {
  // Nothing to select by selects nothing: from: Selector without its selector is a slip, and no door to everybody.
  if (!selector || selector->kind != Value::mapping) return false;
  if (const Value* wanted = member(selector, "matchLabels")) {
    for (const Value::Member& m : wanted->members) {
      if (label(labels, m.key, ns_name) != m.value.str()) return false;
    }
  }
  for (const Value& r : items_at(selector, "matchExpressions")) {
    if (!requirement_holds(r, labels, ns_name)) return false;
  }
  return true;
}

NamespaceRule::NamespaceRule(const Value* namespaces, From otherwise, std::string own)
    : from_(otherwise), own_(std::move(own)), selector_(member(namespaces, "selector")) {
  const std::string from = text_at(namespaces, "from");
  if (from == "All") from_ = From::all;
  if (from == "Same") from_ = From::same;
  if (from == "None") from_ = From::none;
  if (from == "Selector") from_ = From::selector;
}

bool NamespaceRule::allows(const ObjectStore& store, const std::string& ns) {
  if (from_ == From::all) return true;
  if (from_ == From::same) return ns == own_;
  if (from_ == From::none) return false;
  const auto [at, fresh] = known_.emplace(ns, false);
  if (fresh) {
    const Object* o = store.find(core_group, "Namespace", "", ns);
    at->second = selector_matches(selector_, o ? o->at("metadata.labels") : nullptr, ns);
  }
  return at->second;
}

Index::Index(const ObjectStore& objects, const Options& wanted, config::Findings& reports,
             CertificateCache& certificates)
    : store(objects), options(wanted), findings(reports), certificates_(certificates) {
  read_grants();
}

Index::Index(const Index& other, config::Findings& reports)
    : store(other.store),
      options(other.options),
      findings(reports),
      certificates_(other.certificates_),
      grants_(other.grants_) {}

std::string Index::grant_key(std::string_view to_ns, std::string_view to_kind,
                             std::string_view from_kind, std::string_view from_ns) {
  std::string key;
  for (std::string_view part : {to_ns, to_kind, from_kind, from_ns}) key.append(part).append("\n");
  return key;
}

void Index::read_grants() {
  for (const Object* o : store.list(gateway_group, "ReferenceGrant")) {
    for (const Value& f : items_at(o->at("spec"), "from")) {
      if (text_at(&f, "group") != gateway_group) continue;
      for (const Value& t : items_at(o->at("spec"), "to")) {
        // All that can be named across namespaces here is in the core group.
        const std::string group = text_at(&t, "group");
        if (!group.empty() && group != "core") continue;
        Names& names = grants_[grant_key(o->ns, text_at(&t, "kind"), text_at(&f, "kind"),
                                         text_at(&f, "namespace"))];
        const std::string name = text_at(&t, "name");
        if (name.empty()) {
          names.all = true;
        } else {
          names.some.insert(name);
        }
      }
    }
  }
}

bool Index::granted(std::string_view from_kind, std::string_view from_ns, std::string_view to_kind,
                    std::string_view to_ns, std::string_view to_name) const {
  if (from_ns == to_ns) return true;
  const auto found = grants_.find(grant_key(to_ns, to_kind, from_kind, from_ns));
  if (found == grants_.end()) return false;
  return found->second.all || found->second.some.contains(std::string(to_name));
}

void Index::report(const Object& object, const Problem& p, std::string_view prefix) const {
  findings.add(p.code, p.span.known() ? p.span : object.span, object.label(),
               std::string(prefix) + p.reason + ": " + p.message,
               p.remedy.empty() ? "mend the object that is named" : p.remedy);
}

namespace {

// The target of a reference to a core object.
struct Target {
  std::string kind, ns, name;
  std::string path() const { return kind + " " + ns + "/" + name; }
};

Target target_of(const Object& owner, const Value& ref, std::string_view otherwise) {
  Target t{text_at(&ref, "kind"), text_at(&ref, "namespace"), text_at(&ref, "name")};
  if (t.kind.empty()) t.kind = otherwise;
  if (t.ns.empty()) t.ns = owner.ns;
  return t;
}

Problem not_permitted(const Object& owner, const Target& t, const SourceSpan& at) {
  return {"GP0803", "RefNotPermitted",
          t.path() + " is in another namespace, and no ReferenceGrant there allows it to be named",
          "add a ReferenceGrant in namespace " + t.ns + " from " + owner.kind + "s of " + owner.ns +
              " to " + t.kind + "s",
          at};
}

}  // namespace

std::optional<Problem> Index::read_key_pair(const Object& owner, const Value& ref,
                                            std::string_view invalid, KeyPair& out) {
  const Target t = target_of(owner, ref, "Secret");
  const SourceSpan at = span_of(ref, "name");
  const std::string reason(invalid);
  if (const std::string group = text_at(&ref, "group"); !group.empty() || t.kind != "Secret") {
    return Problem{"GP0802", reason,
                   "a certificate cannot be of group \"" + group + "\" and kind " + t.kind,
                   "name a Secret of type kubernetes.io/tls", at};
  }
  if (!granted(owner.kind, owner.ns, "Secret", t.ns, t.name)) return not_permitted(owner, t, at);
  const Object* secret = store.find(core_group, "Secret", t.ns, t.name);
  if (!secret) {
    return Problem{"GP0802", reason, t.path() + " does not exist",
                   "create it with type kubernetes.io/tls, tls.crt and tls.key", at};
  }
  if (const auto known = pairs_.find(secret); known != pairs_.end()) {
    out = *known->second;
    return std::nullopt;
  }
  const Secret data = read_secret(*secret, findings);
  KeyPair pair;
  for (const auto& [key, text] :
       {std::pair<const char*, Text*>{"tls.crt", &pair.certificate}, {"tls.key", &pair.key}}) {
    const auto entry = data.data.find(key);
    if (entry == data.data.end() || entry->second.value.empty()) {
      return Problem{"GP0802", reason, t.path() + " has no " + key,
                     "put the certificate into tls.crt and its key into tls.key", at};
    }
    *text = {entry->second.value, entry->second.span};
  }
  if (const std::string why = certificates_.key_pair(pair.certificate.value, pair.key.value);
      !why.empty()) {
    return Problem{"GP0802", reason, t.path() + ": " + why,
                   "write certificate and key in PEM, the key without a password", at};
  }
  pairs_[secret] = std::make_shared<const KeyPair>(pair);
  out = std::move(pair);
  return std::nullopt;
}

std::optional<Problem> Index::read_authorities(const Object& owner, const Value& ref,
                                               std::string_view invalid, std::string_view kind,
                                               Text& out) {
  const Target t = target_of(owner, ref, "ConfigMap");
  const SourceSpan at = span_of(ref, "name");
  if (const std::string group = text_at(&ref, "group"); !group.empty() || t.kind != "ConfigMap") {
    return Problem{"GP0816", std::string(kind),
                   "authorities cannot be of group \"" + group + "\" and kind " + t.kind,
                   "name a ConfigMap that has them in ca.crt", at};
  }
  if (!granted(owner.kind, owner.ns, "ConfigMap", t.ns, t.name)) return not_permitted(owner, t, at);
  const Object* map = store.find(core_group, "ConfigMap", t.ns, t.name);
  if (!map) {
    return Problem{"GP0816", std::string(invalid), t.path() + " does not exist",
                   "create it with the authorities in ca.crt", at};
  }
  out = located_at(map->at("data"), "ca.crt");
  if (out.value.empty()) {
    return Problem{"GP0816", std::string(invalid), t.path() + " has nothing in ca.crt",
                   "put the authorities into ca.crt, in PEM", at};
  }
  if (const std::string why = certificates_.authorities(out.value); !why.empty()) {
    return Problem{"GP0816", std::string(invalid), t.path() + ", ca.crt: " + why,
                   "write the authorities in PEM", at};
  }
  return std::nullopt;
}

}  // namespace gateproof::kubernetes::gateway
