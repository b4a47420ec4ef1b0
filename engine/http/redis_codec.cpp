#include "engine/http/redis_codec.h"

#include <hiredis/hiredis.h>

#include "engine/base/assert.h"

namespace gateproof::http {
namespace {

// Where a value that has just been read goes: into its list, or it is a reply of its own. Lists get their size at once, so
// that addresses of items stay.
RedisValue* place(const redisReadTask* task, RedisValue::Kind kind) {
  RedisValue* v = task->parent
                      ? &static_cast<RedisValue*>(task->parent->obj)->items[size_t(task->idx)]
                      : new RedisValue();
  v->kind = kind;
  return v;
}

void* create_string(const redisReadTask* task, char* bytes, size_t length) {
  const auto kind = task->type == REDIS_REPLY_ERROR    ? RedisValue::Kind::error
                    : task->type == REDIS_REPLY_STATUS ? RedisValue::Kind::status
                                                       : RedisValue::Kind::text;
  RedisValue* v = place(task, kind);
  v->text.assign(bytes, length);
  return v;
}

// No object makes the reader give up.
void* create_list(const redisReadTask* task, int items) {
  if (items < 0 || static_cast<size_t>(items) > redis_reply_items_max) return nullptr;
  RedisValue* v = place(task, RedisValue::Kind::list);
  v->items.resize(static_cast<size_t>(items));
  return v;
}

void* create_integer(const redisReadTask* task, long long value) {
  RedisValue* v = place(task, RedisValue::Kind::integer);
  v->integer = value;
  return v;
}

void* create_nil(const redisReadTask* task) { return place(task, RedisValue::Kind::nil); }

// Called for whole replies only.
void free_value(void* v) { delete static_cast<RedisValue*>(v); }

redisReplyObjectFunctions functions = {create_string, create_list, create_integer, create_nil,
                                       free_value};

}  // namespace

void RedisReader::Free::operator()(redisReader* r) const { redisReaderFree(r); }

RedisReader::RedisReader(size_t bytes_max)
    : reader_(redisReaderCreateWithFunctions(&functions)), bytes_max_(bytes_max) {
  GP_ASSERT(reader_);
}
RedisReader::RedisReader(RedisReader&&) noexcept = default;
RedisReader& RedisReader::operator=(RedisReader&&) noexcept = default;
RedisReader::~RedisReader() = default;

size_t RedisReader::unread() const { return reader_->len - reader_->pos; }

bool RedisReader::clean() const { return fed_ == 0; }

void RedisReader::feed(std::string_view bytes) {
  if (failure_ || bytes.empty()) return;
  fed_ += bytes.size();
  redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
}

Error RedisReader::fail(Error e) {
  e.source = Source::upstream;
  failure_ = e;
  return e;
}

std::optional<Result<RedisValue>> RedisReader::next() {
  if (failure_) return Result<RedisValue>(*failure_);
  void* made = nullptr;
  if (redisReaderGetReply(reader_.get(), &made) != REDIS_OK) {
    if (reader_->err == REDIS_ERR_OOM)
      return Result<RedisValue>(
          fail(Error(Code::limit, "a list of Redis has more than " +
                                      std::to_string(redis_reply_items_max) + " items")));
    return Result<RedisValue>(fail(Error(Code::protocol, reader_->errstr)));
  }
  const std::unique_ptr<RedisValue> value(static_cast<RedisValue*>(made));
  const size_t used = value ? fed_ - unread() : fed_;
  if (used > bytes_max_)
    return Result<RedisValue>(fail(Error(
        Code::limit, "a reply of Redis has more than " + std::to_string(bytes_max_) + " bytes")));
  if (!value) return std::nullopt;
  fed_ = unread();
  return Result<RedisValue>(std::move(*value));
}

std::string redis_command(std::span<const std::string> words) {
  std::vector<const char*> texts;
  std::vector<size_t> lengths;
  for (const std::string& w : words) {
    texts.push_back(w.data());
    lengths.push_back(w.size());
  }
  char* made = nullptr;
  const int n =
      redisFormatCommandArgv(&made, static_cast<int>(words.size()), texts.data(), lengths.data());
  GP_ASSERT(n >= 0);
  std::string out(made, static_cast<size_t>(n));
  redisFreeCommand(made);
  return out;
}

}  // namespace gateproof::http
