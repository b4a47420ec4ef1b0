// A patched snapshot is the one that a whole build makes of the same objects, and little of it is made for it.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/base/text.h"
#include "engine/env/testing/fake.h"
#include "engine/middleware/middleware.h"
#include "engine/pipeline/engine.h"

namespace gateproof::pipeline {
namespace {

constexpr std::string_view statics_text =
    "entryPoints: {web: {address: ':80'}, secure: {address: ':443', http: {tls: {}, middlewares: "
    "[m0@file]}}, other: {address: ':81'}}";

std::shared_ptr<const config::StaticConfig> statics() {
  config::Findings findings;
  auto doc = config::parse_document(statics_text, "static.yml", config::Format::yaml);
  auto s = config::decode_static(*doc, findings);
  return std::make_shared<const config::StaticConfig>(std::move(*s));
}

// Objects as texts, each in a line of its own whatever else there is, so that spans stay what they are.
struct Texts {
  static constexpr size_t slots = 8;
  std::map<std::string, std::string> routers, services, middlewares;

  std::string yaml() const {
    std::string out = "http:\n";
    // A section without anything is none: there is one object in each that stays.
    const auto section = [&out](const char* title, const char* prefix, const auto& objects,
                                const char* stays) {
      out += std::string("  ") + title + ":\n    keep: " + stays + "\n";
      for (size_t i = 0; i < slots; ++i) {
        const auto found = objects.find(prefix + std::to_string(i));
        out += found == objects.end() ? "#\n" : "    " + found->first + ": " + found->second + "\n";
      }
    };
    section("routers", "r", routers, "{rule: Host(`k.test`), service: keep, middlewares: [keep]}");
    section("services", "s", services, "{loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}}");
    section("middlewares", "m", middlewares, "{stripPrefix: {prefixes: [/keep]}}");
    return out;
  }
  config::DynamicConfig config() const {
    config::Findings findings;
    auto doc = config::parse_document(yaml(), "dynamic.yml", config::Format::yaml);
    auto d = doc ? config::decode_dynamic(*doc, "file", middleware::middleware_types(), findings)
                 : std::nullopt;
    EXPECT_TRUE(d) << yaml() << (findings.list().empty() ? "" : findings.list()[0].message);
    return d ? std::move(*d) : config::DynamicConfig{};
  }
};

// What of `now` is to be known of the objects `names`.
template <class T>
void changes(config::ConfigPatch::Changes<T>& out, const std::map<std::string, T>& now,
             const std::set<std::string>& names) {
  for (const std::string& n : names) {
    const auto found = now.find(n + "@file");
    if (found != now.end()) {
      out[n + "@file"] = std::make_shared<const T>(found->second);
    } else if (std::is_same_v<T, config::RouterConfig>    ? n[0] == 'r'
               : std::is_same_v<T, config::ServiceConfig> ? n[0] == 's'
                                                          : n[0] == 'm') {
      out[n + "@file"] = nullptr;
    }
  }
}

config::ConfigPatch patch_of(const Texts& texts, const std::set<std::string>& names) {
  const config::DynamicConfig now = texts.config();
  config::ConfigPatch out;
  changes(out.routers, now.routers, names);
  changes(out.services, now.services, names);
  changes(out.middlewares, now.middlewares, names);
  return out;
}

std::string told(const ObjectInfo& o) {
  return std::string(to_string(o.status)) + " [" + text::join(o.errors, "; ") + "] used by [" +
         text::join(o.used_by, ", ") + "] " + o.span.to_string();
}

// Everything that can be seen of a snapshot, as lines.
std::vector<std::string> shown(const Snapshot& s) {
  std::vector<std::string> out;
  for (const auto& [name, r] : s.routers) {
    out.push_back("router " + name + ": " + told(*r) + " " + std::to_string(r->priority) +
                  (r->tls ? " tls " + r->tls_options : "") + (r->served ? " served" : "") + " on " +
                  text::join(r->entry_points, ",") + " through " + text::join(r->middlewares, ","));
  }
  for (const auto& [name, i] : s.services) out.push_back("service " + name + ": " + told(i));
  for (const auto& [name, i] : s.middlewares) out.push_back("middleware " + name + ": " + told(i));
  for (const auto& [name, h] : s.server_health)
    out.push_back("servers of " + name + ": " + std::to_string(h->statuses().size()));
  for (const auto& [name, e] : s.entry_points) {
    for (const rules::RoutingTable* table : {e->plain.get(), e->secure.get(), e->tcp.https.get()}) {
      std::string line = "table of " + name + ":";
      for (const rules::RoutePtr& r : table->routes()) {
        EXPECT_TRUE(r->to);
        line += " " + r->name + " " + r->rule.text;
      }
      out.push_back(line);
    }
    // What routes lead to is of this snapshot.
    for (const rules::RoutePtr& r : e->plain->routes()) {
      const auto& target = *static_cast<const RouteTarget*>(r->to.get());
      EXPECT_EQ(target.router, s.routers.at(r->name).get());
      EXPECT_TRUE(target.handler);
    }
  }
  for (const config::Finding& f : s.findings.list())
    out.push_back(f.code + " " + f.span.to_string() + " " + f.object + ": " + f.message);
  return out;
}

std::string draw_router() {
  const std::string name = "s" + std::to_string(*rc::gen::inRange(0, 9));  // s8 never is
  std::string out =
      "{rule: '" +
      *rc::gen::element<std::string>("Host(`a.test`)", "Path(`/x`)", "Nope(`/`)",
                                     "Host(`b.test`) && PathPrefix(`/y`)") +
      "', service: " +
      *rc::gen::elementOf(std::vector<std::string>{name, name, name, "noop@internal"});
  out +=
      *rc::gen::element<std::string>("", "", ", entryPoints: [web]", ", entryPoints: [secure]",
                                     ", entryPoints: [web, other, secure]",
                                     ", entryPoints: [web, nowhere]", ", entryPoints: [nowhere]");
  out += *rc::gen::element<std::string>("", "", ", tls: {}", ", tls: {certResolver: nobody}");
  out += *rc::gen::element<std::string>("", "", ", priority: 7");
  std::vector<std::string> used;
  for (int n = *rc::gen::inRange(0, 3); n > 0; --n)
    used.push_back("m" + std::to_string(*rc::gen::inRange(0, 9)));
  return out + ", middlewares: [" + text::join(used, ", ") + "]}";
}

// Circles and health checks are for those who want something `special`.
std::string draw_service(size_t number, bool special) {
  const auto child = [&] {
    return "s" + std::to_string(*rc::gen::inRange<size_t>(special ? 0 : number + 1, 9));
  };
  const bool wrapped = special || number < 4;
  switch (*rc::gen::inRange(0, special ? 8 : 7)) {
    case 0: return "{loadBalancer: {servers: [{url: 'bad url'}]}}";
    case 1: return "{weighted: {services: [{name: " + child() + "}, {name: " + child() + "}]}}";
    case 2: return "{mirroring: {service: " + child() + ", mirrors: [{name: " + child() + "}]}}";
    case 3:
      return "{middlewares: [" +
             (wrapped ? "m" + std::to_string(*rc::gen::inRange(0, 9)) : std::string()) +
             "], loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}}";
    case 7:
      return "{loadBalancer: {healthCheck: {path: /h}, servers: [{url: 'http://127.0.0.1:1'}]}}";
    default: return "{loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}}";
  }
}

std::string draw_middleware(size_t number, bool special) {
  const auto other = [&] {
    return "m" + std::to_string(*rc::gen::inRange<size_t>(special ? 0 : number + 1, 9));
  };
  switch (*rc::gen::inRange(0, 5)) {
    case 0: return "{chain: {middlewares: [" + other() + ", " + other() + "]}}";
    case 1: return "{redirectRegex: {regex: '(', replacement: x}}";
    case 2:
      // Of services with middlewares there are half as many.
      return "{errors: {status: ['500'], query: /, service: s" +
             std::to_string(*rc::gen::inRange(special ? 0 : 4, 9)) + "}}";
    default: return "{stripPrefix: {prefixes: [/x]}}";
  }
}

void draw_change(Texts& texts, std::set<std::string>& names, bool special) {
  const size_t slot = *rc::gen::inRange<size_t>(0, Texts::slots);
  const bool gone = *rc::gen::inRange(0, 4) == 0;
  const auto put = [&](auto& objects, const char* prefix, const auto& draw) {
    const std::string name = prefix + std::to_string(slot);
    names.insert(name);
    if (gone) {
      objects.erase(name);
    } else {
      objects[name] = draw();
    }
  };
  const int kind = *rc::gen::inRange(0, 4);
  if (kind < 2) return put(texts.routers, "r", draw_router);
  if (kind == 2) return put(texts.services, "s", [&] { return draw_service(slot, special); });
  put(texts.middlewares, "m", [&] { return draw_middleware(slot, special); });
}

void chain_of_patches(bool special) {
  gateproof::testing::FakeWorld world;
  const auto options = statics();
  Engine patched(options, world.clock, world.random, "h");
  Engine fresh(options, world.clock, world.random, "h");
  Texts texts;
  std::set<std::string> ignored;
  for (int n = *rc::gen::inRange(0, 16); n > 0; --n) draw_change(texts, ignored, special);
  patched.update("file", texts.config());
  for (int step = *rc::gen::inRange(1, 8); step > 0; --step) {
    std::set<std::string> names;
    for (int n = *rc::gen::inRange(1, 4); n > 0; --n) draw_change(texts, names, special);
    const auto mine = shown(*patched.patch("file", patch_of(texts, names)));
    const auto theirs = shown(*fresh.update("file", texts.config()));
    if (mine != theirs) {
      const auto at = std::mismatch(mine.begin(), mine.end(), theirs.begin(), theirs.end());
      RC_FAIL(texts.yaml() +
              "changed: " + text::join(std::vector<std::string>(names.begin(), names.end()), ",") +
              "\npatched: " + (at.first == mine.end() ? "" : *at.first) +
              "\nfresh:   " + (at.second == theirs.end() ? "" : *at.second));
    }
    // Without anything special every patch is one.
    RC_ASSERT(special || patched.snapshot()->work.patched);
    RC_ASSERT(!fresh.snapshot()->work.patched);
  }
}

TEST(PatchProperty, EqualsAWholeBuild) {
  EXPECT_TRUE(rc::check("a chain of patches", [] { chain_of_patches(false); }));
}

// With health checks everything is built, and that is the same too.
TEST(PatchProperty, EqualsAWholeBuildWhereItIsOne) {
  EXPECT_TRUE(rc::check("a chain of patches with health checks", [] { chain_of_patches(true); }));
}

}  // namespace
}  // namespace gateproof::pipeline
