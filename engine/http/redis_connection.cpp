#include "engine/http/redis_connection.h"

namespace gateproof::http {
namespace {

constexpr size_t read_piece_bytes = 4096;

}  // namespace

Error redis_error(const std::string& text) {
  Error e(Code::invalid, Source::upstream, text);
  if (text == "ERR max number of clients reached") e.retry = Retry::yes;
  for (std::string_view passing :
       {"LOADING ", "READONLY ", "MASTERDOWN ", "CLUSTERDOWN ", "TRYAGAIN "}) {
    if (text.starts_with(passing)) e.retry = Retry::yes;
  }
  return e;
}

Task<Result<RedisValue>> RedisClient::Connection::call(std::string_view bytes,
                                                       const RedisOptions& options) {
  Scheduler& s = stream_->scheduler();
  const auto lost = [](Error e) {
    e.source = Source::upstream;
    e.retry = Retry::yes;
    return e;
  };
  std::vector<std::string_view> pieces = {bytes};
  const Result<void> sent =
      co_await write_all(*stream_, std::move(pieces), deadline_in(s, options.write_timeout));
  if (!sent) co_return lost(sent.error());
  const Instant deadline = deadline_in(s, options.read_timeout);
  for (;;) {
    if (std::optional<Result<RedisValue>> reply = reader_.next()) co_return std::move(*reply);
    char piece[read_piece_bytes];
    const Result<size_t> n = co_await read_some(*stream_, piece, deadline);
    if (!n) co_return lost(n.error());
    if (*n == 0) co_return lost(Error(Code::reset, "EOF"));
    reader_.feed({piece, *n});
  }
}

Task<Result<void>> RedisClient::Connection::greet(const RedisOptions& options) {
  std::vector<std::vector<std::string>> commands;
  if (!options.password.empty()) {
    std::vector<std::string> auth = {"AUTH"};
    if (!options.username.empty()) auth.push_back(options.username);
    auth.push_back(options.password);
    commands.push_back(std::move(auth));
  }
  if (options.db > 0) commands.push_back({"SELECT", std::to_string(options.db)});
  for (const std::vector<std::string>& command : commands) {
    const std::string bytes = redis_command(command);
    const Result<RedisValue> reply = co_await call(bytes, options);
    if (!reply) co_return reply.error();
    if (reply->kind == RedisValue::Kind::error) co_return redis_error(reply->text);
  }
  co_return Result<void>();
}

bool RedisClient::Connection::usable() {
  if (!reader_.clean()) return false;
  char piece[1];
  return stream_->try_read(piece).kind == IoResult::would_block;
}

}  // namespace gateproof::http
