// The command line of a Traefik that a compose file starts: its static configuration.
#pragma once
#include "engine/config/static.h"
#include "engine/env/environment.h"

namespace gateproof::providers {

// The arguments of the first service whose image is a traefik, each with its place; empty when there is none. A text is divided
// at blanks outside of quotes, as a shell would.
std::vector<config::Text> traefik_arguments(const config::Document& compose,
                                            const Environment& environment);

// The arguments as a Document whose places are those in the compose file.
Result<config::Document> document_of_arguments(const std::vector<config::Text>& arguments);

}  // namespace gateproof::providers
