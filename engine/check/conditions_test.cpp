// What a controller that conforms to the API would tell the guide's Gateway, and that Traefik's dialect stays as it is.
#include "engine/check/conditions.h"

#include <gtest/gtest.h>

#include "engine/check/disk_files_test.h"

namespace gateproof::check {
namespace {

ConfigSet guide(const std::vector<std::string>& paths) {
  testing::DiskFiles files(std::string(GP_SOURCE_DIR) + "/scenarios/guide/");
  return load_config_set(paths, files);
}

std::vector<std::string> rows(const GatewayConditions& all) {
  std::vector<std::string> out;
  for (const auto& p : all.parts) {
    std::string text = p.object + (p.part.empty() ? "" : ", " + p.part) + ":";
    for (const auto& c : p.conditions)
      text += " " + c.type + "=" + c.status + (c.reason == c.type ? "" : "/" + c.reason);
    out.push_back(std::move(text));
  }
  return out;
}

std::vector<std::string> gateway_findings(const config::Findings& all) {
  std::vector<std::string> out;
  for (const config::Finding& f : all.list()) {
    if (f.code.starts_with("GP08") || f.code == "GP1121")
      out.push_back(f.code + " " + std::to_string(f.span.line) + " " + f.object + ": " +
                    f.message.substr(0, f.message.find(": ", f.message.find(": ") + 2)));
  }
  return out;
}

TEST(Conditions, BothFaultsOfTheGuidesGateway) {
  const ConfigSet set = guide({"kubernetes/gateway.yaml", "added/services.yaml"});
  EXPECT_EQ(rows(gateway_conditions(set, Dialect::standard)),
            (std::vector<std::string>{
                "GatewayClass traefik: Accepted=True SupportedVersion=True",
                "Gateway traefik/traefik-gateway: Accepted=True Programmed=True "
                "ResolvedRefs=False/ListenersNotResolved",
                "Gateway traefik/traefik-gateway, listener web: Accepted=True Programmed=True "
                "ResolvedRefs=True",
                "Gateway traefik/traefik-gateway, listener websecure: Accepted=True "
                "Programmed=False/Invalid ResolvedRefs=False/InvalidCertificateRef",
                "HTTPRoute default/my-app-route, parent Gateway traefik/traefik-gateway: "
                "Accepted=False/NotAllowedByListeners ResolvedRefs=True"}));
  const config::Findings found = check_config_set(set, Dialect::standard);
  std::vector<std::string> codes;
  for (const config::Finding& f : found.list()) {
    if (!f.code.starts_with("GP08")) continue;
    codes.push_back(f.code + " " + std::to_string(f.span.line));
    EXPECT_FALSE(f.remedy.empty());
  }
  EXPECT_EQ(codes, (std::vector<std::string>{"GP0802 25", "GP0810 34"}));
  // The words of a condition say what to change.
  const auto parts = gateway_conditions(set, Dialect::standard).parts;
  EXPECT_NE(parts[4].conditions[0].message.find("allowedRoutes.namespaces"), std::string::npos);
  EXPECT_NE(parts[3].conditions[2].message.find("Secret traefik/example-tls does not exist"),
            std::string::npos);
}

TEST(Conditions, WithoutTheServicesTheBackendIsMissingToo) {
  const ConfigSet set = guide({"kubernetes/gateway.yaml"});
  EXPECT_EQ(rows(gateway_conditions(set, Dialect::standard)).back(),
            "HTTPRoute default/my-app-route, parent Gateway traefik/traefik-gateway: "
            "Accepted=False/NotAllowedByListeners ResolvedRefs=False/BackendNotFound");
}

TEST(Conditions, TraefiksDialectIsAsItWas) {
  const ConfigSet set = guide({"kubernetes/gateway.yaml", "added/services.yaml"});
  const config::Findings plain = check_config_set(set),
                         traefik = check_config_set(set, Dialect::traefik);
  EXPECT_EQ(plain.list().size(), traefik.list().size());
  EXPECT_FALSE(gateway_findings(plain).empty());
  EXPECT_EQ(rows(gateway_conditions(set, Dialect::traefik)),
            (std::vector<std::string>{
                "Gateway traefik/traefik-gateway, listener web: Accepted=True ResolvedRefs=True "
                "Programmed=True",
                "Gateway traefik/traefik-gateway, listener websecure: "
                "ResolvedRefs=False/InvalidCertificateRef Programmed=False/Invalid",
                "HTTPRoute default/my-app-route, parent Gateway traefik/traefik-gateway: "
                "Accepted=False/NotAllowedByListeners ResolvedRefs=True"}));
}

TEST(Conditions, TheStandardSaysNothingOfTraefiks) {
  for (const std::string& f :
       gateway_findings(check_config_set(guide({"kubernetes/gateway.yaml"}), Dialect::standard)))
    EXPECT_FALSE(f.starts_with("GP1121")) << f;
  EXPECT_EQ(dialect_of("standard"), Dialect::standard);
  EXPECT_EQ(dialect_of("other"), std::nullopt);
}

}  // namespace
}  // namespace gateproof::check
