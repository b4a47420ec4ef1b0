// Keys that are understood and checked but not stored, because what acts on them is not built yet. One line of text says a
// whole block, so that every key of Traefik's static configuration has its schema:
//
//   "endpoint:s watch:b tls{ca:s cert:s}! workers[name:s] names<url:s>"
//
// s text, b boolean, i integer, f number, d duration, l list of texts, m map of texts, o anything, n numbers, - known but never read,
// x removed since v2 (stops start-up); {} object, [] list of objects, <> map of objects; a closing `!` means that the object may be empty.
#pragma once
#include "engine/config/schema.h"

namespace gateproof::config {

// `text` must live as long as the schema (a literal).
std::unique_ptr<ObjectSchema> accepted_schema(std::string_view text);

// Adds the fields of `text` to a schema that stores others.
void accept_fields(ObjectSchema& schema, std::string_view text);

}  // namespace gateproof::config
