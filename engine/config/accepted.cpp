#include "engine/config/accepted.h"

#include "engine/base/assert.h"
#include "engine/base/text.h"

namespace gateproof::config {

namespace {

template <class M>
FieldSchema checked(std::string_view name, std::string type) {
  FieldSchema f{name, std::move(type), "", shape_of<M>};
  f.decode = [](const Value& v, void*, DecodeContext& c) {
    M unused{};
    read_value(v, unused, c);
  };
  return f;
}

FieldSchema removed_field(std::string_view name) {
  FieldSchema f{name, "removed", "", Shape::any};
  f.decode = [name](const Value& v, void*, DecodeContext& c) {
    c.error("GP0205", v,
            "`" + std::string(name) +
                "` has been removed in Traefik v3: incompatible deprecated option",
            "remove it; Traefik's v2-to-v3 migration guide names what replaces it");
  };
  return f;
}

FieldSchema scalar_field(std::string_view name, char type) {
  switch (type) {
    case 's': return checked<std::string>(name, "string");
    case 'b': return checked<bool>(name, "bool");
    case 'i': return checked<int64_t>(name, "integer");
    case 'f': return checked<double>(name, "number");
    case 'd': return checked<Duration>(name, "duration");
    case 'l': return checked<std::vector<std::string>>(name, "list of strings");
    case 'n': return checked<std::vector<double>>(name, "list of numbers");
    case 'm': return checked<std::map<std::string, std::string>>(name, "map");
    case 'x': return removed_field(name);
    case '-': return {name, "ignored", "", Shape::ignored};
    default: break;
  }
  GP_ASSERT(type == 'o');
  FieldSchema f{name, "any", "", Shape::any};
  f.decode = [](const Value&, void*, DecodeContext&) {};
  return f;
}

// A field that is an object, a list or a map of objects, by its opening bracket.
FieldSchema nested_field(std::string_view name, char open, std::shared_ptr<ObjectSchema> child) {
  const Shape shape = open == '{'   ? Shape::object
                      : open == '[' ? Shape::object_list
                                    : Shape::object_map;
  FieldSchema f{name,
                open == '{'   ? "object"
                : open == '[' ? "list of objects"
                              : "map of objects",
                "", shape};
  f.child = child.get();
  f.decode = [name, shape, child = std::move(child)](const Value& v, void*, DecodeContext& c) {
    if (shape == Shape::object) {
      child->decode(v, nullptr, c);
    } else if (shape == Shape::object_list) {
      for (const Value* item : object_items(name, v, c)) child->decode(*item, nullptr, c);
    } else {
      for (const Value::Member& m : v.members) child->decode(m.value, nullptr, c);
    }
  };
  return f;
}

class SpecParser {
 public:
  explicit SpecParser(std::string_view text) : text_(text) {}

  void fields(ObjectSchema& out, char close) {
    for (;;) {
      while (at_ < text_.size() && text_[at_] == ' ') ++at_;
      if (at_ == text_.size()) {
        GP_ASSERT(close == '\0');
        return;
      }
      if (text_[at_] == close) {
        ++at_;
        return;
      }
      field(out);
    }
  }

 private:
  void field(ObjectSchema& out) {
    const size_t from = at_;
    while (at_ < text_.size() && text::is_alnum(text_[at_])) ++at_;
    const std::string_view name = text_.substr(from, at_ - from);
    GP_ASSERT(!name.empty() && at_ + 1 < text_.size());
    const char open = text_[at_++];
    if (open == ':') {
      out.fields.push_back(scalar_field(name, text_[at_++]));
      return;
    }
    auto child = std::make_shared<ObjectSchema>();
    fields(*child, open == '{' ? '}' : open == '[' ? ']' : '>');
    FieldSchema f = nested_field(name, open, std::move(child));
    if (at_ < text_.size() && text_[at_] == '!') {
      f.allow_empty = true;
      ++at_;
    }
    out.fields.push_back(std::move(f));
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

std::unique_ptr<ObjectSchema> accepted_schema(std::string_view text) {
  auto schema = std::make_unique<ObjectSchema>();
  accept_fields(*schema, text);
  return schema;
}

void accept_fields(ObjectSchema& schema, std::string_view text) {
  SpecParser(text).fields(schema, '\0');
}

}  // namespace gateproof::config
