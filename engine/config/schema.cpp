#include "engine/config/schema.h"

#include "engine/base/text.h"

namespace gateproof::config {

void DecodeContext::error(std::string_view code, const Value& at, std::string message,
                          std::string remedy) {
  failed = true;
  findings.add(code, at.span, std::string(object), std::move(message), std::move(remedy));
}

namespace {

std::string_view name_in(const FieldSchema& f, Origin origin) {
  return origin == Origin::labels && !f.label_name.empty() ? f.label_name : f.name;
}

bool ignored(const FieldSchema& f, Origin origin) {
  return f.shape == Shape::ignored ||
         std::find(f.unread_in.begin(), f.unread_in.end(), origin) != f.unread_in.end();
}

std::string origin_words(Origin origin) {
  switch (origin) {
    case Origin::file: return "files";
    case Origin::labels: return "labels";
    case Origin::pairs: return "key/value pairs";
    default: return "a configuration";
  }
}

}  // namespace

const FieldSchema* ObjectSchema::find(std::string_view name_nocase, Origin origin) const {
  for (const FieldSchema& f : fields) {
    if (text::iequals(name_in(f, origin), name_nocase)) return &f;
  }
  return nullptr;
}

void ObjectSchema::unknown_field(const Value::Member& m, DecodeContext& c) const {
  std::vector<std::string_view> names;
  for (const FieldSchema& f : fields) {
    if (!f.deprecated && f.type != "removed" && !ignored(f, c.origin))
      names.push_back(name_in(f, c.origin));
  }
  const auto near = text::nearest(m.key, names);
  std::string remedy;
  if (near) {
    remedy = "did you mean `" + *near + "`?";
  } else if (names.empty()) {
    remedy = "remove it: nothing may be written here";
  } else {
    remedy = "known here: ";
    for (size_t i = 0; i < names.size(); ++i) remedy += (i ? ", " : "") + std::string(names[i]);
  }
  Value at;
  at.span = m.key_span;
  c.error("GP0101", at, "field not found, node: " + m.key, std::move(remedy));
}

bool enter_object(std::string_view name, const Value& v, bool allow_empty, DecodeContext& c) {
  if (v.kind == Value::null) return false;
  // `tls=false` beside `tls.certresolver=x`: the value decides.
  if (c.flat() && v.kind != Value::scalar && allow_empty && !v.text.empty() &&
      !text::iequals(v.text, "true")) {
    c.findings.add("GP0107", v.span, std::string(c.object),
                   "`" + std::string(name) + "` has the value " + text::quote(v.text) +
                       ": its options are ignored, as if `" + std::string(name) +
                       "` were not there",
                   "write true, or leave the value out");
    return false;
  }
  for (const Value::Member& m : v.members) {
    // Null members were dropped before the decoder counts.
    if (m.value.kind != Value::null) return true;
  }
  bool plain_list = false;
  for (const Value& item : v.items) {
    plain_list = true;
    if (item.kind == Value::mapping) {
      c.error("GP0102", item,
              "field not found, node: [0]: `" + std::string(name) + "` is one object, not a list",
              "write the options of `" + std::string(name) + "` without the dash");
      return false;
    }
  }
  if (allow_empty) {
    // A list of plain values is a text that is not "true": disabled.
    const std::string text = plain_list ? "list" : scalar_text(v, c).value_or("");
    const bool enabled = text.empty() || text::iequals(text, "true");
    if (!enabled && !text::iequals(text, "false")) {
      c.findings.add("GP0107", v.span, std::string(c.object),
                     "`" + std::string(name) +
                         "` is an object: Traefik takes this value for false, "
                         "as if `" +
                         std::string(name) + "` were not there",
                     "write its options under `" + std::string(name) + "`");
    }
    return enabled;
  }
  c.error("GP0103", v, std::string(name) + " cannot be a standalone element",
          "write at least one option under `" + std::string(name) + "`, or remove the key");
  return false;
}

std::vector<const Value*> object_items(std::string_view name, const Value& v, DecodeContext& c) {
  std::vector<const Value*> items;
  const auto lost = [&](const Value& at) {
    c.findings.add("GP0107", at.span, std::string(c.object),
                   "`" + std::string(name) + "` is a list of objects; this element is ignored",
                   "write each element as an object with its options");
  };
  for (const Value& item : v.items) {
    if (item.kind == Value::mapping || (c.flat() && item.kind == Value::scalar)) {
      items.push_back(&item);
    } else if (item.kind != Value::scalar) {
      c.error("GP0102", item,
              "`" + std::string(name) + "` is a list of objects: unsupported simple value",
              "write each element as an object with its options");
    } else {
      lost(item);
    }
  }
  // A mapping in the place of a list is taken as one element for each member, which keeps only the member's own members.
  for (const Value::Member& m : v.members) {
    if (!c.flat()) lost(m.value);
    items.push_back(&m.value);
  }
  if (v.kind == Value::scalar && !v.text.empty()) lost(v);
  return items;
}

namespace {

bool check_shape(const FieldSchema& f, const Value& v, DecodeContext& c) {
  switch (f.shape) {
    case Shape::map:
    case Shape::object_map:
      // Objects in a list are members named [0], [1] ... of a map.
      if (std::any_of(v.items.begin(), v.items.end(),
                      [](const Value& i) { return i.kind == Value::mapping; })) {
        return true;
      }
      return enter_object(f.name, v, f.allow_empty, c);
    case Shape::object: return enter_object(f.name, v, f.allow_empty, c);
    default: return true;
  }
}

// A list that labels write as one object.
void decode_single(const FieldSchema& f, const Value::Member& m, void* object, DecodeContext& c) {
  if (m.value.kind == Value::scalar) {
    c.error("GP0103", m.value, "invalid slice: node " + m.key,
            "write an option behind it, such as `" + m.key + ".port`");
    return;
  }
  Value list;
  list.kind = Value::sequence;
  list.span = m.value.span;
  list.items.push_back(m.value);
  f.decode(list, object, c);
}

bool is_leaf(const FieldSchema& f) {
  return f.shape == Shape::boolean || f.shape == Shape::scalar || f.shape == Shape::list ||
         f.shape == Shape::map;
}

void check_range(const FieldSchema& f, const Value& v, DecodeContext& c) {
  if (v.kind != Value::scalar) return;
  std::optional<int64_t> n = parse_decimal(v.text);
  if (f.type == "duration") {
    const std::optional<Duration> d = parse_duration(v.text);
    n = d ? std::optional<int64_t>(d->count()) : std::nullopt;
  }
  if (!n || ((!f.least || *n >= *f.least) && (!f.most || *n <= *f.most))) return;
  std::string wanted = "write " + std::to_string(f.least.value_or(0));
  wanted += f.most ? " to " + std::to_string(*f.most) : " or more";
  c.findings.add("GP0113", v.span, std::string(c.object),
                 "`" + std::string(f.name) + "` is " + v.text +
                     ", which Traefik takes though it means nothing",
                 wanted);
}

}  // namespace

void ObjectSchema::decode(const Value& v, void* object, DecodeContext& c) const {
  std::vector<std::pair<const FieldSchema*, std::string_view>> seen;
  if (std::any_of(v.items.begin(), v.items.end(),
                  [](const Value& i) { return i.kind == Value::mapping; })) {
    c.error("GP0101", v, "field not found, node: [0]: one object is wanted here, not a list",
            "write the options without the dash");
  }
  for (const Value::Member& m : v.members) {
    // Traefik drops a null member before it looks at its name.
    if (m.value.kind == Value::null) continue;
    const FieldSchema* f = find(m.key, c.origin);
    if (!f) {
      if (other) {
        other(m, object);
      } else {
        unknown_field(m, c);
      }
      continue;
    }
    const auto twin =
        std::find_if(seen.begin(), seen.end(), [f](const auto& s) { return s.first == f; });
    if (twin != seen.end()) {
      c.findings.add("GP0110", m.key_span, std::string(c.object),
                     "`" + m.key + "` and `" + std::string(twin->second) + "` are the same option",
                     "keep one of the two spellings");
      // The decoder visits keys in byte order, so the greatest spelling is the last to write.
      if (m.key < twin->second) continue;
      twin->second = m.key;
    } else {
      seen.emplace_back(f, m.key);
    }
    if (f->deprecated) {
      c.findings.add("GP0108", m.key_span, std::string(c.object),
                     "`" + std::string(f->name) + "` is deprecated", std::string(f->deprecation));
    }
    if (ignored(*f, c.origin)) {
      c.findings.add("GP0107", m.key_span, std::string(c.object),
                     "`" + std::string(f->name) + "` is known but not read from " +
                         origin_words(f->shape == Shape::ignored ? Origin::flags : c.origin) +
                         "; it is ignored",
                     "remove it");
      continue;
    }
    const size_t told = c.findings.list().size();
    if (!f->label_name.empty() && c.origin == Origin::labels) {
      decode_single(*f, m, object, c);
    } else if (check_shape(*f, m.value, c)) {
      f->decode(m.value, object, c);
    }
    if (f->least || f->most) check_range(*f, m.value, c);
    if (is_leaf(*f)) c.findings.name_option(told, f->name);
  }
}

}  // namespace gateproof::config
