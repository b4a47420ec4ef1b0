// Execution of a template's tree.
#pragma once
#include "engine/config/template/parser.h"

namespace gateproof::config::tmpl {

// Fills `out`'s text, pieces and missing_variables; without `data` the data is
// `false`, as Traefik hands it to files. A failure leaves the text
// that was made until then.
std::optional<Failure> run_template(std::string_view source, const Program& program, Store& store,
                                    const Environment& environment, const TemplateData* data,
                                    RenderedText& out);

}  // namespace gateproof::config::tmpl
