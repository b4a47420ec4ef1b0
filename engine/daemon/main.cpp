#include <cstring>

#include <unistd.h>

#include "engine/daemon/daemon.h"

int main(int argc, char** argv) {
  gateproof::daemon::CommandLine line;
  line.arguments.assign(argv + 1, argv + argc);
  for (char** e = environ; *e; ++e) {
    const char* equals = std::strchr(*e, '=');
    if (equals) line.environment.emplace_back(std::string(*e, equals), std::string(equals + 1));
  }
  return gateproof::daemon::run(std::move(line));
}
