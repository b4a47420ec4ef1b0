// Labels of containers (`traefik.http.routers.r.rule=...`) to the same Document as files (catalogue 6.4).
#pragma once
#include "engine/config/flat_tree.h"

namespace gateproof::config {

using Label = FlatPair;

// The labels that begin with one of `filters` (in any case) as a tree below `traefik`. Errors have Traefik's words and the
// label's place: an empty piece ("invalid element"), a piece that begins with a bracket, another root than `traefik` in lower
// case, a ] without [ (which ends Traefik's provider).
Result<Document> document_from_labels(std::span<const Label> labels,
                                      std::span<const std::string_view> filters);

// What belongs to the dynamic configuration: traefik.http, traefik.tcp, traefik.udp and the default TLS store.
std::span<const std::string_view> dynamic_label_filters();

// "key=value" of a list, at `span` (of its first character). Without "=" the value is empty, as Docker has it.
Label label_from_text(std::string_view text, const SourceSpan& span);

}  // namespace gateproof::config
