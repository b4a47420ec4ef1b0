// Trailers of requests.
#pragma once
#include <string_view>

namespace gateproof::http {

// Whether a field behind a client's body may go on to a server (of HTTP/2; one of HTTP/1.1 gets none): not what belongs to a
// head (RFC 9110 section 6.5.1) and would have been judged there, in any spelling: framing, the hop, credentials, where a request
// came from, conditions, the kind of the content.
bool may_trail(std::string_view name);

}  // namespace gateproof::http
