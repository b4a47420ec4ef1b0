// gateproofd: Traefik's command line, the engine on real sockets, and the file provider.
#pragma once
#include <string>
#include <utility>
#include <vector>

namespace gateproof::daemon {

inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;  // could not do it: a port in use, an unhealthy answer
inline constexpr int exit_usage = 2;   // the static configuration has errors

struct CommandLine {
  std::string program;                                           // argv[0]: what a successor is
  std::vector<std::string> arguments;                            // without argv[0]
  std::vector<std::pair<std::string, std::string>> environment;  // name, value
};

// Runs until a signal ends it; returns the exit code.
int run(CommandLine command_line);

}  // namespace gateproof::daemon
