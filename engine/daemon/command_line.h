// What the command line asks for, and the static configuration that it names.
#pragma once
#include <memory>
#include <optional>

#include "engine/config/static.h"
#include "engine/daemon/daemon.h"
#include "engine/env/files.h"

namespace gateproof::daemon {

enum class Command : uint8_t { serve, help, version, health_check };
// `version` and `healthcheck` as first argument, `--help`, `-h` and `--version` anywhere. The subcommand is taken off the list.
Command take_command(std::vector<std::string>& arguments);

std::string help_text();
std::string version_text();

// Traefik's default places (catalogue 6.2), in order.
std::vector<std::string> default_files(
    const std::vector<std::pair<std::string, std::string>>& environment);

// nullptr when it cannot be used; findings say why.
std::shared_ptr<const config::StaticConfig> load(const CommandLine& line, Files& files,
                                                 config::Findings& findings);

// Findings on stderr: errors and warnings always, notes when `notes` is set. Source lines come from `files`.
void print_findings(config::Findings findings, Files& files, bool notes);

}  // namespace gateproof::daemon
