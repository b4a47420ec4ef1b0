// Requests from Python: absolute URLs taken apart, entry points chosen, header mappings read.
#pragma once
#include "bindings/cpp/bindings.h"

namespace gateproof::bindings {

// An entry point as a URL may choose it.
struct Door {
  std::string name;
  uint16_t port = 0;
  bool tls = false;
  bool as_default = false;
};

// TCP entry points; those used by default come first, as Traefik orders them by name.
std::vector<Door> doors_of(const config::StaticConfig& statics);

// Fills target, host, tls and entry point. The named entry point, else the one on the URL's port, else for https one with TLS or
// called websecure, for http one called web or the first default one without TLS. A fragment is dropped, spaces and bytes that
// are no ASCII are percent-encoded; nothing else changes. Throws ValueError.
void split_url(std::string_view url, std::string entry_point, const std::vector<Door>& doors,
               sim::Request& into);

// None, a mapping (a list or tuple as value makes several lines), or pairs. A Host line replaces the URL's host.
void add_headers(sim::Request& request, const py::handle& headers);

}  // namespace gateproof::bindings
