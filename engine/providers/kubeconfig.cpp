// The kubeconfig file (client-go's tools/clientcmd): clusters, users, contexts, and the one context that is current.
#include "engine/base/crypto.h"
#include "engine/base/text.h"
#include "engine/config/document.h"
#include "engine/providers/kube_access.h"

namespace gateproof::providers {
namespace {

using config::Value;

Error bad(const Value& at, std::string message, std::string remedy) {
  return Error(Code::invalid, "kubeconfig: " + std::move(message), at.span, std::move(remedy));
}

// The entry of a list of {name, WHAT: {...}}.
const Value* named(const Value& root, std::string_view list, std::string_view what,
                   std::string_view name) {
  const Value* all = root.find(list);
  if (!all) return nullptr;
  for (const Value& entry : all->items) {
    const Value* n = entry.find("name");
    if (n && n->str() == name) return entry.find(what);
  }
  return nullptr;
}

class Reader {
 public:
  Reader(const std::string& file, Files& files) : file_(file), files_(files) {}

  Result<KubeAccess> read(const Value& root) {
    const Value* current = root.find("current-context");
    if (!current || current->str().empty()) {
      return bad(current ? *current : root, "no context is current",
                 "write `current-context: NAME` with a name of `contexts`");
    }
    const Value* context = named(root, "contexts", "context", current->str());
    if (!context) {
      return bad(*current, "context " + text::quote(current->str()) + " does not exist",
                 "name an entry of `contexts`");
    }
    access_.name_space = text_of(*context, "namespace");
    if (const auto e = cluster(root, *context)) return *e;
    if (const auto e = user(root, *context)) return *e;
    return std::move(access_);
  }

 private:
  static std::string text_of(const Value& v, std::string_view key) {
    const Value* found = v.find(key);
    return found ? std::string(found->str()) : std::string();
  }

  std::optional<Error> cluster(const Value& root, const Value& context) {
    const std::string name = text_of(context, "cluster");
    const Value* c = named(root, "clusters", "cluster", name);
    if (!c) {
      return bad(context, "cluster " + text::quote(name) + " does not exist",
                 "name an entry of `clusters`");
    }
    const Value* server = c->find("server");
    if (!server || server->str().empty())
      return bad(*c, "the cluster has no server", "write `server: https://...`");
    if (const Value* proxy = c->find("proxy-url"); proxy && !proxy->str().empty())
      return bad(*proxy, "proxy-url is not supported", "connect to the API server directly");
    const Result<void> set = set_server(access_, server->str());
    if (!set) return bad(*server, set.error().message, set.error().remedy);
    access_.server_name = text_of(*c, "tls-server-name");
    access_.insecure_skip_verify = text_of(*c, "insecure-skip-tls-verify") == "true";
    return data_or_file(*c, "certificate-authority", access_.ca);
  }

  std::optional<Error> user(const Value& root, const Value& context) {
    const std::string name = text_of(context, "user");
    if (name.empty()) return std::nullopt;
    const Value* u = named(root, "users", "user", name);
    if (!u) {
      return bad(context, "user " + text::quote(name) + " does not exist",
                 "name an entry of `users`");
    }
    for (const char* plugin : {"exec", "auth-provider"}) {
      const Value* v = u->find(plugin);
      if (v && v->kind != Value::null) {
        return bad(*v, std::string(plugin) + " is not supported: no program is run",
                   "write a token, a tokenFile or a client certificate");
      }
    }
    if (const auto e = data_or_file(*u, "client-certificate", access_.certificate)) return e;
    if (const auto e = data_or_file(*u, "client-key", access_.key)) return e;
    if (access_.certificate.empty() != access_.key.empty()) {
      return bad(*u, "a client certificate needs its key, and a key its certificate",
                 "write both client-certificate and client-key");
    }
    access_.token = text_of(*u, "token");
    access_.username = text_of(*u, "username");
    access_.password = text_of(*u, "password");
    if (const Value* f = u->find("tokenFile"); f && !f->str().empty())
      return file(*f, access_.token, true);
    return std::nullopt;
  }

  // KEY-data in base64 wins over KEY, the name of a file.
  std::optional<Error> data_or_file(const Value& v, const std::string& key, std::string& into) {
    if (const Value* data = v.find(key + "-data"); data && !data->str().empty()) {
      std::optional<std::string> decoded = crypto::base64_decode(data->str());
      if (!decoded) {
        return bad(*data, key + "-data is no base64",
                   "write the PEM file's bytes in base64, on one line");
      }
      into = std::move(*decoded);
      return std::nullopt;
    }
    const Value* name = v.find(key);
    return name && !name->str().empty() ? file(*name, into, false) : std::nullopt;
  }

  std::optional<Error> file(const Value& name, std::string& into, bool trimmed) {
    std::string path(name.str());
    const size_t slash = file_.rfind('/');
    if (!path.starts_with('/') && slash != std::string::npos)
      path = file_.substr(0, slash + 1) + path;
    const Result<std::string> text = files_.read(path, kube_file_bytes_max);
    if (!text) {
      Error e = bad(name, path + ": " + text.error().message, "name a file that can be read");
      e.code = text.error().code;
      return e;
    }
    if (text::trim(*text).empty())
      return bad(name, path + ": it is empty", "write the file whole and then rename it");
    into = trimmed ? std::string(text::trim(*text)) : *text;
    return std::nullopt;
  }

  const std::string& file_;
  Files& files_;
  KubeAccess access_;
};

}  // namespace

Result<KubeAccess> read_kubeconfig(std::string_view text, const std::string& file, Files& files) {
  const Result<config::Document> doc = config::parse_document(text, file, config::Format::yaml);
  if (!doc) return doc.error();
  return Reader(file, files).read(doc->root);
}

}  // namespace gateproof::providers
