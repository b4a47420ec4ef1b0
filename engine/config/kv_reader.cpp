#include "engine/config/kv_reader.h"

#include <algorithm>
#include <set>

#include "engine/base/crypto.h"
#include "engine/base/text.h"
#include "engine/config/text_check.h"

namespace gateproof::config {

namespace {

constexpr std::string_view sections[] = {"http", "tcp", "udp", "tls"};

bool is_section(std::string_view piece) {
  return std::any_of(std::begin(sections), std::end(sections),
                     [piece](std::string_view s) { return text::iequals(s, piece); });
}

// "traefik/http/routers/r/rule", "/prod/traefik/tls/...".
bool is_pair_key(std::string_view key) {
  if (key.starts_with('/')) key.remove_prefix(1);
  const std::vector<std::string_view> pieces = text::split(key, '/');
  if (pieces.size() < 3 || key.find_first_of(" \t:{}\"") != key.npos) return false;
  return std::any_of(pieces.begin() + 1, pieces.end() - 1, is_section);
}

bool all_digits(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), text::is_digit);
}

std::string_view without_slash(std::string_view key) {
  return key.starts_with('/') ? key.substr(1) : key;
}

struct Line {
  std::string_view text;  // without its end
  size_t offset = 0;
  uint32_t number = 1;
};

class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}
  std::optional<Line> next() {
    if (at_ > text_.size()) return std::nullopt;
    const size_t end = std::min(text_.find('\n', at_), text_.size());
    Line line{text_.substr(at_, end - at_), at_, number_++};
    if (line.text.ends_with('\r')) line.text.remove_suffix(1);
    at_ = end + 1;
    return line;
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
  uint32_t number_ = 1;
};

bool is_comment(std::string_view line) {
  const std::string_view trimmed = text::trim(line);
  return trimmed.empty() || trimmed.starts_with('#');
}

// The first line that says something.
std::string_view first_line(std::string_view text) {
  Lines lines(without_bom(text));
  while (const auto line = lines.next()) {
    if (!is_comment(line->text)) return line->text;
  }
  return {};
}

SourceSpan place(const std::shared_ptr<const std::string>& file, const Line& line, size_t from,
                 size_t length) {
  return {file, line.number, uint32_t(from) + 1, uint32_t(length)};
}

FlatPair pair_at(const std::shared_ptr<const std::string>& file, const Line& key_line,
                 std::string_view key, const Line& value_line, std::string_view value) {
  FlatPair p;
  const std::string_view bare = without_slash(key);
  const size_t key_from = size_t(bare.data() - key_line.text.data());
  p.key = bare;
  p.key_span = place(file, key_line, key_from, bare.size());
  const size_t value_from =
      value.empty() ? value_line.text.size() : size_t(value.data() - value_line.text.data());
  p.value = value;
  p.value_span = place(file, value_line, value_from, value.size());
  return p;
}

const Value* member(const Value& v, std::string_view name) { return v.find_nocase(name); }

// {"key": ..., "value": base64}; null when the shape is another.
Result<FlatPair> encoded_pair(const Value& v, bool encoded_key) {
  const Value* key = member(v, "key");
  const Value* value = member(v, "value");
  if (!key || key->kind != Value::scalar) {
    return Error(Code::invalid, "an element without `key`", v.span,
                 "give the store's own export, unchanged");
  }
  FlatPair p;
  p.key_span = key->span;
  p.value_span = value ? value->span : v.span;
  p.value_span.column = p.value_span.length = 0;  // what is in base64 has no columns
  std::optional<std::string> name(key->text);
  if (encoded_key) {
    name = crypto::base64_decode(key->text);
    p.key_span.column = p.key_span.length = 0;
  }
  const auto content = value && value->kind == Value::scalar ? crypto::base64_decode(value->text)
                                                             : std::optional<std::string>("");
  if (!name || !content) {
    return Error(Code::invalid, "not base64", name ? p.value_span : p.key_span,
                 "give the store's own export, unchanged");
  }
  p.key = without_slash(*name);
  p.value = *content;
  return p;
}

Result<PairDump> encoded_dump(const Value& list, PairFormat format) {
  PairDump dump;
  dump.format = format;
  for (const Value& item : list.items) {
    Result<FlatPair> p = encoded_pair(item, format == PairFormat::etcd);
    if (!p) return p.error();
    dump.pairs.push_back(std::move(*p));
  }
  return dump;
}

bool is_consul_list(const Value& v) {
  return v.kind == Value::sequence && !v.items.empty() && member(v.items.front(), "key") &&
         member(v.items.front(), "value");
}

const Value* etcd_list(const Value& v) {
  const Value* list = v.kind == Value::mapping ? v.find("kvs") : nullptr;
  return list && list->kind == Value::sequence ? list : nullptr;
}

}  // namespace

bool is_pair_text(std::string_view text) {
  const std::string_view line = first_line(text);
  return is_pair_key(text::trim(line.substr(0, line.find('='))));
}

bool is_pair_document(const Document& d) {
  if (is_consul_list(d.root) || etcd_list(d.root)) return true;
  return d.root.kind == Value::mapping && !d.root.members.empty() &&
         is_pair_key(d.root.members.front().key);
}

Result<PairDump> pairs_from_text(std::string_view text, const std::string& file,
                                 const TextLimits& limits) {
  const auto name = std::make_shared<const std::string>(file);
  text = without_bom(text);
  if (auto e = check_text(text, name, limits.file_bytes_max)) return *e;
  PairDump dump;
  dump.format = first_line(text).find('=') == std::string_view::npos ? PairFormat::alternating
                                                                     : PairFormat::lines;
  Lines lines(text);
  while (const auto line = lines.next()) {
    if (is_comment(line->text)) continue;
    if (dump.format == PairFormat::alternating) {
      const auto value = lines.next();
      if (!value) {
        return Error(Code::invalid, "the last key has no value",
                     place(name, *line, 0, line->text.size()), "write its value on the next line");
      }
      dump.pairs.push_back(pair_at(name, *line, text::trim(line->text), *value, value->text));
      continue;
    }
    const size_t equals = line->text.find('=');
    if (equals == line->text.npos) {
      return Error(Code::invalid, "a line without `=`", place(name, *line, 0, line->text.size()),
                   "write `key = value`");
    }
    dump.pairs.push_back(pair_at(name, *line, text::trim(line->text.substr(0, equals)), *line,
                                 text::trim(line->text.substr(equals + 1))));
  }
  return dump;
}

Result<PairDump> pairs_from_document(const Document& d) {
  if (is_consul_list(d.root)) return encoded_dump(d.root, PairFormat::consul);
  if (const Value* list = etcd_list(d.root)) return encoded_dump(*list, PairFormat::etcd);
  PairDump dump;
  dump.format = PairFormat::map;
  for (const Value::Member& m : d.root.members) {
    if (m.value.kind != Value::scalar && m.value.kind != Value::null) {
      return Error(Code::invalid, "the value of " + m.key + " is no text", m.value.span,
                   "write one text for each key, as the store keeps it");
    }
    const bool slash = m.key.starts_with('/');
    dump.pairs.push_back({std::string(without_slash(m.key)),
                          slash ? m.key_span.at(1, uint32_t(m.key.size() - 1)) : m.key_span,
                          m.value.text, m.value.span});
  }
  return dump;
}

namespace {

// The last value of each key, in byte order of keys; values under indexes of one name joined by commas (and a value under the
// name itself lost), as Traefik does before it makes a tree.
std::vector<FlatPair> gathered(std::span<const FlatPair> pairs, std::string_view root_key) {
  std::map<std::string_view, const FlatPair*> last;
  for (const FlatPair& p : pairs) {
    for (const std::string_view section : sections) {
      if (text::istarts_with(p.key, std::string(root_key) + "/" + std::string(section)))
        last[p.key] = &p;
    }
  }
  std::map<std::string, FlatPair, std::less<>> plain, lists;
  for (const auto& [key, pair] : last) {
    const size_t slash = key.rfind('/');
    if (!all_digits(key.substr(slash + 1))) {
      plain[std::string(key)] = *pair;
      continue;
    }
    const std::string name(key.substr(0, slash));
    const auto [at, fresh] = lists.try_emplace(name, *pair);
    at->second.key = name;
    if (!fresh) {
      at->second.value += "," + pair->value;
      at->second.value_span.length = 0;
    }
  }
  for (auto& [name, pair] : lists) plain[name] = std::move(pair);
  std::vector<FlatPair> out;
  for (auto& [key, pair] : plain) out.push_back(std::move(pair));
  return out;
}

std::vector<FlatPart> parts_of(const FlatPair& pair, size_t from) {
  std::vector<FlatPart> parts;
  size_t at = from;
  for (const std::string_view piece : text::split(std::string_view(pair.key).substr(from), '/')) {
    if (!piece.empty()) {
      const SourceSpan span = pair.key_span.at(uint32_t(at), uint32_t(piece.size()));
      parts.push_back(
          {all_digits(piece) ? "[" + std::string(piece) + "]" : std::string(piece), span});
    }
    at += piece.size() + 1;
  }
  return parts;
}

}  // namespace

Result<Document> document_from_pairs(std::span<const FlatPair> pairs, std::string_view root_key) {
  Document doc;
  doc.origin = Origin::pairs;
  FlatTree tree;
  for (const FlatPair& p : gathered(pairs, root_key)) {
    if (!p.key.starts_with(std::string(root_key) + "/")) continue;
    if (!tree.insert(parts_of(p, root_key.size() + 1), p)) {
      return Error(Code::limit,
                   "the key has more than " + std::to_string(FlatTree::depth_max) + " pieces",
                   p.key_span, "write a shorter key");
    }
    if (doc.file.empty()) doc.file = p.key_span.file_name();
  }
  doc.root = tree.take();
  return doc;
}

std::vector<const FlatPair*> pairs_outside(std::span<const FlatPair> pairs,
                                           std::string_view root_key) {
  std::vector<const FlatPair*> out;
  std::set<std::string, std::less<>>
      seen;  // what stands before the section, or the unknown section
  const std::string prefix = std::string(root_key) + "/";
  for (const FlatPair& p : pairs) {
    std::string head;
    if (p.key.starts_with(prefix)) {
      const std::string_view rest = std::string_view(p.key).substr(prefix.size());
      const std::string_view first = rest.substr(0, rest.find('/'));
      // What only begins like a section is decoded too, and is an error there.
      const auto begins = [first](std::string_view s) { return text::istarts_with(first, s); };
      if (first.empty() || std::any_of(std::begin(sections), std::end(sections), begins)) continue;
      head = prefix + std::string(first);
    } else if (is_pair_key(p.key)) {
      for (const std::string_view piece : text::split(p.key, '/')) {
        if (!head.empty() && is_section(piece)) break;
        head += std::string(piece) + "/";
      }
    } else {
      continue;  // other programs' keys
    }
    if (seen.insert(std::move(head)).second) out.push_back(&p);
  }
  return out;
}

}  // namespace gateproof::config
