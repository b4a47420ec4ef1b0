// What cells of Tables are made of, for the files that describe columns.
#pragma once
#include "engine/kubernetes/cluster/table.h"

namespace gateproof::kubernetes::cluster::cells {

// Texts of all items' member (or of the items themselves), with a separator; `none` when there is none.
std::string joined(const Json& list, std::string_view member, std::string_view separator = ",",
                   std::string_view none = "<none>");
// "a=b,c=d" of matchLabels (or of plain labels) and matchExpressions.
std::string selector_text(const Json& selector);
std::string labels_text(const Json& labels);
std::string age_since(const Json& time, int64_t now_s);
Json text_or(const Json& value, std::string_view otherwise);

// Cells that several kinds have.
Json age(const Json& object, int64_t now_s);
Json created_at(const Json& object, int64_t now_s);
Json containers(const Json& object, int64_t);  // of spec.template
Json images(const Json& object, int64_t);
Json selector(const Json& object, int64_t);
Json phase(const Json& object, int64_t);
Json data_count(const Json& object, int64_t);

}  // namespace gateproof::kubernetes::cluster::cells
