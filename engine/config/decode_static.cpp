// A static configuration from its document: schema, then what Traefik checks at start-up, then what is not acted on yet.
#include "engine/base/text.h"
#include "engine/config/static_schema.h"

namespace gateproof::config {

void not_acted_on(std::string_view code, std::string_view block, SourceSpan at, DecodeContext& c) {
  c.findings.add(code, std::move(at), std::string(c.object),
                 "`" + std::string(block) + "` is not acted on yet",
                 "nothing to mend: it is checked, and takes no effect here");
}

namespace {

// Blocks that are acted on wholly, or whose parts are looked at below.
constexpr std::string_view acted_on[] = {
    "global",    "entryPoints", "providers",        "ping",         "core",
    "gateproof", "log",         "serversTransport", "hostResolver", "ocsp"};

bool is_present(const Value::Member& m) {
  return m.value.kind != Value::null && !(m.value.kind == Value::scalar && m.value.text == "false");
}

// A member of `block` that is not in `done` makes the block's note.
bool has_other_member(const Value& block, std::initializer_list<std::string_view> done) {
  for (const Value::Member& m : block.members) {
    const auto known = [&m](std::string_view d) { return text::iequals(d, m.key); };
    if (is_present(m) && std::none_of(done.begin(), done.end(), known)) return true;
  }
  return false;
}

// Providers of which a check reads files that stand for what they would see.
constexpr std::string_view from_files[] = {"docker", "swarm", "consul",
                                           "etcd",   "redis", "zooKeeper"};

void note_provider(std::string_view name, const SourceSpan& at, DecodeContext& c) {
  const bool known =
      std::find(std::begin(from_files), std::end(from_files), name) != std::end(from_files);
  if (!known) return not_acted_on("GP1105", "providers." + std::string(name), at, c);
  c.findings.add(
      "GP1105", at, std::string(c.object),
      "`providers." + std::string(name) + "` is not acted on yet",
      "nothing to mend: nobody is asked; give a check the compose file or the dump of the "
      "store beside this file");
}

void note_blocks(const Value& root, DecodeContext& c) {
  for (const Value::Member& m : root.members) {
    const FieldSchema* f = static_schema().find(m.key);
    if (!f || !is_present(m) || f->type == "removed") continue;
    const bool whole =
        std::find(std::begin(acted_on), std::end(acted_on), f->name) != std::end(acted_on);
    const bool part = (f->name == "log" && m.value.find_nocase("otlp")) ||
                      (f->name == "serversTransport" &&
                       has_other_member(m.value, {"maxIdleConnsPerHost", "forwardingTimeouts"}));
    const bool told_later =
        f->name == "experimental" && !has_other_member(m.value, {"plugins", "localPlugins"});
    if ((!whole && !told_later) || part) not_acted_on("GP1104", f->name, m.key_span, c);
    if (f->name == "providers") {
      for (const Value::Member& p : m.value.members) {
        const FieldSchema* provider = providers_schema().find(p.key);
        constexpr std::string_view built[] = {"file", "kubernetesCRD", "kubernetesIngress",
                                              "kubernetesGateway"};
        if (!provider || !is_present(p) ||
            (provider->shape != Shape::object && provider->name != "plugin"))
          continue;
        if (std::find(std::begin(built), std::end(built), provider->name) != std::end(built))
          continue;
        note_provider(provider->name, p.key_span, c);
      }
    }
  }
}

void note_entry_points(const Value& root, DecodeContext& c) {
  const Value* entry_points = root.find_nocase("entryPoints");
  if (!entry_points) return;
  for (const Value::Member& e : entry_points->members) {
    const std::string object = "entryPoint " + e.key;
    DecodeContext inner{c.findings, object};
    for (const Value::Member& m : e.value.members) {
      if (text::iequals("http3", m.key) && is_present(m))
        not_acted_on("GP1107", "http3", m.key_span, inner);
    }
  }
}

bool flag_is_true(const Value& root, std::string_view path) {
  const Value* v = &root;
  for (std::string_view part : text::split(path, '.')) {
    v = v->find_nocase(part);
    if (!v) return false;
  }
  return parse_bool(v->str()).value_or(false);
}

// Features behind a switch of `experimental`.
void check_experimental(const Value& root, DecodeContext& c) {
  const Value* providers = root.find_nocase("providers");
  const Value* knative = providers ? providers->find_nocase("knative") : nullptr;
  if (knative && knative->kind != Value::null && !flag_is_true(root, "experimental.knative")) {
    c.error("GP0208", *knative,
            "the experimental Knative feature must be enabled to use the Knative provider",
            "write experimental.knative: true");
  }
  for (std::string_view block : {"log", "accessLog"}) {
    const Value* b = root.find_nocase(block);
    const Value* otlp = b ? b->find_nocase("otlp") : nullptr;
    if (!otlp || otlp->kind == Value::null || flag_is_true(root, "experimental.otlpLogs")) continue;
    c.error("GP0208", *otlp,
            "the experimental OTLPLogs feature must be enabled to use OTLP logging",
            "write experimental.otlpLogs: true");
  }
}

// Unknown names at the top: Traefik's file decoder filters them out before it looks, its flags do not.
Value known_root(const Document& doc, DecodeContext& c) {
  Value root = doc.root;
  root.members.clear();
  for (const Value::Member& m : doc.root.members) {
    const bool known = static_schema().find(m.key) != nullptr;
    if (known || doc.origin == Origin::flags) {
      if (m.value.kind == Value::null && !known) continue;
      root.members.push_back(m);
      continue;
    }
    std::vector<std::string_view> names;
    for (const FieldSchema& f : static_schema().fields) names.push_back(f.name);
    const auto near = text::nearest(m.key, names);
    c.findings.add(
        "GP0109", m.key_span, "",
        "`" + m.key + "` is no block of the static configuration; everything below it is ignored",
        near ? "did you mean `" + *near + "`?"
             : "remove it, or see Traefik's list of static options");
  }
  return root;
}

}  // namespace

std::optional<StaticConfig> decode_static(const Document& doc, Findings& findings) {
  StaticConfig out;
  if (doc.origin == Origin::file) out.file_name = doc.file;
  DecodeContext c{findings, ""};
  if (doc.root.kind != Value::null && doc.root.kind != Value::mapping) {
    c.error("GP0112", doc.root, "the static configuration is no object",
            "write entryPoints: and providers: at the top");
    return std::nullopt;
  }
  const Value root = known_root(doc, c);
  static_schema().decode(root, &out, c);
  check_experimental(root, c);
  note_blocks(root, c);
  note_entry_points(root, c);
  if (c.failed) return std::nullopt;
  return out;
}

}  // namespace gateproof::config
