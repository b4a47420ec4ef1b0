#include "engine/providers/kube_wire.h"

#include "engine/base/text.h"

namespace gateproof::providers {

using config::Value;

namespace {

constexpr size_t message_bytes_max = 300;  // of a refusal, as it is kept for logs

// Walks over JSON without reading it: only brackets and texts matter.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}
  size_t at() const { return at_; }
  bool end() const { return at_ == text_.size(); }
  char peek() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    return end() ? '\0' : text_[at_];
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  // A text's content, as written; nullopt: there is none here.
  std::optional<std::string_view> string() {
    if (!take('"')) return std::nullopt;
    const size_t from = at_;
    for (;;) {
      const size_t quote = text_.find('"', at_);
      if (quote == std::string_view::npos) break;
      size_t escapes = quote;
      while (escapes > from && text_[escapes - 1] == '\\') --escapes;
      at_ = quote + 1;
      if ((quote - escapes) % 2 == 0) return text_.substr(from, quote - from);
    }
    at_ = text_.size();
    return std::nullopt;
  }
  // Passes over one value; false: its end is not there.
  bool skip() {
    size_t depth = 0;
    for (;;) {
      const char c = peek();
      if (c == '\0') return false;
      if (c == '"') {
        if (!string()) return false;
      } else if (c == '{' || c == '[') {
        ++depth;
        ++at_;
      } else if (c == '}' || c == ']') {
        if (depth == 0) return false;
        --depth;
        ++at_;
      } else {
        if (depth == 0 && (c == ',' || c == ':')) return false;
        word();
      }
      if (depth == 0) return true;
    }
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
  void word() {
    const auto goes_on = [](char c) {
      return text::is_alnum(c) || c == '+' || c == '-' || c == '.';
    };
    do ++at_;
    while (at_ < text_.size() && goes_on(text_[at_]));
  }
  std::string_view text_;
  size_t at_ = 0;
};

Error no_list(const std::string& why) { return Error(Code::protocol, "this is no list: " + why); }

bool read_items(Walker& w, std::string_view text, std::vector<std::string_view>& items) {
  if (!w.take('[')) return w.skip();  // null, where a list is empty
  if (w.take(']')) return true;
  do {
    w.peek();
    const size_t from = w.at();
    if (!w.skip()) return false;
    items.push_back(text.substr(from, w.at() - from));
  } while (w.take(','));
  return w.take(']');
}

std::string text_at(const Value& v, std::string_view path) {
  const Value* found = v.at(path);
  return found ? std::string(found->str()) : std::string();
}

std::string clipped(std::string text) {
  if (text.size() > message_bytes_max) {
    text.resize(message_bytes_max);
    text += "...";
  }
  return text;
}

}  // namespace

Result<KubePage> read_page(std::string_view text) {
  KubePage page;
  Walker w(text);
  bool has_items = false;
  if (!w.take('{')) return no_list("it does not begin with a bracket");
  if (!w.take('}')) {
    do {
      const std::optional<std::string_view> key = w.string();
      if (!key || !w.take(':')) return no_list("a name and a value are expected");
      w.peek();
      const size_t from = w.at();
      has_items = has_items || *key == "items";
      if (*key == "items" ? !read_items(w, text, page.items) : !w.skip())
        return no_list("it is cut short");
      if (*key != "metadata") continue;
      const Result<Value> meta = read_kube_json(text.substr(from, w.at() - from), "a list");
      if (!meta) return no_list(meta.error().message);
      page.resource_version = text_at(*meta, "resourceVersion");
      page.next = text_at(*meta, "continue");
    } while (w.take(','));
    if (!w.take('}')) return no_list("it is cut short");
  }
  if (w.peek() != '\0') return no_list("text follows it");
  if (!has_items) return no_list("it has no items");
  return page;
}

KubeRefusal refusal_of(const Value& status) {
  KubeRefusal r;
  r.code = static_cast<int>(text::parse_int(text_at(status, "code")).value_or(0));
  r.reason = clipped(text_at(status, "reason"));
  r.message = clipped(text_at(status, "message"));
  r.retry_after_s = text::parse_int(text_at(status, "details.retryAfterSeconds")).value_or(0);
  return r;
}

KubeRefusal read_refusal(int http_status, std::string_view body) {
  KubeRefusal r;
  const Result<Value> v = read_kube_json(body, "a status");
  if (v && v->kind == Value::mapping && text_at(*v, "kind") == "Status") r = refusal_of(*v);
  if (r.message.empty()) r.message = clipped(std::string(text::trim(body)));
  r.code = http_status;
  return r;
}

void KubeEventReader::feed(std::string_view bytes) {
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    looked_ -= begin_;
    begin_ = 0;
  }
  buffer_.append(bytes);
}

std::optional<Result<KubeEvent>> KubeEventReader::next() {
  for (;;) {
    const size_t end = buffer_.find('\n', looked_);
    const size_t length = (end == std::string::npos ? buffer_.size() : end) - begin_;
    const bool too_long = length > line_bytes_max_;
    if (end == std::string::npos) {
      looked_ = buffer_.size();
      if (!too_long && !passing_) return std::nullopt;
      const bool told = std::exchange(passing_, true);
      buffer_.clear();
      begin_ = looked_ = 0;
      if (told) return std::nullopt;
      return Error(Code::limit, "an event of more than " + std::to_string(line_bytes_max_) +
                                    " bytes is passed over");
    }
    const std::string_view line = text::trim(std::string_view(buffer_).substr(begin_, length));
    begin_ = looked_ = end + 1;
    if (std::exchange(passing_, false)) continue;
    if (too_long) {
      return Error(Code::limit, "an event of more than " + std::to_string(line_bytes_max_) +
                                    " bytes is passed over");
    }
    if (line.empty()) continue;
    Result<Value> v = read_kube_json(line, "an event");
    if (!v) return Error(Code::protocol, "a line that is no event: " + v.error().message);
    constexpr std::string_view names[] = {"ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"};
    const std::string type = text_at(*v, "type");
    const auto* found = std::find(std::begin(names), std::end(names), type);
    if (found == std::end(names))
      return Error(Code::protocol, "an event of an unknown type " + text::quote(clipped(type)));
    KubeEvent event;
    event.type = static_cast<KubeEvent::Type>(found - std::begin(names));
    for (Value::Member& m : v->members) {
      if (m.key == "object") event.object = std::move(m.value);
    }
    return event;
  }
}

}  // namespace gateproof::providers
