#include "engine/check/declared.h"

#include <functional>
#include <set>

#include "engine/base/text.h"
#include "engine/check/declared_kubernetes.h"

namespace gateproof::check {

using config::Value;

const Value* DeclaredMiddleware::options(std::string_view type) const {
  return types ? types->find_nocase(type) : nullptr;
}

const DeclaredMiddleware* Declared::middleware(std::string_view name) const {
  const auto found = middlewares.find(std::string(name));
  return found == middlewares.end() ? nullptr : &found->second;
}

const DeclaredRouter* Declared::router(std::string_view name) const {
  for (const DeclaredRouter& r : routers) {
    if (r.name == name) return &r;
  }
  return nullptr;
}

namespace {

constexpr size_t chain_depth_max = 16;  // a chain in itself is the builder's to report

void expand(const Declared& d, const MiddlewareUse& use, size_t depth,
            std::vector<Declared::Step>& out) {
  const DeclaredMiddleware* m = d.middleware(use.name);
  if (!m || depth > chain_depth_max) return;
  if (m->chain.empty()) out.push_back({m, use.span});
  for (const MiddlewareUse& inner : m->chain) expand(d, inner, depth + 1, out);
}

MiddlewareUse use_of(const config::Text& t, std::string_view provider) {
  return {config::qualify(t.value, provider), t.value, t.span};
}

// The Value of http.middlewares.<name>; in labels and pairs names match in any case.
const Value* middleware_in(const Value& root, std::string_view name, bool flat) {
  const Value* http = root.find_nocase("http");
  const Value* map = http ? http->find_nocase("middlewares") : nullptr;
  if (!map) return nullptr;
  return flat ? map->find_nocase(name) : map->find(name);
}

using Find = std::function<const Value*(std::string_view name)>;

// `find` gives a middleware's Value. `file`: "" takes the file of each object's place.
void declare_objects(const std::string& provider, const std::string& file,
                     const config::DynamicConfig& config, const Find& find, Declared& out) {
  const auto file_of = [&file](const SourceSpan& span) {
    return file.empty() ? std::string(span.file_name()) : file;
  };
  for (const auto& [name, r] : config.routers) {
    DeclaredRouter d;
    d.name = name;
    d.object = "router " + name;
    d.provider = provider;
    d.span = r.span;
    d.rule = r.rule;
    d.priority = r.priority.value;
    d.priority_span = r.priority.span;
    d.entry_points = r.entry_points;
    for (const config::Text& m : r.middlewares) d.middlewares.push_back(use_of(m, provider));
    d.tls = r.tls.has_value();
    d.file = file_of(r.span);
    auto parsed = rules::parse_rule(
        r.rule.value, r.rule_syntax.value == "v2" ? rules::Syntax::v2 : rules::Syntax::v3);
    if (parsed) d.parsed = std::move(*parsed);
    out.routers.push_back(std::move(d));
  }
  for (const auto& [name, m] : config.middlewares) {
    DeclaredMiddleware d;
    d.name = name;
    d.object = "middleware " + name;
    d.span = m.span;
    d.types = find(config::bare_name(name));
    for (const config::Text& ref : m.refs) d.chain.push_back(use_of(ref, provider));
    d.file = file_of(m.span);
    out.middlewares.emplace(name, std::move(d));
  }
  for (const auto& [name, s] : config.services) {
    for (const config::Text& m : s.middlewares) out.other_uses.push_back(use_of(m, provider));
  }
}

// Labels and pairs of an assembly. Several static files see the same ones: each object is declared once.
void declare_flat(const Assembly& a, std::set<std::string>& done, Declared& out) {
  std::set<std::string> providers;
  for (const auto& [provider, tree] : a.trees) providers.insert(provider);
  for (const std::string& provider : providers) {
    const auto objects = a.providers.find(provider);
    if (objects == a.providers.end() || !done.insert(provider).second) continue;
    const auto find = [&a, &provider](std::string_view name) -> const Value* {
      for (const auto& [of, tree] : a.trees) {
        const Value* v = of == provider ? middleware_in(*tree, name, true) : nullptr;
        if (v) return v;
      }
      return nullptr;
    };
    declare_objects(provider, "", objects->second, find, out);
  }
}

}  // namespace

std::vector<Declared::Step> Declared::steps(const DeclaredRouter& router) const {
  std::vector<Step> out;
  for (const MiddlewareUse& use : router.middlewares) expand(*this, use, 0, out);
  return out;
}

Declared declare(const ConfigSet& set) {
  Declared out;
  for (const LoadedFile& f : set.files) {
    const auto decoded = set.dynamics.find(f.path);
    if (f.kind == FileKind::dynamics && decoded != set.dynamics.end())
      declare_objects(
          "file", f.path, decoded->second,
          [&f](std::string_view name) {
            return middleware_in(f.documents.front().root, name, false);
          },
          out);
  }
  std::set<std::string> done;
  for (const Assembly& a : set.assemblies) declare_flat(a, done, out);
  // Names are safe for all static configurations of the set or for none; a mixture is not looked at.
  const bool safe = std::any_of(set.statics.begin(), set.statics.end(), [](const auto& s) {
    return s->kubernetes_crd && s->kubernetes_crd->safe_naming;
  });
  declare_kubernetes(set.objects, kubernetes::CrdNames(safe), out);
  for (const Assembly& a : set.assemblies) {
    for (const auto& [name, e] : a.statics->entry_points) {
      for (const config::Text& m : e.middlewares) out.other_uses.push_back(use_of(m, "file"));
    }
  }
  return out;
}

}  // namespace gateproof::check
