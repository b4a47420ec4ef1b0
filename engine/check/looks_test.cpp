// Each look with a configuration that has the fault and ones that nearly have it.
#include "engine/check/looks.h"

#include <gtest/gtest.h>

#include "engine/check/config_set.h"
#include "engine/env/testing/fake.h"

namespace gateproof::check {
namespace {

using Texts = std::map<std::string, std::string>;

config::Findings check_texts(const Texts& texts) {
  gateproof::testing::FakeFiles files;
  std::vector<std::string> paths;
  for (const auto& [name, text] : texts) {
    files.files[name] = text;
    paths.push_back(name);
  }
  return check_config_set(load_config_set(paths, files));
}

// "GP1001@d.yml:5 ..." of everything that is no note.
std::string told(const Texts& texts) {
  const config::Findings found = check_texts(texts);
  std::string out;
  for (const config::Finding& f : found.list()) {
    if (f.severity == config::Severity::note && f.code != "GP1012") continue;
    out += (out.empty() ? "" : " ") + f.code + "@" + std::string(f.span.file_name()) + ":" +
           std::to_string(f.span.line);
  }
  return out;
}

const std::string end =
    "  services:\n    s: {loadBalancer: {servers: [{url: \"http://127.0.0.1\"}]}}\n";
std::string users(const std::string& line) {
  return "http:\n  middlewares:\n    m:\n      basicAuth:\n        users:\n          - '" + line +
         "'\n";
}

TEST(Looks, Passwords) {
  const std::pair<const char*, bool> rows[] = {
      {"a:$apr1$abcd1234$KzS1AAUpbPcwfdOeIahP8/", true},
      {"a:$apr1$abcd1234$KzS1AAUpbPcwfdOeIahP8", false},    // 21
      {"a:$apr1$abcd1234$KzS1AAUpbPcwfdOeIahP8/x", false},  // 23
      {"a:$apr1$abcd1234$KzS1AAUpbPcwfdOeIahP8!", false},
      {"a:$1$abcd1234$KzS1AAUpbPcwfdOeIahP8/", true},
      {"a:$6$abcd1234$KzS1AAUpbPcwfdOeIahP8/", false},  // no kind of basicAuth's
      {"a:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=", true},
      {"a:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk", false},
      {"a:$2y$05$abcdefghijklmnopqrstuuRNrfbSRdv8BVgO610OBbS1x7nZ1711S", true},
      {"a:$2y$05$abcdefghijklmnopqrstuuRNrfbSRdv8BVgO610OBbS1x7nZ1711", false},
      {"a:$$apr1$$abcd1234$$KzS1AAUpbPcwfdOeIahP8/", false},  // copied out of a compose file
      {"a:secret", false},
  };
  for (const auto& [line, good] : rows)
    EXPECT_EQ(told({{"d.yml", users(line)}}), good ? "" : "GP1001@d.yml:6") << line;
}

// A users file is read as engines read it: what is wrong with it is said, not that it cannot be read.
TEST(Looks, UsersFile) {
  const std::string text =
      "http:\n  routers:\n    r: {rule: Path(`/`), service: s, middlewares: [m]}\n  middlewares:\n"
      "    m: {basicAuth: {usersFile: users.txt}}\n" +
      end;
  const std::pair<const char*, const char*> rows[] = {
      {"a:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=\n", ""},
      {"# nobody\n", "no users found in users.txt"},
      {"a:b:c\n", "error parsing BasicUser: a:b:c"},
      {nullptr, "open users.txt: no such file or directory"},
  };
  for (const auto& [users, why] : rows) {
    auto files = std::make_shared<gateproof::testing::FakeFiles>();
    files->files["d.yml"] = text;
    if (users) files->files["users.txt"] = users;
    ConfigSet set = load_config_set({"d.yml"}, *files);
    set.source = files;
    std::string errors;
    const config::Findings found = check_config_set(set);
    for (const config::Finding& f : found.list())
      if (f.severity == config::Severity::error) errors += f.message;
    if (std::string_view(why).empty()) {
      EXPECT_EQ(errors, "");
    } else {
      EXPECT_NE(errors.find(why), std::string::npos) << why << " not in " << errors;
    }
  }
}

TEST(Looks, Patterns) {
  const std::pair<const char*, bool> rows[] = {
      {"^https://old.example.com/(.*)", false},    {"^https://old\\.example\\.com/(.*)", true},
      {"^https://old[.]example[.]com/(.*)", true}, {"^https?://(.*)", true},
      {"^https://[a-z]+.example\\.com/", false},   {"^https://.+\\.example\\.com/", true},
      {"^https://(www\\.)?x\\.com/a.b", true},     {"^http://localhost/(.+)/x.html", false},
  };
  for (const auto& [regex, good] : rows) {
    const std::string text =
        "http:\n  middlewares:\n    m:\n      redirectRegex:\n        regex: '" +
        std::string(regex) + "'\n        replacement: x\n";
    EXPECT_EQ(told({{"d.yml", text}}), good ? "" : "GP1004@d.yml:5") << regex;
  }
  const std::string rule =
      "http:\n  routers:\n    a:\n      rule: HostRegexp(`^x.example\\.com$`)\n      service: s\n" +
      end;
  const config::Findings found = check_texts({{"d.yml", rule}});
  ASSERT_EQ(found.list().size(), 1u);
  EXPECT_EQ(found.list().front().span.to_string(), "d.yml:4:27");
}

std::string with_middlewares(const std::string& names, const std::string& bodies) {
  return "http:\n  routers:\n    a:\n      rule: Path(`/`)\n      service: s\n      middlewares: "
         "[" +
         names + "]\n" + end + "  middlewares:\n" + bodies;
}

TEST(Looks, AuthenticationBeforeTheLimit) {
  const std::string login =
      "    login: {basicAuth: {users: ['a:$apr1$abcd1234$KzS1AAUpbPcwfdOeIahP8/']}}\n";
  const std::string limit = "    limit: {rateLimit: {average: 1}}\n";
  const std::string by_user =
      "    limit: {rateLimit: {average: 1, sourceCriterion: {requestHeaderName: X-User}}}\n";
  EXPECT_EQ(told({{"d.yml", with_middlewares("login, limit", login + limit)}}), "GP1003@d.yml:6");
  EXPECT_EQ(told({{"d.yml", with_middlewares("limit, login", login + limit)}}), "");
  EXPECT_EQ(told({{"d.yml", with_middlewares("login, limit", login + by_user)}}), "");
  EXPECT_EQ(
      told({{"d.yml",
             with_middlewares(
                 "both", login + limit + "    both: {chain: {middlewares: [login, limit]}}\n")}}),
      "GP1003@d.yml:12");
}

TEST(Looks, UnusedMiddleware) {
  const std::string add = "    x: {addPrefix: {prefix: /x}}\n    y: {addPrefix: {prefix: /y}}\n";
  EXPECT_EQ(told({{"d.yml", with_middlewares("x", add)}}), "GP1005@d.yml:11");
  EXPECT_EQ(told({{"d.yml", with_middlewares("x, y", add)}}), "");
  // with labels of containers nobody knows who uses them
  const std::string docker =
      "entryPoints: {web: {address: \":80\"}}\nproviders: {docker: {}, file: {filename: d.yml}}\n";
  EXPECT_EQ(told({{"d.yml", with_middlewares("x", add)}, {"s.yml", docker}}), "");
  // and routers of containers have middlewares of their own
  EXPECT_EQ(told({{"d.yml", with_middlewares("x, y, z@docker", add)}, {"s.yml", docker}}), "");
}

std::string statics(const std::string& web,
                    const std::string& provider = "file: {filename: d.yml}") {
  return "entryPoints:\n  web:\n    address: \":443\"\n" + web + "providers: {" + provider + "}\n";
}

TEST(Looks, Port443) {
  const std::string plain = with_middlewares("", "    u: {addPrefix: {prefix: /x}}\n");
  const std::string router = "http:\n  routers:\n    a:\n      rule: Path(`/`)\n      service: s\n";
  EXPECT_EQ(told({{"d.yml", router + end}, {"s.yml", statics("")}}),
            "GP1008@d.yml:3 GP1007@s.yml:2");
  EXPECT_EQ(told({{"d.yml", router + "      tls: {}\n" + end}, {"s.yml", statics("")}}), "");
  EXPECT_EQ(told({{"d.yml", router + end}, {"s.yml", statics("    http: {tls: {}}\n")}}), "");
}

TEST(Looks, ClientAddresses) {
  const std::string depth = with_middlewares(
      "m", "    m: {rateLimit: {average: 1, sourceCriterion: {ipStrategy: {depth: 1}}}}\n");
  const std::string allow = with_middlewares(
      "m", "    m: {ipAllowList: {sourceRange: [10.0.0.0/8], ipStrategy: {depth: 2}}}\n");
  const std::string tls = "    http: {tls: {}}\n";
  EXPECT_EQ(told({{"d.yml", depth}, {"s.yml", statics(tls)}}), "GP1006@d.yml:10");
  EXPECT_EQ(told({{"d.yml", allow}, {"s.yml", statics(tls)}}), "GP1006@d.yml:10");
  EXPECT_EQ(told({{"d.yml", depth},
                  {"s.yml", statics(tls + "    forwardedHeaders: {trustedIPs: [10.0.0.0/8]}\n")}}),
            "");
  EXPECT_EQ(told({{"d.yml", depth},
                  {"s.yml", statics(tls + "    forwardedHeaders: {insecure: true}\n")}}),
            "");
  EXPECT_EQ(told({{"d.yml", depth}}), "");  // nobody knows whom the entry points trust
}

std::string two_routers(const std::string& a, const std::string& b, const std::string& rest = "") {
  return "http:\n  routers:\n    a:\n      rule: Host(`x.test`) && PathPrefix(`/api`)\n      "
         "service: s\n" +
         a + "    b:\n      rule: Host(`x.test`)\n      service: s\n" + b + end + rest;
}

TEST(Looks, Shadows) {
  EXPECT_EQ(told({{"d.yml", two_routers("      priority: 10\n", "")}}), "GP1013@d.yml:6");
  EXPECT_EQ(told({{"d.yml", two_routers("      priority: 16\n", "")}}),
            "");  // Host(`x.test`) has 14 characters
  EXPECT_EQ(told({{"d.yml", two_routers("", "")}}), "");
  EXPECT_EQ(told({{"d.yml", two_routers("      priority: 10\n", "      priority: 9\n")}}), "");
  EXPECT_EQ(told({{"d.yml", two_routers("      priority: 10\n      entryPoints: [web]\n",
                                        "      entryPoints: [websecure]\n")}}),
            "");
}

TEST(Looks, Ties) {  // catalogue 1.6
  const std::string seven = "      priority: 7\n";
  EXPECT_EQ(told({{"d.yml", two_routers(seven, seven)}}), "GP1017@d.yml:10");
  EXPECT_EQ(told({{"d.yml", two_routers(seven, "      priority: 6\n")}}), "");
  EXPECT_EQ(told({{"d.yml", two_routers(seven + "      entryPoints: [web]\n",
                                        seven + "      entryPoints: [websecure]\n")}}),
            "");
  const std::string web =
      "entryPoints: {web: {address: \":80\"}}\nproviders: {file: {filename: d.yml}}\n";
  EXPECT_EQ(told({{"d.yml", two_routers(seven + "      tls: {}\n", seven)}, {"s.yml", web}}), "");
  EXPECT_EQ(told({{"d.yml", two_routers(seven, seven)}, {"s.yml", web}}), "GP1017@d.yml:10");
  const auto rules = [](const std::string& a, const std::string& b) {
    return "http:\n  routers:\n    a: {rule: '" + a + "', service: s}\n    b: {rule: '" + b +
           "', service: s}\n" + end;
  };
  // A host against a path of the same length, by accident; neither rule alone shows a request that both take.
  EXPECT_EQ(told({{"d.yml", rules("Host(`aaaaa.test`)", "PathPrefix(`/xyz`)")}}), "GP1017@d.yml:4");
  EXPECT_EQ(told({{"d.yml", rules("Host(`aa.test`)", "Host(`bb.test`)")}}), "");
  EXPECT_EQ(told({{"d.yml", rules("Path(`/a`)", "Path(`/b`)")}}), "");
  EXPECT_EQ(told({{"d.yml", rules("HostRegexp(`^a`)", "Host(`b.testing`)")}}), "");
}

// Each router is compared with ties_compared_max others of its priority, and with no more.
TEST(Looks, TiesOfManyRouters) {
  for (const bool over : {false, true}) {
    std::string text = "http:\n  routers:\n    a: {rule: 'Path(`/x/0000`)', service: s}\n";
    const size_t between = ties_compared_max - 1 + over;
    for (size_t i = 0; i < between; ++i) {
      std::string n = std::to_string(1000 + i);
      text += "    b" + n + ": {rule: 'Path(`/y/" + n + "`)', service: s}\n";
    }
    text += "    c: {rule: 'Path(`/x/0000`)', service: s}\n" + end;
    EXPECT_EQ(told({{"d.yml", text}}).empty(), over);
  }
}

TEST(Looks, FailOpen) {
  const std::string bad = "  middlewares:\n    m: {ipAllowList: {sourceRange: [nope]}}\n";
  EXPECT_EQ(told({{"d.yml", two_routers("      middlewares: [m]\n", "", bad)}}),
            "GP1014@d.yml:6 GP0401@d.yml:13");
  EXPECT_EQ(told({{"d.yml", two_routers("      middlewares: [gone]\n", "")}}),
            "GP0307@d.yml:6 GP1014@d.yml:6");
  EXPECT_EQ(told({{"d.yml", two_routers("      middlewares: [gone]\n      entryPoints: [web]\n",
                                        "      entryPoints: [websecure]\n")}}),
            "GP0307@d.yml:6");
}

TEST(Looks, Readers) {
  EXPECT_EQ(told({{"s.yml", "entryPoints: {web: {address: \":80\"}}\n"}}), "GP1010@s.yml:1");
  const std::string d =
      "http:\n  routers:\n    a:\n      rule: Path(`/`)\n      service: s\n" + end;
  const std::string web = "entryPoints: {web: {address: \":80\"}}\nproviders: {";
  EXPECT_EQ(told({{"d.yml", d}, {"s.yml", web + "kubernetesCRD: {}}\n"}}), "GP1011@d.yml:1");
  EXPECT_EQ(told({{"d.yml", d}, {"s.yml", web + "file: {directory: /etc/traefik/dynamic}}\n"}}),
            "");
  EXPECT_EQ(told({{"c/d.yml", d}, {"d.yml", d}, {"s.yml", web + "file: {filename: d.yml}}\n"}})
                .substr(0, 16),
            "GP1011@c/d.yml:1");
  const std::string acme =
      "certificatesResolvers:\n  r:\n    acme:\n      dnsChallenge:\n        provider: hetzner\n";
  EXPECT_EQ(told({{"s.yml", web + "docker: {}}\n" + acme}}), "GP1012@s.yml:7");
}

TEST(Looks, RedirectionBehindTls) {
  const std::string to = with_middlewares("m", "    m: {redirectScheme: {scheme: https}}\n");
  EXPECT_EQ(told({{"d.yml", to}, {"s.yml", statics("    http: {tls: {}}\n")}}), "GP1002@d.yml:6");
  EXPECT_EQ(
      told({{"d.yml", to},
            {"s.yml",
             "entryPoints: {web: {address: \":80\"}}\nproviders: {file: {filename: d.yml}}\n"}}),
      "");
}

TEST(Looks, DefaultEntryPoints) {
  const std::string base =
      "entryPoints:\n  metrics:\n    address: \":9100\"\n  web:\n    address: \":80\"\n";
  EXPECT_EQ(told({{"s.yml", base + "providers: {docker: {}}\n"}}), "GP1009@s.yml:2");
  EXPECT_EQ(told({{"s.yml", base + "    asDefault: true\nproviders: {docker: {}}\n"}}), "");
}

TEST(Looks, HelmReplicas) {
  const std::string acme =
      "certificatesResolvers: {r: {acme: {storage: /data/a.json, httpChallenge: {entryPoint: "
      "web}}}}\n";
  EXPECT_EQ(told({{"values.yaml", "deployment: {replicas: 1}\n" + acme}}), "");
  EXPECT_EQ(told({{"values.yaml", "deployment: {replicas: 2}\n" + acme}}),
            "GP0902@values.yaml:1 GP0903@values.yaml:2");
  EXPECT_EQ(
      told({{"values.yaml",
             "autoscaling: {enabled: true, maxReplicas: 3}\ndeployment: {replicas: 1}\n" + acme}}),
      "GP0902@values.yaml:1 GP0903@values.yaml:3");
  EXPECT_EQ(told({{"values.yaml", "ports: {web: {prot: 80}}\n"}}), "GP0901@values.yaml:1");
  EXPECT_EQ(told({{"values.yaml", "ports: {mine: {port: 7000, expose: {default: true}}}\n"}}), "");
}

TEST(Looks, StandardInputAndTwice) {
  gateproof::testing::FakeFiles files;
  files.files["a/d.yml"] = users("a:secret");
  EXPECT_EQ(
      check_config_set(load_config_set({"a", "a/d.yml", "a/../a/d.yml"}, files)).list().size(), 1u);
  const config::Findings found = check_config_set(load_config_set({"-"}, files, users("a:secret")));
  ASSERT_EQ(found.list().size(), 1u);
  EXPECT_EQ(found.list().front().span.to_string(), "-:6:14");
}

}  // namespace
}  // namespace gateproof::check
