#include "engine/providers/kube_access.h"

#include "engine/base/address.h"
#include "engine/base/crypto.h"
#include "engine/base/text.h"
#include "engine/http/url.h"

namespace gateproof::providers {
namespace {

Error unreadable(std::string_view what, const std::string& file, const Error& why) {
  return Error(why.code, std::string(what) + " " + file + ": " + why.message);
}

// What a file holds. One that is empty is being written: nothing is meant by it.
Result<std::string> read_full(std::string_view what, const std::string& file, Files& files) {
  Result<std::string> text = files.read(file, kube_file_bytes_max);
  if (!text) return unreadable(what, file, text.error());
  if (text::trim(*text).empty()) return unreadable(what, file, Error(Code::invalid, "it is empty"));
  return text;
}

Result<KubeAccess> in_a_pod(const std::string& endpoint, const std::string& host,
                            const std::string& port, Files& files) {
  KubeAccess access;
  const std::string address =
      host.find(':') == std::string::npos ? host + ":" + port : "[" + host + "]:" + port;
  const Result<void> server =
      set_server(access, endpoint.empty() ? "https://" + address : endpoint);
  if (!server) return server.error();
  const std::string folder = service_account_folder;
  const Result<std::string> token = read_full("service account token", folder + "token", files);
  if (!token) return token.error();
  access.token = text::trim(*token);
  // Without one the system's authorities are asked, as client-go does.
  Result<std::string> ca = read_full("failed to read CA file", folder + "ca.crt", files);
  if (!ca && ca.error().code != Code::not_found) return ca.error();
  if (ca) access.ca = std::move(*ca);
  if (const Result<std::string> ns = files.read(folder + "namespace", kube_file_bytes_max))
    access.name_space = text::trim(*ns);
  return access;
}

Result<KubeAccess> from_options(const KubeAccessOptions& options, Files& files) {
  if (options.endpoint.empty()) {
    Error e(Code::not_found, "endpoint missing for external cluster client");
    e.remedy = "write `endpoint` and `token`, or set KUBECONFIG to a file's name";
    return e;
  }
  KubeAccess access;
  const Result<void> server = set_server(access, options.endpoint);
  if (!server) return server.error();
  access.token = options.token;
  // A token has no slash, and is no name of a file that is there (Traefik's FileOrContent). No token begins with one: it is the
  // name of a file that is being replaced, and must not be shown to the server.
  if (!options.token.empty()) {
    const Result<std::string> token = read_full("token", options.token, files);
    if (!token && (options.token.front() == '/' || token.error().code == Code::invalid))
      return token.error();
    if (token) access.token = text::trim(*token);
  }
  if (!options.cert_auth_file.empty()) {
    Result<std::string> ca = read_full("failed to read CA file", options.cert_auth_file, files);
    if (!ca) return ca.error();
    access.ca = std::move(*ca);
  }
  return access;
}

}  // namespace

std::string KubeAccess::url() const {
  return (tls ? "https://" : "http://") + authority + base_path;
}

std::string KubeAccess::authorization() const {
  if (!token.empty()) return "Bearer " + token;
  if (username.empty()) return "";
  return "Basic " + crypto::base64(username + ":" + password);
}

Result<void> set_server(KubeAccess& access, std::string_view url) {
  const auto bad = [&](const std::string& why) {
    Error e(Code::invalid, "API server " + text::quote(url) + ": " + why);
    e.remedy = "write an URL such as https://10.0.0.1:6443";
    return e;
  };
  // client-go takes a host without a scheme.
  std::string full(url);
  if (url.find("://") == std::string_view::npos) full = "http://" + full;
  const std::optional<http::UrlParts> parts = http::split_url(full);
  if (!parts || parts->host.empty()) return bad("no URL");
  if (!text::iequals(parts->scheme, "http") && !text::iequals(parts->scheme, "https"))
    return bad("its scheme is neither http nor https");
  if (!http::is_authority(parts->host) || parts->has_query || !parts->fragment.empty())
    return bad("no URL of a server");
  access.tls = text::iequals(parts->scheme, "https");
  const HostPort hp = split_host_port(parts->host);
  access.host = hp.host;
  if (access.host.size() > 2 && access.host.front() == '[' && access.host.back() == ']')
    access.host = access.host.substr(1, access.host.size() - 2);
  const std::optional<int64_t> port =
      hp.port.empty() ? (access.tls ? 443 : 80) : text::parse_int(hp.port);
  if (!port || *port < 1 || *port > 65535) return bad("no port");
  access.port = static_cast<uint16_t>(*port);
  access.authority = parts->host;
  access.base_path = parts->path;
  while (access.base_path.ends_with('/')) access.base_path.pop_back();
  return {};
}

Result<KubeAccess> read_access(const KubeAccessOptions& options, const Environment& environment,
                               Files& files) {
  const std::string host = environment.get("KUBERNETES_SERVICE_HOST").value_or("");
  const std::string port = environment.get("KUBERNETES_SERVICE_PORT").value_or("");
  if (!host.empty() && !port.empty()) return in_a_pod(options.endpoint, host, port, files);
  const std::string file = environment.get("KUBECONFIG").value_or("");
  if (file.empty()) return from_options(options, files);
  const Result<std::string> text = files.read(file, kube_file_bytes_max);
  if (!text) return unreadable("kubeconfig", file, text.error());
  return read_kubeconfig(*text, file, files);
}

}  // namespace gateproof::providers
