// Between what callers of a World hold and what the engine works on.
#pragma once
#include "engine/sim/world.h"

namespace gateproof::sim {

// The request as the server side of a connection would have read it; false if HTTP/1.1 could not carry it.
bool fill_exchange(http::Exchange& x, const Request& r);

// What Exchange::client_certificates holds; null without any.
std::shared_ptr<const std::vector<std::string>> shared_certificates(const Request& r);

FieldList fields_of(const http::Headers& headers);

}  // namespace gateproof::sim
