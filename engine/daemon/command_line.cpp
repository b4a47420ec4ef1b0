#include "engine/daemon/command_line.h"

#include <cstdio>

#include "engine/base/text.h"
#include "engine/config/render.h"

namespace gateproof::daemon {

namespace {

constexpr size_t static_file_bytes_max = 8u << 20;

std::string_view flag_name(std::string_view argument) {
  if (!argument.starts_with('-')) return {};
  while (argument.starts_with('-')) argument.remove_prefix(1);
  return argument;
}

std::string variable(const std::vector<std::pair<std::string, std::string>>& environment,
                     std::string_view name) {
  for (const auto& [n, value] : environment) {
    if (n == name) return value;
  }
  return {};
}

}  // namespace

Command take_command(std::vector<std::string>& arguments) {
  for (const std::string& a : arguments) {
    const std::string_view name = flag_name(a);
    if (text::iequals(name, "help") || a == "-h") return Command::help;
    if (text::iequals(name, "version")) return Command::version;
  }
  if (arguments.empty()) return Command::serve;
  const std::string first = arguments.front();
  if (first == "help") return Command::help;
  if (first == "version") return Command::version;
  if (first != "healthcheck") return Command::serve;
  arguments.erase(arguments.begin());
  return Command::health_check;
}

std::string version_text() { return "Version:      " GP_VERSION "\nCodename:     gateproof\n"; }

std::string help_text() {
  return R"(gateproofd   a reverse proxy that takes Traefik's configuration

Usage: gateproofd [command] [flags]

Commands:
    healthcheck    Asks the ping of a running gateproofd (needs the same flags, and ping); exit code 0 when it answers 200.
    version        Shows the version.

The static configuration comes from one place, looked for in this order:
    a file         --configFile=traefik.yml, or /etc/traefik/traefik.{toml,yaml,yml}, $XDG_CONFIG_HOME/traefik.*,
                   $HOME/.config/traefik.*, ./traefik.*
    flags          --entryPoints.web.address=:80 --providers.file.directory=/etc/traefik/dynamic ...
    variables      TRAEFIK_ENTRYPOINTS_WEB_ADDRESS=:80 ...

Our own flags may stand beside any of them (also GATEPROOF_WORKERS, ..., or a `gateproof:` block in the file):
    --gateproof.workers=N   event loops, each on a thread of its own (default: one per core)
    --gateproof.strict      the safe meaning where Traefik's differs (docs/strict.md)
    --gateproof.connections=N  client connections open at once; more wait (default: half of the limit of open files)
    --gateproof.requests=N  requests under way at once; more are answered 503 (default: no limit)
    --gateproof.seed=N      seed of the random numbers (default: from the system)
    --gateproof.lease=NAME  the Lease (NAMESPACE/NAME, or NAME) whose holder writes statuses into a cluster (default: gateproof)
    --gateproof.dialect=standard     serves Gateways as the Gateway API has them, not as Traefik does: an address each (docs/gateway.md)
    --gateproof.gatewayAddresses=NET network of their addresses (default: 127.80.0.0/16)
    --gateproof.gatewayVersion=V     version of the API's CRDs (default: v1.7.0)

The providers kubernetesCRD, kubernetesIngress and kubernetesGateway follow an API server: in a pod the one of its service account,
else the one of the file that KUBECONFIG names, else that of the options endpoint, token and certAuthFilePath.

Signals:
    SIGTERM, SIGINT   end it gracefully, a second one at once
    SIGHUP            reads the file provider's files again
    SIGUSR1           opens log files again that were moved away
    SIGUSR2           starts the program anew with the same arguments, hands it the listening sockets, and ends when it serves:
                      a restart, or a newer binary, without a refused connection; it goes on if the new one cannot start

Under systemd it takes sockets that carry an entry point's name (FileDescriptorName=), and says when it is ready (Type=notify;
with NotifyAccess=all the manager follows a restart by SIGUSR2).

Exit codes: 0 ended by a signal, 1 it could not run (a port in use), 2 the static configuration has errors.
)";
}

std::vector<std::string> default_files(
    const std::vector<std::pair<std::string, std::string>>& environment) {
  std::vector<std::string> bases = {"/etc/traefik/traefik"};
  const std::string xdg = variable(environment, "XDG_CONFIG_HOME");
  const std::string home = variable(environment, "HOME");
  if (!xdg.empty()) bases.push_back(xdg + "/traefik");
  if (!home.empty()) bases.push_back(home + "/.config/traefik");
  bases.push_back("./traefik");
  std::vector<std::string> files;
  for (const std::string& base : bases) {
    for (const char* extension : {".toml", ".yaml", ".yml"}) files.push_back(base + extension);
  }
  return files;
}

std::shared_ptr<const config::StaticConfig> load(const CommandLine& line, Files& files,
                                                 config::Findings& findings) {
  config::StaticSources sources;
  sources.arguments = line.arguments;
  sources.environment = line.environment;
  sources.read_file = [&files](const std::string& path) {
    return files.read(path, static_file_bytes_max);
  };
  sources.default_files = default_files(line.environment);
  std::optional<config::StaticConfig> statics = config::load_static(sources, findings);
  if (!statics) return nullptr;
  config::complete_static(*statics, findings);
  return std::make_shared<const config::StaticConfig>(std::move(*statics));
}

void print_findings(config::Findings findings, Files& files, bool notes) {
  config::Findings shown;
  for (const config::Finding& f : findings.list()) {
    if (notes || f.severity != config::Severity::note) shown.add(f);
  }
  if (shown.list().empty()) return;
  shown.sort();
  std::map<std::string, std::vector<std::string>, std::less<>> cache;
  const auto line_of = [&](std::string_view file, uint32_t line) -> std::optional<std::string> {
    auto it = cache.find(file);
    if (it == cache.end()) {
      std::vector<std::string> lines;
      const Result<std::string> content = files.read(std::string(file), static_file_bytes_max);
      if (content) {
        for (std::string_view one : text::split(*content, '\n')) lines.emplace_back(one);
      }
      it = cache.emplace(std::string(file), std::move(lines)).first;
    }
    if (line == 0 || line > it->second.size()) return std::nullopt;
    return it->second[line - 1];
  };
  const std::string rendered = config::render_text(shown, line_of);
  std::fwrite(rendered.data(), 1, rendered.size(), stderr);
}

}  // namespace gateproof::daemon
