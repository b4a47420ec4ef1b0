// Whether anybody reads what is there: static files without a provider, dynamic files and objects that none reaches; and what
// resolvers need beside their files.
#include "engine/base/text.h"
#include "engine/check/assemble.h"
#include "engine/check/flat_inputs.h"
#include "engine/check/looks.h"
#include "engine/check/paths.h"
#include "engine/check/reader.h"
#include "engine/providers/compose.h"

namespace gateproof::check {

using config::Value;

namespace {

SourceSpan first_key(const LoadedFile& f) {
  const Value& root = f.documents.front().root;
  return root.members.empty() ? root.span : root.members.front().key_span;
}

const LoadedFile* file_of(const ConfigSet& set, const std::string& path) {
  for (const LoadedFile& f : set.files) {
    if (f.path == path) return &f;
  }
  return nullptr;
}

// Paths that cannot be looked into (of a container, say) may hold the file.
bool may_read(const config::StaticConfig& s, const ConfigSet& set, const std::string& file) {
  if (!s.file) return false;
  const config::Text& path = s.file->directory.value.empty() ? s.file->filename : s.file->directory;
  if (path.value.empty()) return false;
  for (const std::string& target :
       {plain_path(path.value), plain_path(join_path(directory_of(s.file_name), path.value))}) {
    if (reaches(target, file)) return true;
    for (const LoadedFile& f : set.files) {
      if (f.kind == FileKind::dynamics && reaches(target, f.path))
        return false;  // it is here, and does not hold this file
    }
  }
  return true;
}

void unread_files(const ConfigSet& set, Sightings& out) {
  for (const LoadedFile& f : set.files) {
    if (f.kind != FileKind::dynamics || f.followed || set.statics.empty()) continue;
    const bool read = std::any_of(set.statics.begin(), set.statics.end(), [&](const auto& s) {
      return !has_provider(*s) || may_read(*s, set, f.path);
    });
    if (read) continue;
    out.add("GP1011", first_key(f), "dynamic configuration",
            "no providers.file of these static files reads this file: nothing in it exists",
            "write providers.file with this file or its directory");
  }
}

// Compose files and dumps, of which a static file's own provider has to be there.
void unread_flat_inputs(const ConfigSet& set, Sightings& out) {
  for (const LoadedFile& f : set.files) {
    const bool compose = f.kind == FileKind::compose;
    if ((!compose && f.kind != FileKind::pairs) || set.statics.empty()) continue;
    const bool read = std::any_of(set.statics.begin(), set.statics.end(), [&](const auto& s) {
      return !has_provider(*s) ||
             (compose ? !s->containers.empty()
                      : s->pairs.contains(pair_provider(f, f.pairs.format, s.get())));
    });
    if (read) continue;
    SourceSpan at = start_of(f.path);
    if (!f.documents.empty()) at = first_key(f);
    if (compose) {
      if (!providers::label_places(f.documents.front()).labels) continue;
      out.add("GP1011", at, "compose file",
              "no static file has providers.docker: the labels in this file take no effect",
              "write providers.docker");
      continue;
    }
    const std::string provider = pair_provider(f, f.pairs.format, set.statics.front().get());
    out.add("GP1011", at, "key/value pairs",
            "no static file has providers." + provider + ": these pairs are not read",
            "write providers." + provider + ", or the store's name into the file's name");
  }
}

void unread_objects(const ConfigSet& set, Sightings& out) {
  if (set.objects.empty() || set.statics.empty()) return;
  for (const Assembly& a : set.assemblies) {
    const config::StaticConfig& s = *a.statics;
    if (!has_provider(s) || s.kubernetes_crd || s.kubernetes_ingress || s.kubernetes_gateway ||
        s.kubernetes_nginx)
      return;
    for (const auto& [name, span] : s.other_providers) {
      if (name == "knative") return;
    }
  }
  const kubernetes::Object& first = set.objects.all().front();
  out.add("GP1011", first.span, first.label(),
          "no static file has a Kubernetes provider: these objects are not read",
          "write providers.kubernetesCRD and providers.kubernetesIngress");
}

struct DnsProvider {
  std::string_view name, variables;
};
constexpr DnsProvider dns_providers[] = {
    {"acme-dns", "ACME_DNS_API_BASE and ACME_DNS_STORAGE_PATH"},
    {"azuredns", "AZURE_CLIENT_ID, AZURE_CLIENT_SECRET and AZURE_TENANT_ID"},
    {"cloudflare", "CF_DNS_API_TOKEN"},
    {"desec", "DESEC_TOKEN"},
    {"digitalocean", "DO_AUTH_TOKEN"},
    {"duckdns", "DUCKDNS_TOKEN"},
    {"gandiv5", "GANDIV5_PERSONAL_ACCESS_TOKEN"},
    {"gcloud", "GCE_PROJECT and GCE_SERVICE_ACCOUNT_FILE"},
    {"godaddy", "GODADDY_API_KEY and GODADDY_API_SECRET"},
    {"hetzner", "HETZNER_API_TOKEN"},
    {"linode", "LINODE_TOKEN"},
    {"namecheap", "NAMECHEAP_API_USER and NAMECHEAP_API_KEY"},
    {"ovh", "OVH_ENDPOINT, OVH_APPLICATION_KEY, OVH_APPLICATION_SECRET and OVH_CONSUMER_KEY"},
    {"rfc2136", "RFC2136_NAMESERVER, RFC2136_TSIG_KEY and RFC2136_TSIG_SECRET"},
    {"route53", "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION"},
    {"vultr", "VULTR_API_KEY"},
};

std::string variables_of(std::string_view provider) {
  for (const DnsProvider& p : dns_providers) {
    if (text::iequals(p.name, provider)) return std::string(p.variables);
  }
  return "the variables that lego lists for " + std::string(provider);
}

}  // namespace

void look_at_readers(const ConfigSet& set, const Declared& declared, Sightings& out) {
  for (const auto& s : set.statics) {
    const LoadedFile* f = file_of(set, s->file_name);
    if (has_provider(*s) || !f) continue;
    out.add(
        "GP1010", first_key(*f), "static configuration",
        "the static configuration has no provider: no router is ever read, so nothing is routed",
        "write providers.file, or the provider that your routers come from");
  }
  unread_files(set, out);
  unread_flat_inputs(set, out);
  unread_objects(set, out);
}

void look_at_dns_challenges(const ConfigSet& set, const Declared& declared, Sightings& out) {
  for (const LoadedFile& f : set.files) {
    if (f.kind != FileKind::statics && f.kind != FileKind::helm_values) continue;
    const Value& root = f.documents.front().root;
    const Value* resolvers = root.find_nocase("certificatesResolvers");
    // The chart hands variables to the container; there they can be seen.
    if (!resolvers ||
        (f.kind == FileKind::helm_values && (root.find("env") || root.find("envFrom"))))
      continue;
    for (const Value::Member& m : resolvers->members) {
      const Value* acme = m.value.find_nocase("acme");
      const Value* challenge = acme ? acme->find_nocase("dnsChallenge") : nullptr;
      const Value* provider = challenge ? challenge->find_nocase("provider") : nullptr;
      if (!provider || provider->str().empty() || text::iequals(provider->str(), "manual"))
        continue;
      out.add("GP1012", provider->span, "resolver " + m.key,
              "the DNS challenge of " + provider->text +
                  " takes its credentials from the environment, which is not seen here; "
                  "without them no certificate is made",
              "give Traefik " + variables_of(provider->str()));
    }
  }
}

}  // namespace gateproof::check
