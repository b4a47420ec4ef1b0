// docs/findings.md is written from the table of codes, with a remedy for instance where the guide's files or the texts below
// give one. To write it anew: test_check --gtest_also_run_disabled_tests --gtest_filter='*WriteThePage'
#include <gtest/gtest.h>

#include "engine/base/text.h"
#include "engine/check/config_set.h"
#include "engine/check/disk_files_test.h"
#include "engine/env/testing/fake.h"

namespace gateproof::check {
namespace {

const std::string page_path = std::string(GP_SOURCE_DIR) + "/docs/findings.md";

std::string service(const std::string& body) { return "http:\n  services:\n    s:\n" + body; }
std::string router(const std::string& lines) { return "http:\n  routers:\n    a:\n" + lines; }
std::string entry_point(const std::string& lines) {
  return "entryPoints:\n  web:\n    address: :80\n" + lines + "providers: {docker: {}}\n";
}

std::vector<std::string> texts() {
  return {
      "http: [\n",
      "a: b\n",
      router("      rule: Path(`/`\n      service: s\n"),
      router("      rules: Path(`/`)\n"),
      router("      rule: Path(`/`)\n      service: noop@internal\n      priority: x\n"),
      router("      rule: Path(`/`)\n      service: noop@internal\n      priority: "
             "9223372036854775807\n"),
      router("      rule: Path(`/`)\n      service: gone\n"),
      router("      rule: Path(`/`)\n"),
      router("      rule: Path(`/`)\n      service: noop@internal\n      tls: {options: gone}\n"),
      service("      loadBalancer: {passHostHeader: maybe, servers: [{url: x}]}\n"),
      service("      loadBalancer: {servers: [{url: \"http://a\"}]}\n      weighted: {services: "
              "[{name: s}]}\n"),
      service("      weighted: {services: [{name: s}]}\n"),
      service("      loadBalancer: {servers: [{url: \"http://a\"}], healthCheck: {path: /, "
              "interval: 0s}}\n"),
      "http:\n  middlewares:\n    m:\n      stripPrefix: {prefixes: [/a]}\n      addPrefix: "
      "{prefix: /b}\n",
      "http:\n  middlewares:\n    m:\n      chain: {middlewares: [m]}\n",
      "http:\n  middlewares:\n    m:\n      headers: {}\n",
      "http:\n  middlewares:\n    m:\n      ipAllowList: {sourceRange: [x]}\n",
      "http:\n  middlewares:\n    m:\n      rateLimit: {average: 1, period: soon}\n",
      entry_point("    forwardedHeaders: {trustedIPs: [x]}\n"),
      "entryPoints: {web: {address: \"x\"}}\nproviders: {docker: {}}\n",
      entry_point("    http: {redirections: {entryPoint: {to: gone}}}\n"),
      "entryPoints: {web: {address: \":80\"}}\nproviders: {file: {filename: gone.yml}}\n",
      "entryPoints: {web: {address: \":80\"}}\nproviders: {docker: {}}\nexperimental: "
      "{localPlugins: "
      "{demo: {}}}\n",
      "apiVersion: traefik.io/v1alpha1\nkind: IngresRoute\nmetadata: {name: a}\n",
      "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: A}\nspec: {routes: "
      "[]}\n",
      "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: a}\nspec: {routes: "
      "[{match: \"Path(`/`)\", service: []}]}\n",
  };
}

// Labels and pairs beside a static file that reads them.
std::vector<std::pair<std::string, std::string>> flat_texts() {
  const std::string web = "services:\n  web:\n    expose: [80]\n    labels:\n";
  const std::string rule = "      traefik.http.routers.r.rule: Path(`/`)\n";
  return {
      {"", web + "      traefik.http.routers.r.rul: x\n"},
      {"exposedByDefault: false", web + rule},
      {"", "services: {web: {network_mode: none, labels: {traefik.enable: true}}}\n"},
      {"defaultRule: \"{{ .Nope }}\"", web + "      traefik.enable: true\n"},
      {"", web + rule + "      traefik.http.services.a.loadbalancer.server.port: 1\n" +
               "      traefik.http.services.b.loadbalancer.server.port: 2\n"},
      {"",
       web + rule + "  two: {expose: [80], labels: [traefik.http.routers.r.rule=Path(`/x`)]}\n"},
      {"", web + "      traefik.htp.routers.r.rule: x\n"},
      {"", "services: {web: {expose: [80], labels: [traefik.enable=true, traefik.enable=1]}}\n"},
      {"", web + "      traefik.http.routers.r.rule: Path(`/$`)\n"},
      {"", "services: {web: {image: x, labels: {traefik.enable: true}}}\n"},
      {"", web + rule + "    networks: [a, b]\n"},
      {"", web + rule + "    deploy: {labels: [traefik.enable=true]}\n"},
      {"constraints: Nope(`a`)", web + rule},
  };
}

void collect(const config::Findings& found, std::map<std::string, std::string>& remedies) {
  for (const config::Finding& f : found.list()) remedies.emplace(f.code, f.remedy);
}

std::string cell(std::string s) {
  return text::replace_all(text::replace_all(std::move(s), "|", "\\|"), "\n", " ");
}

std::string page() {
  std::map<std::string, std::string> remedies;
  testing::DiskFiles guide(std::string(GP_SOURCE_DIR) + "/scenarios/guide");
  collect(check_config_set(
              load_config_set({"static", "dynamic", "kubernetes", "helm", "added"}, guide)),
          remedies);
  for (const char* part : {"kubernetes/ingress.yaml", "kubernetes/gateway.yaml"}) {
    collect(check_config_set(load_config_set({part}, guide)), remedies);
  }
  for (const std::string& text : texts()) {
    gateproof::testing::FakeFiles files;
    files.files["a.yml"] = text;
    collect(check_config_set(load_config_set({"a.yml"}, files)), remedies);
  }
  const std::string entry = "entryPoints: {web: {address: \":80\"}}\nproviders: ";
  for (const auto& [options, text] : flat_texts()) {
    gateproof::testing::FakeFiles files;
    files.files["s.yml"] = entry + "{docker: {" + options + "}}\n";
    files.files["c.yml"] = text;
    collect(check_config_set(load_config_set({"s.yml", "c.yml"}, files)), remedies);
  }
  gateproof::testing::FakeFiles pairs;
  pairs.files["s.yml"] = entry + "{redis: {}}\n";
  pairs.files["d.kv"] = "traefik/http/routers/r/colour = x\nother/http/routers/r/rule = x\n";
  collect(check_config_set(load_config_set({"s.yml", "d.kv"}, pairs)), remedies);
  std::string out =
      "# Findings\n\nWhat `gateproof check` says. A code never changes its meaning. Errors take "
      "something out of service or leave it\n"
      "unprotected; warnings are about what works and means something else than it seems; notes "
      "say what is not looked at or not\n"
      "acted on. Made from the table in `engine/config/finding_codes.cpp`; a test compares the "
      "two.\n\n"
      "| code | severity | what | a remedy, for instance |\n| --- | --- | --- | --- |\n";
  for (const config::FindingCode& c : config::finding_codes()) {
    out += "| " + std::string(c.code) + " | " + std::string(config::to_string(c.severity)) + " | " +
           cell(std::string(c.title)) + " | " + cell(remedies[std::string(c.code)]) + " |\n";
  }
  return text::replace_all(out, " |  |", " | |");
}

TEST(FindingsPage, AgreesWithTheTable) {
  testing::DiskFiles files("/");
  const auto written = files.read(page_path, 1u << 20);
  ASSERT_TRUE(written) << page_path;
  EXPECT_EQ(*written, page())
      << "write it anew: test_check --gtest_also_run_disabled_tests --gtest_filter='*WriteThePage'";
}

TEST(FindingsPage, DISABLED_WriteThePage) { std::ofstream(page_path, std::ios::binary) << page(); }

}  // namespace
}  // namespace gateproof::check
