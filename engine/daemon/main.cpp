#include <unistd.h>

#include "engine/daemon/daemon.h"

int main(int argc, char** argv) {
  gateproof::daemon::CommandLine line;
  if (argc > 0) {
    line.program = argv[0];
    line.arguments.assign(argv + 1, argv + argc);
  }
  for (char** e = environ; *e; ++e) {
    const std::string_view variable = *e;
    const size_t equals = variable.find('=');
    if (equals == std::string_view::npos) continue;
    line.environment.emplace_back(variable.substr(0, equals), variable.substr(equals + 1));
  }
  return gateproof::daemon::run(std::move(line));
}
