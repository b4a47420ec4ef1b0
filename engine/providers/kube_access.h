// Where a Kubernetes API server is, and how it knows us: Traefik's options, a kubeconfig file, or the files of a pod. All of it
// is read again before connections are made, so that a token or a certificate that was rotated is used at the next one.
#pragma once
#include "engine/env/environment.h"
#include "engine/env/files.h"

namespace gateproof::providers {

inline constexpr size_t kube_file_bytes_max = 1u << 20;  // a kubeconfig, a token, a PEM file
inline constexpr const char* service_account_folder =
    "/var/run/secrets/kubernetes.io/serviceaccount/";

struct KubeAccess {
  bool tls = false;
  std::string host;  // name or address, without brackets
  uint16_t port = 0;
  std::string authority;    // for the Host field
  std::string base_path;    // before every path, without a slash at its end
  std::string server_name;  // "": the host
  bool insecure_skip_verify = false;
  std::string ca, certificate, key;  // PEM; "": the system's authorities, no certificate
  std::string token;
  std::string username, password;
  std::string name_space;  // of the context or of the pod: where a Lease lies when nobody says

  // "https://10.0.0.1:6443"
  std::string url() const;
  // The value of the Authorization field; "": none.
  std::string authorization() const;
  bool operator==(const KubeAccess&) const = default;
};

// Options as the static configuration has them.
struct KubeAccessOptions {
  std::string endpoint;
  std::string token;           // the token itself, or the name of a file that holds it
  std::string cert_auth_file;  // certAuthFilePath
  auto operator<=>(const KubeAccessOptions&) const = default;
};

// As Traefik chooses: in a pod (KUBERNETES_SERVICE_HOST and _PORT are set) its service account, `endpoint` taking the place of
// the address; else the file that KUBECONFIG names; else the options. Code::not_found when none of them says where.
Result<KubeAccess> read_access(const KubeAccessOptions& options, const Environment& environment,
                               Files& files);

// The current context of a kubeconfig. `file` is where it stands: names in it are relative to its folder.
Result<KubeAccess> read_kubeconfig(std::string_view text, const std::string& file, Files& files);

// Takes an URL apart into `access`. Code::invalid: no URL of http or https.
Result<void> set_server(KubeAccess& access, std::string_view url);

}  // namespace gateproof::providers
