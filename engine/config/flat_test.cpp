// Labels and key/value pairs to documents.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/base/crypto.h"
#include "engine/config/canonical.h"
#include "engine/config/dynamic_schemas.h"
#include "engine/config/kv_reader.h"
#include "engine/config/label_reader.h"
#include "engine/config/testing_types.h"

namespace gateproof::config {
namespace {

const auto file = std::make_shared<const std::string>("c.yml");

// "key=value" lines as labels, each on its own line.
std::vector<Label> labels(std::initializer_list<const char*> lines) {
  std::vector<Label> out;
  uint32_t line = 1;
  for (const char* text : lines) {
    out.push_back(label_from_text(text, {file, line++, 5, uint32_t(strlen(text))}));
  }
  return out;
}

std::string print(const Value& v) {
  if (v.kind == Value::scalar) return text::quote(v.text);
  std::string out = v.text.empty() ? "{" : text::quote(v.text) + "{";
  for (const Value::Member& m : v.members) out += m.key + ":" + print(m.value) + " ";
  return out + "}";
}

std::string tree(std::initializer_list<const char*> lines) {
  const auto doc = document_from_labels(labels(lines), dynamic_label_filters());
  return doc ? print(doc->root) : doc.error().span.to_string() + " " + doc.error().message;
}

TEST(Labels, BecomeATree) {
  EXPECT_EQ(tree({"traefik.http.routers.b.rule=B", "traefik.http.routers.a.rule=A=1"}),
            "{http:{routers:{a:{rule:\"A=1\" } b:{rule:\"B\" } } } }");
  EXPECT_EQ(tree({"traefik.enable=true", "other=1"}), "{}");
  // Pieces in any case are one; the spelling first in byte order stays.
  EXPECT_EQ(tree({"traefik.http.routers.a.tls=true", "traefik.HTTP.Routers.A.rule=x"}),
            "{HTTP:{Routers:{A:{rule:\"x\" tls:\"true\" } } } }");
  // A value and options of one name; elements in the byte order of their keys.
  EXPECT_EQ(tree({"traefik.http.a.tls=false", "traefik.http.a.tls.d[10].m=x",
                  "traefik.http.a.tls.d[2].m=y"}),
            "{http:{a:{tls:\"false\"{d:{[10]:{m:\"x\" } [2]:{m:\"y\" } } } } } }");
  EXPECT_EQ(tree({"traefik.http"}), "{http:\"\" }");
}

TEST(Labels, ErrorsHaveTraefiksWordsAndAPlace) {
  EXPECT_EQ(tree({"traefik.http..a=1"}), "c.yml:1:18 invalid element: traefik.http..a");
  EXPECT_EQ(tree({"traefik.http.a.=1"}), "c.yml:1:20 invalid element: traefik.http.a.");
  EXPECT_EQ(tree({"traefik.http.[0]=1"}),
            "c.yml:1:18 invalid leading character '[' in field name (bracket is a slice "
            "delimiter): [0]");
  EXPECT_EQ(tree({"traefik.http.a]=1"}), "c.yml:1:18 a ] without [ in a] ends Traefik's provider");
  EXPECT_EQ(tree({"TRAEFIK.http.a=1"}), "c.yml:1:5 invalid label root TRAEFIK");
  std::string deep = "traefik.http";
  for (size_t i = 0; i < FlatTree::depth_max - 1; ++i) deep += ".a";
  EXPECT_EQ(tree({(deep + "=1").c_str()}).substr(0, 6), "{http:");
  EXPECT_EQ(tree({(deep + ".a=1").c_str()}), "c.yml:1:5 the label has more than 64 pieces");
}

TEST(Labels, ValuesAndNamesKnowTheirPlaces) {
  const auto doc = document_from_labels(labels({"traefik.http.routers.r.rule=Path(`/`)"}),
                                        dynamic_label_filters());
  ASSERT_TRUE(doc);
  const Value* routers = doc->root.at("http.routers");
  ASSERT_TRUE(routers);
  EXPECT_EQ(routers->members[0].key_span.to_string(), "c.yml:1:26");
  EXPECT_EQ(routers->members[0].value.find("rule")->span.to_string(), "c.yml:1:33");
}

std::optional<DynamicConfig> decode(const Document& doc, Findings& findings) {
  static const testing::FewTypes types;
  return decode_dynamic(doc, "docker", types, findings);
}

TEST(Labels, WhatOnlyTheyKnow) {
  Findings findings;
  const auto doc = document_from_labels(
      labels({"traefik.http.services.s.loadbalancer.server.port=80",
              "traefik.http.services.s.loadbalancer.server.scheme=h2c",
              "traefik.http.routers.r.entrypoints=a, b", "traefik.http.routers.r.tls=false",
              "traefik.http.routers.r.tls.certresolver=x", "traefik.http.routers.r.parentrefs=p",
              "traefik.http.routers.l.entrypoints[0]=lost"}),
      dynamic_label_filters());
  const auto config = decode(*doc, findings);
  ASSERT_TRUE(config) << testing::brief(findings);
  const ServerConfig& server = config->services.at("s@docker").load_balancer->servers.at(0);
  EXPECT_EQ(server.port.value, "80");
  EXPECT_EQ(server.scheme.value, "h2c");
  const RouterConfig& r = config->routers.at("r@docker");
  EXPECT_EQ(r.entry_points.at(1).value, "b");
  EXPECT_FALSE(r.tls);
  EXPECT_TRUE(r.parent_refs.empty());
  EXPECT_TRUE(config->routers.at("l@docker").entry_points.empty());
  EXPECT_EQ(findings.list().size(), 3u) << testing::brief(findings);  // tls, parentRefs, [0]
}

TEST(Labels, WhatTheyDoNotKnow) {
  for (const char* label :
       {"traefik.http.services.s.loadbalancer.servers[0].url=x",
        "traefik.http.services.s.loadbalancer.server=x",
        "traefik.http.services.s.loadbalancer.server[0].port=1", "traefik.http.routers.r.rule.x=1",
        "traefik.httpx.a=1",
        "traefik.http.routers.r.priority=", "traefik.http.middlewares.m.chain=x"}) {
    Findings findings;
    const auto doc = document_from_labels(labels({label}), dynamic_label_filters());
    ASSERT_TRUE(doc);
    EXPECT_FALSE(decode(*doc, findings)) << label;
    EXPECT_TRUE(findings.has_errors()) << label;
  }
  // Kinds of services that labels cannot write are ignored, so the service has no kind.
  Findings findings;
  const auto doc = document_from_labels(
      labels({"traefik.http.services.s.weighted.services[0].name=x"}), dynamic_label_filters());
  const auto config = decode(*doc, findings);
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->services.at("s@docker").types.empty());
}

// ---- pairs ----

std::string dump(std::string_view text) {
  const auto d = pairs_from_text(text, "p.kv");
  if (!d) return d.error().span.to_string() + " " + d.error().message;
  std::string out;
  for (const FlatPair& p : d->pairs)
    out += p.key_span.to_string() + " " + p.key + " = " + p.value_span.to_string() + " " + p.value +
           "\n";
  return out;
}

TEST(Pairs, FormatsOfDumps) {
  EXPECT_TRUE(is_pair_text("# c\n\ntraefik/http/routers/r/rule = x=y"));
  EXPECT_FALSE(is_pair_text("a/b/c = x"));
  EXPECT_FALSE(is_pair_text("http:\n  routers: {}"));
  EXPECT_EQ(dump("# c\n /traefik/http/a = x = y \ntraefik/http/b=\n"),
            "p.kv:2:3 traefik/http/a = p.kv:2:20 x = y\n"
            "p.kv:3:1 traefik/http/b = p.kv:3:16 \n");
  EXPECT_EQ(dump("traefik/http/a\nx = y\ntraefik/http/b\n\n"),
            "p.kv:1:1 traefik/http/a = p.kv:2:1 x = y\n"
            "p.kv:3:1 traefik/http/b = p.kv:4:1 \n");
  EXPECT_EQ(dump("traefik/http/a=1\nnothing"), "p.kv:2:1 a line without `=`");
}

std::vector<FlatPair> of_document(const std::string& text, const char* name) {
  const auto doc = parse_document(text, name, *format_of(name));
  EXPECT_TRUE(doc && is_pair_document(*doc)) << text;
  const auto dump = pairs_from_document(*doc);
  EXPECT_TRUE(dump) << (dump ? "" : dump.error().message);
  return dump ? dump->pairs : std::vector<FlatPair>();
}

TEST(Pairs, DocumentsOfStores) {
  const std::string value = crypto::base64("Path(`/`)"),
                    key = crypto::base64("/traefik/http/routers/r/rule");
  for (const std::string& text :
       {"[{\"key\":\"traefik/http/routers/r/rule\",\"flags\":0,\"value\":\"" + value + "\"}]",
        "[{\"Key\":\"traefik/http/routers/r/rule\",\"Value\":\"" + value + "\"}]",
        "{\"header\":{},\"kvs\":[{\"key\":\"" + key + "\",\"value\":\"" + value + "\"}]}",
        std::string("{\"traefik/http/routers/r/rule\":\"Path(`/`)\"}")}) {
    const std::vector<FlatPair> pairs = of_document(text, "d.json");
    ASSERT_EQ(pairs.size(), 1u);
    EXPECT_EQ(pairs[0].key, "traefik/http/routers/r/rule");
    EXPECT_EQ(pairs[0].value, "Path(`/`)");
    EXPECT_EQ(pairs[0].value_span.line, 1u);
  }
  const auto bad = parse_document("[{\"key\":\"a\",\"value\":\"*\"}]", "d.json", Format::json);
  EXPECT_FALSE(pairs_from_document(*bad));
}

std::string pair_tree(std::string_view text, std::string_view root = "traefik") {
  const auto d = pairs_from_text(text, "p.kv");
  const auto doc = document_from_pairs(d->pairs, root);
  return doc ? print(doc->root) : doc.error().message;
}

TEST(Pairs, BecomeATree) {
  EXPECT_EQ(pair_tree("traefik/http/a/e/0=x\ntraefik/http/a/e/1=y\ntraefik/http/a/e=lost\n"),
            "{http:{a:{e:\"x,y\" } } }");
  EXPECT_EQ(pair_tree("traefik/http/s/0/url=x\ntraefik/http/s/10/url=z\ntraefik/http/s/2/url=y\n"),
            "{http:{s:{[0]:{url:\"x\" } [10]:{url:\"z\" } [2]:{url:\"y\" } } } }");
  EXPECT_EQ(pair_tree("traefik/http/a=1\ntraefik/http/a=2\nother/http/a=3\n"),
            "{http:{a:\"2\" } }");
  EXPECT_EQ(pair_tree("x/y/http/a/b=1\n", "x/y"), "{http:{a:{b:\"1\" } } }");
}

TEST(Pairs, ThatNobodyReads) {
  const auto d = pairs_from_text(
      "traefik/http/a=1\ntraefik/htp/routers/r=1\ntraefik/htp/routers/s=1\nprod/x/http/routers/"
      "r=1\n"
      "prod/x/tcp/routers/r=1\napp/settings=1\ntraefik/=\n",
      "p.kv");
  std::string keys;
  for (const FlatPair* p : pairs_outside(d->pairs, "traefik")) keys += p->key + " ";
  EXPECT_EQ(keys, "traefik/htp/routers/r prod/x/http/routers/r ");
}

// ---- one configuration in three notations ----

struct Option {
  const char* path;  // below http, with dots; * is a name
  std::vector<const char*> values;
};
const Option options[] = {
    {"routers.*.rule", {"Path(`/`)", "Host(`a.test`)"}},
    {"routers.*.priority", {"1", "-4"}},
    {"routers.*.service", {"s"}},
    {"routers.*.entryPoints", {"web", "web,websecure"}},
    {"routers.*.tls.certResolver", {"le"}},
    {"services.*.loadBalancer.passHostHeader", {"true", "false"}},
    {"services.*.loadBalancer.sticky.cookie.name", {"c"}},
    {"services.*.loadBalancer.healthCheck.interval", {"5", "1m"}},
    {"middlewares.*.addPrefix.prefix", {"/a"}},
};

std::string summary(const DynamicConfig& d) {
  std::string out;
  for (const auto& [name, r] : d.routers) {
    out +=
        name + " " + r.rule.value + " " + std::to_string(r.priority.value) + " " + r.service.value;
    for (const Text& e : r.entry_points) out += " +" + e.value;
    if (r.tls) out += " tls " + r.tls->cert_resolver.value;
    out += "\n";
  }
  for (const auto& [name, s] : d.services) {
    out += name;
    if (s.load_balancer) {
      out += s.load_balancer->pass_host_header ? " host" : " own";
      if (s.load_balancer->sticky) out += " " + s.load_balancer->sticky->name;
      if (s.load_balancer->health_check)
        out += " " + format_duration(s.load_balancer->health_check->interval);
    }
    out += "\n";
  }
  for (const auto& [name, m] : d.middlewares) {
    out += name + " " + m.type;
    if (m.options) out += " " + static_cast<const testing::PrefixOptions*>(m.options.get())->prefix;
    out += "\n";
  }
  return out;
}

TEST(FlatProperty, LabelsPairsAndYamlMeanTheSame) {
  rc::check("a set of options, written three ways", [] {
    const auto picks = *rc::gen::container<std::vector<std::tuple<size_t, size_t, size_t>>>(
        rc::gen::tuple(rc::gen::inRange<size_t>(0, std::size(options)),
                       rc::gen::inRange<size_t>(0, 3), rc::gen::inRange<size_t>(0, 2)));
    std::map<std::string, std::string> chosen;  // dotted path -> value
    for (const auto& [option, name, value] : picks) {
      const Option& o = options[option];
      const std::string path = text::replace_all(o.path, "*", std::string(1, char('a' + name)));
      chosen[path] = o.values[value % o.values.size()];
    }
    std::vector<Label> flat;
    std::vector<FlatPair> pairs;
    std::string yaml = "{http: {";
    // One path a branch: flow mappings nest, and equal heads are merged by the tree that the labels make.
    const SourceSpan at{file, 1, 1, 1};
    for (const auto& [path, value] : chosen) {
      flat.push_back({"traefik.http." + text::to_lower(path), at, value, at});
      pairs.push_back({"traefik/http/" + text::replace_all(path, ".", "/"), at, value, at});
    }
    const std::function<std::string(const std::string&)> members = [&](const std::string& prefix) {
      std::map<std::string, bool> heads;
      for (const auto& [path, value] : chosen) {
        if (path.starts_with(prefix)) {
          const std::string rest = path.substr(prefix.size());
          const size_t dot = rest.find('.');
          heads[rest.substr(0, dot)] = dot == rest.npos;
        }
      }
      std::string out;
      for (const auto& [head, leaf] : heads) {
        out += (out.empty() ? "" : ", ") + head + ": ";
        if (leaf) {
          out += text::quote(chosen.at(prefix + head));
        } else {
          out += "{" + members(prefix + head + ".") + "}";
        }
      }
      return out;
    };
    yaml += members("") + "}}";
    if (chosen.empty()) return;
    Findings findings;
    const auto from_labels = decode(*document_from_labels(flat, dynamic_label_filters()), findings);
    const auto from_pairs = decode(*document_from_pairs(pairs, "traefik"), findings);
    const auto from_yaml = decode(*parse_document(yaml, "y.yml", Format::yaml), findings);
    RC_ASSERT(from_labels && from_pairs && from_yaml);
    RC_ASSERT(summary(*from_labels) == summary(*from_yaml));
    RC_ASSERT(summary(*from_pairs) == summary(*from_yaml));
  });
}

TEST(Canonical, OneTextForAllSpellings) {
  const auto text = [](std::initializer_list<const char*> lines) {
    const auto doc = document_from_labels(labels(lines), dynamic_label_filters());
    return canonical(*doc->root.at("http.s"), object_schema("http", "services"), Origin::labels);
  };
  EXPECT_EQ(text({"traefik.http.s.loadbalancer.passhostheader=true",
                  "traefik.http.s.loadbalancer.healthcheck.interval=60"}),
            text({"traefik.http.s.loadBalancer.healthCheck.Interval=1m",
                  "traefik.http.s.loadbalancer.server.port=1"}));
  EXPECT_NE(text({"traefik.http.s.loadbalancer.passhostheader=false"}),
            text({"traefik.http.s.loadbalancer.server.port=1"}));
}

}  // namespace
}  // namespace gateproof::config
