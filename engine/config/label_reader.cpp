#include "engine/config/label_reader.h"

#include <algorithm>

#include "engine/base/text.h"

namespace gateproof::config {

namespace {

constexpr std::string_view dynamic_filters[] = {"traefik.http", "traefik.tcp", "traefik.udp",
                                                "traefik.tls.stores.default"};

Error bad_key(const Label& label, size_t at, size_t length, std::string message,
              std::string remedy) {
  return Error(Code::invalid, std::move(message), label.key_span.at(uint32_t(at), uint32_t(length)),
               std::move(remedy));
}

// The pieces of a key, without the root. nullopt: `error` says why.
std::optional<std::vector<FlatPart>> parts_of(const Label& label, std::optional<Error>& error) {
  std::vector<FlatPart> parts;
  size_t at = 0;
  const auto span = [&](size_t from, size_t length) {
    return label.key_span.at(uint32_t(from), uint32_t(length));
  };
  for (const std::string_view piece : text::split(label.key, '.')) {
    if (at == 0 && piece != "traefik") {
      error = bad_key(label, 0, piece.size(), "invalid label root " + std::string(piece),
                      "write `traefik` in lower case");
    } else if (piece.empty()) {
      error = bad_key(label, at, 0, "invalid element: " + label.key,
                      "write one dot between two names, and none at the end");
    } else if (piece.front() == '[') {
      error = bad_key(label, at, piece.size(),
                      "invalid leading character '[' in field name (bracket is a slice "
                      "delimiter): " +
                          std::string(piece),
                      "write the index behind the name: domains[0]");
    } else if (piece.back() == ']' && piece.find('[') == piece.npos) {
      error = bad_key(label, at, piece.size(),
                      "a ] without [ in " + std::string(piece) + " ends Traefik's provider",
                      "write the index behind the name: domains[0]");
    }
    if (error) return std::nullopt;
    const size_t bracket = piece.back() == ']' ? piece.find('[') : piece.npos;
    if (at > 0 || bracket != piece.npos) {
      const std::string_view name = piece.substr(0, bracket);
      if (at > 0) parts.push_back({std::string(name), span(at, name.size())});
      if (bracket != piece.npos) {
        parts.push_back(
            {std::string(piece.substr(bracket)), span(at + bracket, piece.size() - bracket)});
      }
    }
    at += piece.size() + 1;
  }
  return parts;
}

}  // namespace

std::span<const std::string_view> dynamic_label_filters() { return dynamic_filters; }

Label label_from_text(std::string_view text, const SourceSpan& span) {
  const size_t equals = std::min(text.find('='), text.size());
  Label label;
  label.key = text.substr(0, equals);
  label.key_span = span.at(0, uint32_t(equals));
  const size_t from = std::min(equals + 1, text.size());
  label.value = text.substr(from);
  const bool one_line = label.value.find('\n') == label.value.npos;
  label.value_span = span.at(uint32_t(from), one_line ? uint32_t(label.value.size()) : 0);
  return label;
}

Result<Document> document_from_labels(std::span<const Label> labels,
                                      std::span<const std::string_view> filters) {
  std::vector<const Label*> kept;
  for (const Label& l : labels) {
    if (std::any_of(filters.begin(), filters.end(),
                    [&l](std::string_view f) { return text::istarts_with(l.key, f); }))
      kept.push_back(&l);
  }
  std::stable_sort(kept.begin(), kept.end(),
                   [](const Label* a, const Label* b) { return a->key < b->key; });
  Document doc;
  doc.origin = Origin::labels;
  FlatTree tree;
  for (const Label* l : kept) {
    std::optional<Error> error;
    const auto parts = parts_of(*l, error);
    if (!parts) return *error;
    if (!tree.insert(*parts, *l)) {
      return Error(Code::limit,
                   "the label has more than " + std::to_string(FlatTree::depth_max) + " pieces",
                   l->key_span, "write a shorter key");
    }
    if (doc.file.empty()) doc.file = l->key_span.file_name();
  }
  doc.root = tree.take();
  return doc;
}

}  // namespace gateproof::config
