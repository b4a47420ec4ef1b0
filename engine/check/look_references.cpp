// Names of middlewares that exist nowhere: what form the name should have, and which one was probably meant.
#include "engine/base/text.h"
#include "engine/check/declared_kubernetes.h"
#include "engine/check/looks.h"
#include "engine/kubernetes/names.h"

namespace gateproof::check {

namespace {

std::string_view last_word(std::string_view name) {
  const size_t dash = name.rfind('-');
  return dash == std::string_view::npos ? name : name.substr(dash + 1);
}

// The declared middleware that was probably meant; null when none is like it.
const DeclaredMiddleware* meant(const Declared& declared, const kubernetes::ObjectStore& store,
                                std::string_view bare, std::string_view provider) {
  // namespace and name the other way round, as the form is often told
  for (const kubernetes::Object* o : store.list(kubernetes::traefik_group, "Middleware")) {
    if (o->name + "-" + o->ns == bare) {
      return declared.middleware(
          config::qualify(kubernetes::object_name(o->ns, o->name), kubernetes::crd_provider));
    }
  }
  std::vector<std::string_view> names;
  // Written in a file and used in a label: the provider's name is what is left out most often.
  for (const auto& [name, m] : declared.middlewares) {
    if (!provider.starts_with("kubernetes") && config::bare_name(name) == bare &&
        config::provider_of(name) != provider)
      return &m;
    if (config::provider_of(name) == provider) names.push_back(config::bare_name(name));
  }
  auto near = text::nearest(bare, names);
  const size_t dash = bare.find('-');
  const std::string_view first = bare.substr(0, dash == std::string_view::npos ? 0 : dash + 1);
  for (size_t i = 0; i < names.size() && !near; ++i) {
    if (names[i].starts_with(first) && last_word(names[i]) == last_word(bare))
      near = std::string(names[i]);
  }
  return near ? declared.middleware(config::qualify(*near, provider)) : nullptr;
}

std::string form_of(const DeclaredRouter& r, const MiddlewareUse& use) {
  if (r.provider == "kubernetescrd" && use.written.find('@') == std::string::npos) {
    return "";
  }
  return "the form of a Kubernetes middleware's name is namespace-name@kubernetescrd";
}

std::string remedy_for(const Declared& declared, const ConfigSet& set, const DeclaredRouter& r,
                       const MiddlewareUse& use) {
  const std::string provider(config::provider_of(use.name));
  const DeclaredMiddleware* near =
      meant(declared, set.objects, config::bare_name(use.name), provider);
  std::string remedy = provider == "kubernetescrd" ? form_of(r, use) : "";
  if (near) {
    const bool crd_name =
        r.provider == "kubernetescrd" && use.written.find('@') == std::string::npos;
    std::string name = near->name;
    if (crd_name) name = near->object.substr(near->object.rfind('/') + 1);
    if (config::provider_of(near->name) == r.provider &&
        use.written.find('@') == std::string::npos && r.provider != "kubernetescrd")
      name = config::bare_name(near->name);
    return remedy + (remedy.empty() ? "" : "; ") + "did you mean `" + name + "` (" + near->object +
           ")?";
  }
  return remedy + (remedy.empty() ? "" : "; ") + "define the middleware, or correct the name";
}

// "Middleware traefik/dashboard-auth" where the name alone does not say it.
std::string what_is_missing(const DeclaredRouter& r, const MiddlewareUse& use) {
  std::string out = "middleware " + text::quote(use.name) + " does not exist";
  if (r.provider == "kubernetescrd" && use.written != use.name) {
    const size_t slash = r.object.find(' ');
    const std::string ns = r.object.substr(slash + 1, r.object.find('/') - slash - 1);
    out += " (no Middleware " + use.written + " in namespace " + ns + ")";
  }
  return out;
}

// Whether labels or pairs of a provider are among the files.
bool was_read(const ConfigSet& set, std::string_view provider) {
  return std::any_of(set.assemblies.begin(), set.assemblies.end(), [&](const Assembly& a) {
    return std::any_of(a.trees.begin(), a.trees.end(),
                       [&](const auto& tree) { return tree.first == provider; });
  });
}

// Services that an Ingress names. The translator says so of those that it takes; here it is said of all.
void look_at_backends(const ConfigSet& set, Sightings& out) {
  for (const kubernetes::Object* o : set.objects.list(kubernetes::networking_group, "Ingress")) {
    for (const config::Value& rule : kubernetes::items_at(o->at("spec"), "rules")) {
      for (const config::Value& path :
           kubernetes::items_at(kubernetes::member(&rule, "http"), "paths")) {
        const config::Value* service = path.at("backend.service");
        const config::Text name = kubernetes::located_at(service, "name");
        if (name.value.empty() ||
            set.objects.find(kubernetes::core_group, "Service", o->ns, name.value))
          continue;
        out.add("GP0710", name.span, o->label(),
                "service not found: " + o->ns + "/" + name.value + ": the path is skipped",
                "define Service " + name.value + " in namespace " + o->ns, true);
      }
    }
  }
}

}  // namespace

void look_at_references(const ConfigSet& set, const Declared& declared, Sightings& out) {
  look_at_backends(set, out);
  for (const DeclaredRouter& r : declared.routers) {
    for (const MiddlewareUse& use : r.middlewares) {
      const std::string_view provider = config::provider_of(use.name);
      const bool ours =
          provider == "kubernetescrd" || provider == "file" || was_read(set, provider);
      if (!ours) {
        // An Ingress names its middlewares with their provider; without one the name is looked for among its own, which has none.
        if (provider.empty()) {
          out.add("GP0307", use.span, r.object,
                  "middleware \"" + use.name +
                      "@kubernetes\" does not exist: the provider of the name is missing, and the "
                      "router "
                      "is disabled",
                  "the form is namespace-name@kubernetescrd");
        }
        continue;
      }
      if (declared.middleware(use.name)) continue;
      out.add("GP0307", use.span, r.object,
              what_is_missing(r, use) +
                  ": the router is disabled and fails open: a broader router, if there is one, "
                  "serves its requests without it",
              remedy_for(declared, set, r, use));
    }
  }
}

}  // namespace gateproof::check
