// What an API server sends, sans-IO: pages of a list, and the events of a watch, one JSON text a line.
#pragma once
#include "engine/providers/kube_object.h"

namespace gateproof::providers {

// A page of a list, taken apart by its brackets alone, so that an object that cannot be read costs only itself.
struct KubePage {
  std::string resource_version;
  std::string next;                     // `continue`; "": this was the last page
  std::vector<std::string_view> items;  // views into the text
};
Result<KubePage> read_page(std::string_view text);

// What a refusal says: {"kind":"Status","code":410,"reason":"Expired","message":"..."}.
struct KubeRefusal {
  int code = 0;
  std::string reason, message;
  int64_t retry_after_s = 0;
};
// Of an answer's body; what is no Status is a refusal with the HTTP code and the text's beginning.
KubeRefusal read_refusal(int http_status, std::string_view body);
KubeRefusal refusal_of(const config::Value& status);

struct KubeEvent {
  enum class Type : uint8_t { added, modified, deleted, bookmark, error };
  Type type = Type::error;
  config::Value object;
};

class KubeEventReader {
 public:
  explicit KubeEventReader(size_t line_bytes_max = kube_object_bytes_max)
      : line_bytes_max_(line_bytes_max) {}

  void feed(std::string_view bytes);
  // The next whole line's event; nullopt: more bytes are needed. Code::limit: a line was too long and is passed over.
  // Code::protocol: a line that is no event.
  std::optional<Result<KubeEvent>> next();
  // Bytes that wait for the end of their line; they never pass the limit.
  size_t pending() const { return buffer_.size() - begin_; }

 private:
  size_t line_bytes_max_;
  std::string buffer_;
  size_t begin_ = 0;      // of the line that is not read yet
  size_t looked_ = 0;     // up to where no line end was found
  bool passing_ = false;  // the rest of a line that was too long
};

}  // namespace gateproof::providers
