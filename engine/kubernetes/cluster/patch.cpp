// RFC 7386 and RFC 6902.
#include "engine/kubernetes/cluster/patch.h"

#include "engine/base/text.h"

namespace gateproof::kubernetes::cluster {

namespace {

// What a value adds where nothing is: nulls inside objects go.
Json without_nulls(const Json& patch) {
  if (!patch.is_object()) return patch;
  std::vector<Json::Member> out;
  for (const Json::Member& m : patch.members()) {
    if (!m.value.is_null()) out.push_back({m.key, without_nulls(m.value)});
  }
  return Json::object_of(std::move(out));
}

std::string unescaped(std::string_view token) {
  return text::replace_all(text::replace_all(std::string(token), "~1", "/"), "~0", "~");
}

Status unprocessable(std::string message) {
  Status s =
      refusal(422, "Invalid", "the server rejected our request due to an error in our request");
  s.causes.push_back({"", std::move(message), ""});
  return s;
}

class JsonPatch {
 public:
  JsonPatch(Json document, const PatchLimits& limits)
      : document_(std::move(document)), limits_(limits) {}

  bool apply(const Json& op) {
    const std::string_view name = op["op"].str();
    if (!op["path"].is_string()) return fail("missing path");
    if (!tokens(op["path"].str(), path_)) return fail("invalid path");
    if (name == "remove") return remove(path_, nullptr);
    if (name == "move" || name == "copy") return carry(op, name == "move");
    const Json* value = op.find("value");
    if (name != "add" && name != "replace" && name != "test")
      return fail("unexpected kind: " + std::string(name));
    if (!value) return fail(std::string(name) + " operation does not have a value");
    if (name == "test") return test(*value);
    if (!value->within(SIZE_MAX, limits_.depth_max - std::min(limits_.depth_max, path_.size())))
      return fail("nested deeper than " + std::to_string(limits_.depth_max) + " levels");
    return put(path_, *value, name == "replace");
  }

  Json take() { return std::move(document_); }
  const std::string& error() const { return error_; }

 private:
  using Path = std::vector<std::string>;

  bool fail(std::string why) {
    error_ = std::move(why);
    return false;
  }

  static bool tokens(std::string_view pointer, Path& out) {
    out.clear();
    if (pointer.empty()) return true;
    if (pointer.front() != '/') return false;
    for (std::string_view t : text::split(pointer.substr(1), '/')) out.push_back(unescaped(t));
    return true;
  }

  // Of an array: the index, `end` for "-"; none for anything else.
  static std::optional<size_t> index(const std::string& token, size_t end) {
    if (token == "-") return end;
    if (token.empty() || (token.size() > 1 && token[0] == '0') || !text::is_digit(token[0]))
      return std::nullopt;
    const auto n = text::parse_int(token);
    if (!n || uint64_t(*n) > end) return std::nullopt;
    return size_t(*n);
  }

  static const Json* child(const Json& parent, const std::string& token) {
    if (parent.is_object()) return parent.find(token);
    const auto i = parent.is_array() ? index(token, parent.size()) : std::nullopt;
    return i && *i < parent.size() ? &parent.items()[*i] : nullptr;
  }

  const Json* look(const Path& path) const {
    const Json* here = &document_;
    for (const std::string& t : path) {
      here = child(*here, t);
      if (!here) return nullptr;
    }
    return here;
  }

  // The value that holds the path's last token, ready to be changed.
  Json* parent_of(const Path& path) {
    if (!look(Path(path.begin(), path.end() - 1))) return nullptr;
    Json* here = &document_;
    for (size_t i = 0; i + 1 < path.size(); ++i)
      here =
          here->is_object() ? &here->member(path[i]) : &here->item(*index(path[i], here->size()));
    return here;
  }

  bool room(const Json& parent) {
    moved_ += parent.size();
    return moved_ <= limits_.moved_max || fail("the patch is too much work");
  }

  bool missing(const Path& path) {
    std::string shown;
    for (const std::string& t : path) shown += "/" + t;
    return fail("doc is missing path: " + text::quote(shown) + ": missing value");
  }

  bool put(const Path& path, Json value, bool replace) {
    if (path.empty()) {
      document_ = std::move(value);
      return true;
    }
    if (replace && !look(path)) return missing(path);
    Json* parent = parent_of(path);
    if (!parent) return missing(path);
    if (!room(*parent)) return false;
    if (parent->is_object()) {
      parent->set(path.back(), std::move(value));
      return true;
    }
    if (!parent->is_array()) return missing(path);
    const auto i = index(path.back(), parent->size());
    if (!i) return missing(path);
    if (replace) {
      parent->item(*i) = std::move(value);
    } else {
      parent->insert(*i, std::move(value));
    }
    return true;
  }

  bool remove(const Path& path, Json* taken) {
    const Json* there = path.empty() ? nullptr : look(path);
    if (!there) return missing(path);
    if (taken) *taken = *there;
    Json* parent = parent_of(path);
    if (!room(*parent)) return false;
    if (parent->is_object()) {
      parent->erase(path.back());
    } else {
      parent->erase_item(*index(path.back(), parent->size()));
    }
    return true;
  }

  bool test(const Json& value) {
    const Json* there = look(path_);
    if ((there && *there == value) || (!there && value.is_null())) return true;
    return fail("testing value " + op_path() + " failed: test failed");
  }
  std::string op_path() const {
    std::string shown;
    for (const std::string& t : path_) shown += "/" + t;
    return shown;
  }

  bool carry(const Json& op, bool move) {
    Path from;
    if (!op["from"].is_string() || !tokens(op["from"].str(), from)) return fail("invalid from");
    const Json* there = look(from);
    if (!there) return missing(from);
    // A value may be carried again and again: each time counts, so that no patch grows without bound.
    const size_t left = limits_.copied_bytes_max - std::min(carried_, limits_.copied_bytes_max);
    const size_t depth_left = limits_.depth_max - std::min(limits_.depth_max, path_.size());
    if (!there->within(left, depth_left))
      return fail("copy and move carry more than " + std::to_string(limits_.copied_bytes_max) +
                  " bytes, or too deep");
    carried_ += there->weight();
    Json value = *there;
    if (!move) return put(path_, std::move(value), false);
    if (path_.size() > from.size() && std::equal(from.begin(), from.end(), path_.begin()))
      return fail("a value cannot move into itself");
    if (from.empty()) return fail("the whole document cannot move");
    return remove(from, nullptr) && put(path_, std::move(value), false);
  }

  Json document_;
  const PatchLimits& limits_;
  Path path_;
  size_t carried_ = 0;
  size_t moved_ = 0;
  std::string error_;
};

}  // namespace

Json merge_patch(const Json& target, const Json& patch) {
  if (!patch.is_object()) return patch;
  if (!target.is_object()) return without_nulls(patch);
  // Both are sorted: one pass over the two.
  std::vector<Json::Member> out;
  auto t = target.members().begin();
  const auto end = target.members().end();
  bool changed = false;
  for (const Json::Member& p : patch.members()) {
    while (t != end && t->key < p.key) out.push_back(*t++);
    const bool there = t != end && t->key == p.key;
    if (p.value.is_null()) {
      changed |= there;
    } else {
      Json value = there ? merge_patch(t->value, p.value) : without_nulls(p.value);
      changed |= !there || !value.same(t->value);
      out.push_back({p.key, std::move(value)});
    }
    if (there) ++t;
  }
  if (!changed) return target;
  out.insert(out.end(), t, end);
  return Json::object_of(std::move(out));
}

Reply<Json> json_patch(Json target, const Json& patch, const PatchLimits& limits) {
  if (!patch.is_array())
    return bad_request("error decoding patch: json: cannot unmarshal " +
                       std::string(patch.is_object() ? "object" : "value") +
                       " into Go value of type jsonpatch.Patch");
  if (patch.size() > limits.operations_max) {
    return too_large("The allowed maximum operations in a JSON patch is " +
                     std::to_string(limits.operations_max) + ", got " +
                     std::to_string(patch.size()));
  }
  JsonPatch document(std::move(target), limits);
  for (const Json& op : patch.items()) {
    if (!document.apply(op)) return unprocessable(document.error());
  }
  return document.take();
}

}  // namespace gateproof::kubernetes::cluster
