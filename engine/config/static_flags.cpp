// Flags and environment variables as documents. As in Traefik both become dotted paths first, and a tree of texts then.
#include "engine/base/text.h"
#include "engine/config/static_schema.h"

namespace gateproof::config {

namespace {

// One dotted path with its value and its place.
struct Entry {
  std::string path;
  std::string value;
  SourceSpan span;
};

SourceSpan named_place(const std::string& name) {
  SourceSpan s;
  s.file = std::make_shared<const std::string>(name);
  return s;
}

// "a.b[0].c" into a, b, [0], c.
std::vector<std::string> path_parts(std::string_view path) {
  std::vector<std::string> out;
  for (std::string_view part : text::split(path, '.')) {
    size_t open = part.find('[');
    if (open == 0) open = part.find('[', 1);
    out.emplace_back(part.substr(0, open));
    while (open != std::string_view::npos) {
      const size_t next = part.find('[', open + 1);
      out.emplace_back(part.substr(open, next - open));
      open = next;
    }
  }
  return out;
}

bool is_index(std::string_view key, bool brackets) {
  if (brackets) {
    if (key.size() < 3 || key.front() != '[' || key.back() != ']') return false;
    key = key.substr(1, key.size() - 2);
  }
  return !key.empty() && key.size() < 10 &&
         key.find_first_not_of("0123456789") == std::string_view::npos;
}

void insert(Value& root, const Entry& e) {
  Value* at = &root;
  for (const std::string& part : path_parts(e.path)) {
    if (at->kind != Value::mapping) {
      // A value and options beside it (`--x.tls --x.tls.options=a`): the options make the object.
      at->kind = Value::mapping;
      at->text.clear();
    }
    Value* next = nullptr;
    for (Value::Member& m : at->members) {
      if (text::iequals(m.key, part)) next = &m.value;
    }
    if (!next) {
      Value::Member& m = at->members.emplace_back();
      m.key = part;
      m.key_quoted = true;
      m.key_span = e.span;
      m.value.span = e.span;
      next = &m.value;
    }
    at = next;
  }
  if (at->kind == Value::mapping) return;
  at->kind = Value::scalar;
  at->quoted = true;
  at->text = e.value;
  at->span = e.span;
}

// Members [0], [1] ... (0, 1 ... of variables) that are objects become a list; indexed texts stay an object, which a list of
// texts ignores, as Traefik does.
void index_lists(Value& v, bool brackets) {
  for (Value::Member& m : v.members) index_lists(m.value, brackets);
  const auto indexed = [brackets](const Value::Member& m) {
    return is_index(m.key, brackets) && m.value.kind == Value::mapping;
  };
  if (v.members.empty() || !std::all_of(v.members.begin(), v.members.end(), indexed)) return;
  const auto number = [](const Value::Member& m) {
    return *text::parse_int(
        m.key.front() == '[' ? std::string_view(m.key).substr(1, m.key.size() - 2) : m.key);
  };
  std::stable_sort(
      v.members.begin(), v.members.end(),
      [&](const Value::Member& a, const Value::Member& b) { return number(a) < number(b); });
  for (Value::Member& m : v.members) v.items.push_back(std::move(m.value));
  v.members.clear();
  v.kind = Value::sequence;
}

// The field at the end of a path, null when there is none; `through_map` tells of names on the way that users choose.
const FieldSchema* field_of(const std::string& path, bool& through_map) {
  const ObjectSchema* schema = &static_schema();
  const FieldSchema* field = nullptr;
  bool name_next = false;
  for (const std::string& part : path_parts(path)) {
    if (name_next) {
      name_next = false;
      field = nullptr;
      continue;
    }
    field = schema ? schema->find(part) : nullptr;
    if (!field) return nullptr;
    schema = field->child;
    name_next = field->shape == Shape::object_map || field->shape == Shape::object_list ||
                field->shape == Shape::map;
    through_map = through_map || name_next;
  }
  return field;
}

bool takes_next_argument(const std::string& path) {
  bool through_map = false;
  const FieldSchema* f = field_of(path, through_map);
  // Below a name of the user's Traefik does not know the option's type and takes "true".
  return f && !through_map && (f->shape == Shape::scalar || f->shape == Shape::list);
}

void add_entry(std::vector<Entry>& entries, Entry e) {
  for (Entry& old : entries) {
    if (!text::iequals(old.path, e.path)) continue;
    bool through_map = false;
    const FieldSchema* f = field_of(e.path, through_map);
    if (f && f->shape == Shape::list) {
      old.value += "," + e.value;
    } else {
      old.value = std::move(e.value);
      old.span = std::move(e.span);
    }
    return;
  }
  entries.push_back(std::move(e));
}

Result<Document> to_document(std::vector<Entry> entries, Origin origin) {
  // A bound for hostile input: the tree is as deep as a path is long.
  const TextLimits limits;
  Document doc;
  doc.origin = origin;
  doc.root.kind = Value::mapping;
  for (const Entry& e : entries) {
    if (path_parts(e.path).size() > limits.depth_max) {
      return Error(Code::limit,
                   "an option's name has more than " + std::to_string(limits.depth_max) + " parts",
                   e.span, "no option is nested so deeply");
    }
    insert(doc.root, e);
  }
  index_lists(doc.root, origin == Origin::flags);
  if (doc.root.kind != Value::mapping) doc.root.kind = Value::mapping;
  return doc;
}

}  // namespace

Result<Document> document_from_flags(const std::vector<std::string>& arguments) {
  std::vector<Entry> entries;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& a = arguments[i];
    const SourceSpan place = named_place("argument " + std::to_string(i + 1));
    // The first argument that is no flag ends the flags, as in Traefik.
    if (a.size() < 2 || a[0] != '-' || a == "--") break;
    std::string name = a.substr(a[1] == '-' ? 2 : 1);
    if (name.empty() || name[0] == '-' || name[0] == '=') {
      return Error(Code::invalid, "bad flag syntax: " + a, place, "write --name=value");
    }
    std::string value = "true";
    const size_t equals = name.find('=');
    if (equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    } else if (takes_next_argument(name)) {
      if (i + 1 == arguments.size()) {
        return Error(Code::invalid, "flag needs an argument: --" + name, place,
                     "write --" + name + "=value");
      }
      value = arguments[++i];
    }
    if (text::iequals(name, "configFile")) continue;
    add_entry(entries, {std::move(name), std::move(value), place});
  }
  return to_document(std::move(entries), Origin::flags);
}

Result<Document> document_from_environment(
    const std::vector<std::pair<std::string, std::string>>& environment) {
  constexpr std::string_view prefix = "TRAEFIK_";
  std::vector<std::pair<std::string, std::string>> sorted;
  for (const auto& [name, value] : environment) {
    if (!name.starts_with(prefix)) continue;
    // Names of no static block are left alone: other programs use the prefix too.
    const std::string_view rest = std::string_view(name).substr(prefix.size());
    const std::string_view block = rest.substr(0, rest.find('_'));
    if (static_schema().find(block)) sorted.emplace_back(name, value);
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<Entry> entries;
  for (const auto& [name, value] : sorted) {
    std::string path = text::to_lower(std::string_view(name).substr(prefix.size()));
    std::replace(path.begin(), path.end(), '_', '.');
    entries.push_back({std::move(path), value, named_place(name)});
  }
  return to_document(std::move(entries), Origin::environment);
}

}  // namespace gateproof::config
