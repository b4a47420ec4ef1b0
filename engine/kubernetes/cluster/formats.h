// Formats of strings that a schema may name, as the real server judges them (strfmt of kube-openapi).
#pragma once
#include <string_view>

namespace gateproof::kubernetes::cluster {

// Whether a text has the format. True of formats that are not checked, here or there.
bool has_format(std::string_view format, std::string_view text);

}  // namespace gateproof::kubernetes::cluster
