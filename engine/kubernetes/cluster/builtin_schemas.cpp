#include "engine/kubernetes/cluster/builtin_schemas.h"

#include <algorithm>
#include <map>

#include "engine/base/assert.h"
#include "engine/base/text.h"
#include "engine/kubernetes/cluster/builtin_fields.h"

namespace gateproof::kubernetes::cluster {

namespace {

struct Line {
  size_t indent;
  std::vector<std::string_view> words;
};

class Grammar {
 public:
  Grammar() {
    for (std::string_view raw : text::split(builtin_fields, '\n')) {
      Line line{raw.find_first_not_of(' '), {}};
      if (line.indent == std::string_view::npos) continue;
      for (std::string_view w : text::split(raw, ' ')) {
        if (!w.empty()) line.words.push_back(w);
      }
      if (line.indent == 0) blocks_[line.words[0]] = lines_.size() + 1;
      lines_.push_back(std::move(line));
    }
  }

  bool has(std::string_view block) const { return blocks_.contains(block); }

  // Adds the members of a block to `s`.
  void add_block(Schema& s, std::string_view block) const {
    const auto found = blocks_.find(block);
    GP_ASSERT(found != blocks_.end());
    members(s, found->second, 2);
    sort(s);
  }

 private:
  static void sort(Schema& s) {
    std::ranges::sort(s.properties, {}, &std::pair<std::string, SchemaPtr>::first);
  }

  // From line `at` on, everything of at least this indent. The line after it.
  size_t members(Schema& s, size_t at, size_t indent) const {
    while (at < lines_.size() && lines_[at].indent >= indent) {
      const Line& line = lines_[at];
      if (line.words[0].starts_with('@')) {
        add_block(s, line.words[0].substr(1));
        ++at;
        continue;
      }
      at = member(s, line, at + 1);
    }
    return at;
  }

  size_t member(Schema& parent, const Line& line, size_t next) const {
    std::string_view type = line.words[1];
    auto outer = std::make_shared<Schema>();
    auto inner = outer;
    if (const size_t bracket = type.find('['); bracket != std::string_view::npos) {
      const std::string_view keys = type.substr(bracket + 1, type.size() - bracket - 2);
      outer->type = Schema::Type::array;
      inner = std::make_shared<Schema>();
      if (keys == "set") {
        outer->list = Schema::List::set;
      } else if (!keys.empty()) {
        outer->list = Schema::List::map;
        for (std::string_view k : text::split(keys, ',')) outer->list_keys.emplace_back(k);
      }
      type = type.substr(0, bracket);
    }
    set_type(*inner, type);
    const std::string name(line.words[0]);
    for (const std::string_view flag : std::span(line.words).subspan(2))
      set_flag(parent, name, *outer, *inner, flag);
    next = members(*inner, next, line.indent + 2);
    sort(*inner);
    if (outer != inner) outer->items = inner;
    parent.properties.emplace_back(name, outer);
    return next;
  }

  static void set_type(Schema& s, std::string_view type) {
    using T = Schema::Type;
    s.preserve_unknown = true;
    if (type == "str") s.type = T::string;
    if (type == "int") s.type = T::integer;
    if (type == "num") s.type = T::number;
    if (type == "bool") s.type = T::boolean;
    if (type == "obj") s.type = T::object;
    if (type == "ios") s.int_or_string = true;
    if (type != "map" && type != "bytes" && type != "qtymap") return;
    s.type = T::object;
    auto value = std::make_shared<Schema>();
    if (type != "qtymap") value->type = T::string;
    value->base64 = type == "bytes";
    s.additional = value;
  }

  void set_flag(Schema& parent, const std::string& name, Schema& outer, Schema& inner,
                std::string_view flag) const {
    switch (flag.front()) {
      case '!': parent.required.push_back(name); break;
      case '@': add_block(inner, flag.substr(1)); break;
      case '~':
        outer.merge_set = flag == "~set";
        if (!outer.merge_set) outer.merge_key = flag.substr(1);
        break;
      case '=': {
        inner.has_default = true;
        const std::string_view value = flag.substr(1);
        const auto number = text::parse_int(value);
        inner.default_value = value == "{}"                         ? Json::object()
                              : inner.type == Schema::Type::boolean ? Json(value == "true")
                              : inner.type == Schema::Type::integer ? Json(*number)
                                                                    : Json(value);
        break;
      }
      case '{':
        for (std::string_view v : text::split(flag.substr(1, flag.size() - 2), '|'))
          inner.one_of_values.emplace_back(v);
        break;
      case '(': {
        const size_t dots = flag.find("..");
        inner.has_minimum = inner.has_maximum = true;
        inner.minimum = double(*text::parse_int(flag.substr(1, dots - 1)));
        inner.maximum = double(*text::parse_int(flag.substr(dots + 2, flag.size() - dots - 3)));
        break;
      }
      default: GP_ASSERT(flag == "atomic"); inner.atomic_map = true;
    }
  }

  std::vector<Line> lines_;
  std::map<std::string_view, size_t> blocks_;  // name -> its first member's line
};

const Grammar& grammar() {
  static const Grammar g;
  return g;
}

}  // namespace

SchemaPtr object_meta_schema() {
  static const SchemaPtr schema = [] {
    auto meta = std::make_shared<Schema>();
    meta->type = Schema::Type::object;
    meta->preserve_unknown = true;
    grammar().add_block(*meta, "ObjectMeta");
    return meta;
  }();
  return schema;
}

SchemaPtr builtin_schema(std::string_view group, std::string_view kind) {
  auto root = std::make_shared<Schema>();
  root->type = Schema::Type::object;
  root->preserve_unknown = true;
  const std::string block = (group.empty() ? "core" : std::string(group)) + "/" + std::string(kind);
  if (grammar().has(block)) grammar().add_block(*root, block);
  root->properties.emplace_back("metadata", object_meta_schema());
  std::ranges::sort(root->properties, {}, &std::pair<std::string, SchemaPtr>::first);
  return root;
}

}  // namespace gateproof::kubernetes::cluster
