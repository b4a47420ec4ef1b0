#include "engine/upstream/interim.h"

#include "engine/http/connection_headers.h"

namespace gateproof::upstream {

void pass_interim(http::Exchange& x, int status, http::Headers& headers) {
  if (x.answer_held) return;
  // Traefik's word that no type is to be guessed stands among the answer's fields, and goes with those of an interim answer.
  x.detect_content_type = true;
  if (!x.interim) return;
  http::remove_hop_by_hop(headers);
  if (x.trace) x.note("server " + std::string(x.server), "interim answer", std::to_string(status));
  x.interim->interim(status, headers);
}

}  // namespace gateproof::upstream
