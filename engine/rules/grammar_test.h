// Draws texts from the grammar that `gateproof compare` uses (bindings/python/gateproof/data/grammar.yaml), so that rules here and
// configurations there are made of the same words. Only texts are drawn: names that are lists of texts.
#pragma once
#include <fstream>
#include <sstream>

#include <rapidcheck.h>

#include "engine/base/text.h"
#include "engine/config/document.h"

namespace gateproof::rules::testing {

class Grammar {
 public:
  explicit Grammar(const std::string& file) {
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    auto read = config::parse_document(text.str(), file, config::Format::yaml);
    if (read) document_ = std::move(*read);
  }
  bool usable() const { return names() != nullptr; }

  // A text for a name. The first alternatives end where a draw has become deep, as in the Python package.
  std::string draw(const std::string& name, int depth = 0) const {
    const config::Value* list = names()->find(name);
    RC_ASSERT(list != nullptr && !list->items.empty());
    std::vector<const config::Value*> alternatives;
    for (const config::Value& one : list->items) {
      const config::Value* times = one.find("times");
      const auto count = times ? text::parse_int(times->items.at(0).str()) : 1;
      alternatives.insert(alternatives.end(), static_cast<size_t>(*count),
                          times ? &times->items.at(1) : &one);
    }
    const size_t chosen =
        depth >= depth_max ? 0 : *rc::gen::inRange<size_t>(0, alternatives.size());
    return written_out(alternatives[chosen]->str(), depth + 1);
  }

 private:
  static constexpr int depth_max = 7;

  const config::Value* names() const { return document_.root.find("grammar"); }

  // `text` with every <name> drawn; a '<' that begins no name stands for itself.
  std::string written_out(std::string_view text, int depth) const {
    std::string out;
    while (!text.empty()) {
      const size_t open = std::min(text.find('<'), text.size());
      const size_t close = text.find('>', open);
      out += text.substr(0, open);
      if (close == std::string_view::npos) return out.append(text.substr(open));
      const std::string name(text.substr(open + 1, close - open - 1));
      if (names()->find(name)) {
        out += draw(name, depth);
      } else {
        out += text.substr(open, close + 1 - open);
      }
      text.remove_prefix(close + 1);
    }
    return out;
  }

  config::Document document_;
};

}  // namespace gateproof::rules::testing
