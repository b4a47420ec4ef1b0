// The body of an answer whose status allows none (RFC 9110 section 6.4.1), where Go's proxy would break off as it writes it.
// It is read as empty; whoever is outermost finds it and answers nothing, unless somebody outside took the answer away before.
#pragma once
#include "engine/http/message.h"

namespace gateproof::upstream {

http::Body forbidden_body();
bool is_forbidden(http::Response& r);

}  // namespace gateproof::upstream
