// Sources of the static configuration (catalogue 6.2, surprise 49), and flags and variables as Traefik 3.7.15 reads them.
#include <gtest/gtest.h>

#include "engine/config/static.h"
#include "engine/config/testing_types.h"

namespace gateproof::config {
namespace {

struct Loaded {
  std::optional<StaticConfig> config;
  Findings findings;
};

Loaded load(std::vector<std::string> arguments,
            std::vector<std::pair<std::string, std::string>> environment = {},
            std::map<std::string, std::string> files = {}) {
  Loaded l;
  StaticSources s;
  s.arguments = std::move(arguments);
  s.environment = std::move(environment);
  s.default_files = {"/etc/traefik/traefik.toml", "/etc/traefik/traefik.yml"};
  s.read_file = [files = std::move(files)](const std::string& path) -> Result<std::string> {
    const auto at = files.find(path);
    if (at == files.end()) return Error(Code::not_found, "no such file: " + path);
    return at->second;
  };
  l.config = load_static(s, l.findings);
  return l;
}

std::string names(const Loaded& l) {
  std::string out;
  if (!l.config) return "none";
  for (const auto& [name, e] : l.config->entry_points)
    out += (out.empty() ? "" : " ") + name + "=" + e.address.value;
  return out;
}

TEST(LoadStatic, SourcesExcludeEachOther) {
  const std::string yaml = "entryPoints: {f: {address: ':1'}}\n";
  const std::vector<std::pair<std::string, std::string>> environment = {
      {"TRAEFIK_ENTRYPOINTS_E_ADDRESS", ":2"}};
  const std::map<std::string, std::string> named = {{"/x.yml", yaml}};
  Loaded l = load({"--configFile=/x.yml", "--entryPoints.a.address=:3"}, environment, named);
  EXPECT_EQ(names(l), "f=:1");
  ASSERT_EQ(l.findings.list().size(), 1u);
  EXPECT_EQ(l.findings.list()[0].code, "GP0207");
  EXPECT_EQ(l.findings.list()[0].span.file_name(), "argument 2");
  EXPECT_EQ(l.config->file_name, "/x.yml");
  EXPECT_EQ(names(load({"--entryPoints.a.address=:3"}, environment)), "a=:3");
  EXPECT_EQ(names(load({}, environment)), "e=:2");
  EXPECT_EQ(names(load({})), "");
  EXPECT_EQ(names(load({}, environment, {{"/etc/traefik/traefik.yml", yaml}})), "f=:1");
  EXPECT_EQ(names(load({}, environment,
                       {{"/etc/traefik/traefik.yml", yaml},
                        {"/etc/traefik/traefik.toml", "[entryPoints.t]\naddress = ':9'\n"}})),
            "t=:9");
  EXPECT_EQ(names(load({"--CONFIGFILE", "/x.yml"}, {}, named)), "f=:1");
  EXPECT_EQ(names(load({"--configfile="}, environment)), "e=:2");
}

TEST(LoadStatic, FilesThatCannotBeRead) {
  Loaded l = load({"--configFile=/nope.yml"});
  EXPECT_FALSE(l.config);
  ASSERT_EQ(l.findings.list().size(), 1u);
  EXPECT_EQ(l.findings.list()[0].code, "GP0001");
  EXPECT_EQ(l.findings.list()[0].span.file_name(), "/nope.yml");
  EXPECT_FALSE(l.findings.list()[0].remedy.empty());
  l = load({"--configFile=/x.yml"}, {}, {{"/x.yml", "a: [\n"}});
  EXPECT_FALSE(l.config);
  EXPECT_EQ(l.findings.list()[0].code, "GP0002");
}

TEST(LoadStatic, OurOptionsStandBesideAnySource) {
  const std::map<std::string, std::string> files = {
      {"/x.yml", "gateproof: {strict: true, workers: 2, seed: 1}\n"}};
  Loaded l = load({"--configFile=/x.yml", "--gateproof.workers=4"},
                  {{"GATEPROOF_SEED", "7"}, {"GATEPROOF_WORKERS", "3"}}, files);
  ASSERT_TRUE(l.config) << testing::brief(l.findings);
  EXPECT_TRUE(l.findings.list().empty()) << testing::brief(l.findings);
  EXPECT_TRUE(l.config->gateproof.strict);
  EXPECT_EQ(l.config->gateproof.workers, 4);  // flag over variable over file
  EXPECT_EQ(l.config->gateproof.seed, 7);
  l = load({"--gateproof.strict"},
           {{"TRAEFIK_ENTRYPOINTS_E_ADDRESS", ":2"}, {"GATEPROOF_HOME", "/x"}});
  EXPECT_EQ(names(l), "e=:2");
  EXPECT_TRUE(l.config->gateproof.strict);
  l = load({"--gateproof.strct"});
  EXPECT_FALSE(l.config);
  EXPECT_EQ(l.findings.list()[0].remedy, "did you mean `strict`?");
  l = load({}, {{"GATEPROOF_STRICT", "maybe"}});
  EXPECT_FALSE(l.config);
  EXPECT_EQ(l.findings.list()[0].span.file_name(), "GATEPROOF_STRICT");
}

TEST(Flags, Forms) {
  const std::tuple<std::vector<std::string>, const char*> rows[] = {
      {{"-entrypoints.w.address=:1"}, "w=:1"},
      {{"--EntryPoints.W.Address=:1"}, "W=:1"},
      {{"--entrypoints.w"}, "w="},
      {{"--entrypoints.w=true"}, "w="},
      {{"--entrypoints.w.address"}, "w=true"},  // below a name of the user's the type is not known
      {{"--log.level", "DEBUG", "--entrypoints.w.address=:1"}, "w=:1"},
      {{"--entrypoints.w.address=:1", "--entrypoints.W.asdefault"}, "w=:1"},
      {{"--entrypoints.w.address=:1", "--", "--entrypoints.v.address=:2"}, "w=:1"},
      {{"--entrypoints.w.address=:1", "foo", "--entrypoints.v.address=:2"}, "w=:1"},
      {{"--entrypoints.w.address=:1", "--entrypoints.w.address=:2"}, "w=:2"}};
  for (const auto& [arguments, want] : rows) {
    const Loaded l = load(arguments);
    if (std::string_view(want) == "w=true") {
      EXPECT_FALSE(l.config);  // "true" is no address
      continue;
    }
    EXPECT_EQ(names(l), want) << arguments[0] << testing::brief(l.findings);
  }
}

TEST(Flags, ListsAndObjects) {
  Loaded l = load(
      {"--entrypoints.w.http.middlewares=a@file, b@file", "--entrypoints.w.http.middlewares=c@file",
       "--entrypoints.w.http.tls.domains[0].main=a", "--entrypoints.w.http.tls.domains[0].sans=b,c",
       "--entrypoints.w.http.tls.domains[1].main=d", "--ping", "--api.insecure"});
  ASSERT_TRUE(l.config) << testing::brief(l.findings);
  const EntryPointConfig& e = l.config->entry_points.at("w");
  ASSERT_EQ(e.middlewares.size(), 3u);
  EXPECT_EQ(e.middlewares[1].value, "b@file");
  ASSERT_EQ(e.tls->domains.size(), 2u);
  EXPECT_EQ(e.tls->domains[0].sans, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(e.tls->domains[1].main, "d");
  EXPECT_TRUE(l.config->ping && l.config->api->insecure);
  // Elements of a list of texts are not written with an index: Traefik ignores them.
  l = load({"--entrypoints.w.http.middlewares[0]=a@file"});
  ASSERT_TRUE(l.config) << testing::brief(l.findings);
  EXPECT_TRUE(l.config->entry_points.at("w").middlewares.empty());
  EXPECT_EQ(l.findings.list()[0].code, "GP0107");
  l = load({"--entrypoints.w.http.tls"});
  EXPECT_TRUE(l.config->entry_points.at("w").tls);
  l = load({"--entrypoints.w.http.tls=false"});
  EXPECT_FALSE(l.config->entry_points.at("w").tls);
  l = load({"--entrypoints.w.http.tls", "--entrypoints.w.http.tls.options=o"});
  EXPECT_EQ(l.config->entry_points.at("w").tls->options.value, "o");
  l = load({"--ping=false"});
  EXPECT_FALSE(l.config->ping);
  l = load({"--metrics.prometheus.headerlabels.foo=X-Foo"});
  EXPECT_TRUE(l.config) << testing::brief(l.findings);
}

TEST(Flags, Errors) {
  const std::tuple<std::vector<std::string>, const char*> rows[] = {
      {{"--nope=1"}, "GP0101 0:0 field not found, node: nope"},
      {{"--nope"}, "GP0101 0:0 field not found, node: nope"},
      {{"--entrypoints.w.nope=1"}, "GP0101 0:0 field not found, node: nope"},
      {{"--providers.file"}, "GP0103 0:0 file cannot be a standalone element"},
      {{"--providers.file=true"}, "GP0103 0:0 file cannot be a standalone element"},
      {{"--api.debug=maybe"}, "GP0105 0:0 strconv.ParseBool: parsing \"maybe\": invalid syntax"},
      {{"--=x"}, "GP0002 0:0 bad flag syntax: --=x"},
      {{"---x=1"}, "GP0002 0:0 bad flag syntax: ---x=1"},
      {{"--log.level"}, "GP0002 0:0 flag needs an argument: --log.level"},
      {{"--pilot.token=x"},
       "GP0205 0:0 `pilot` has been removed in Traefik v3: incompatible deprecated option"}};
  for (const auto& [arguments, want] : rows) {
    const Loaded l = load(arguments);
    EXPECT_FALSE(l.config) << arguments[0];
    EXPECT_TRUE(testing::brief(l.findings).starts_with(want)) << arguments[0] << "\n"
                                                              << testing::brief(l.findings);
    EXPECT_EQ(l.findings.list()[0].span.file_name(), "argument 1");
  }
}

TEST(Flags, DepthLimit) {
  std::string deep = "--a";
  for (int i = 1; i < 64; ++i) deep += ".a";
  EXPECT_TRUE(document_from_flags({deep + "=1"}).has_value());
  const auto over = document_from_flags({deep + ".a=1"});
  ASSERT_TRUE(over.has_error());
  EXPECT_EQ(over.error().code, Code::limit);
  EXPECT_TRUE(document_from_flags({}).has_value());
}

TEST(Environment, Variables) {
  Loaded l = load({}, {{"TRAEFIK_ENTRYPOINTS_WEB_ADDRESS", ":1"},
                       {"TRAEFIK_ENTRYPOINTS_WEB_HTTP_MIDDLEWARES", "a@file,b@file"},
                       {"TRAEFIK_ENTRYPOINTS_WEB_HTTP_TLS_DOMAINS_0_MAIN", "x"},
                       {"TRAEFIK_ENTRYPOINTS_WEB_HTTP_TLS_DOMAINS_0_SANS", "y,z"},
                       {"TRAEFIK_API", "true"},
                       {"TRAEFIK_API_INSECURE", "true"},
                       {"TRAEFIK_NOPE", "1"},
                       {"TRAEFIK_CONFIGFILE", "/nope.yml"},
                       {"traefik_entrypoints_v_address", ":2"},
                       {"PATH", "/bin"}});
  ASSERT_TRUE(l.config) << testing::brief(l.findings);
  EXPECT_EQ(names(l), "web=:1");
  const EntryPointConfig& e = l.config->entry_points.at("web");
  EXPECT_EQ(e.middlewares.size(), 2u);
  ASSERT_EQ(e.tls->domains.size(), 1u);
  EXPECT_EQ(e.tls->domains[0].sans, (std::vector<std::string>{"y", "z"}));
  EXPECT_TRUE(l.config->api->insecure);
  l = load({}, {{"TRAEFIK_API_NOPE", "true"}});
  EXPECT_FALSE(l.config);
  EXPECT_EQ(l.findings.list()[0].message, "field not found, node: nope");
  EXPECT_EQ(l.findings.list()[0].span.file_name(), "TRAEFIK_API_NOPE");
}

}  // namespace
}  // namespace gateproof::config
