// Mirroring: a share of the requests is sent to other services as well, after the answer, whose answers nobody gets
// (catalogue 4.5).
#pragma once
#include "engine/http/handler.h"
#include "engine/upstream/replay.h"
#include "engine/upstream/status_board.h"

namespace gateproof::upstream {

// Requests whose copies may be under way at once, per service; those beyond are not mirrored.
inline constexpr size_t mirrored_requests_max = 1000;

class Mirroring final : public http::Handler, public StatusSource {
 public:
  struct Mirror {
    std::string name;  // qualified
    int64_t percent = 0;
    std::shared_ptr<http::Handler> handler;
  };
  struct Parts {
    std::string name;
    std::string main_name;
    std::shared_ptr<http::Handler> main;
    StatusSource* main_status = nullptr;  // null: it has none
    std::vector<Mirror> mirrors;
    bool mirror_body = true;
    int64_t body_bytes_max = -1;  // negative: no limit
    bool checked = false;
  };
  explicit Mirroring(Parts parts);
  Task<void> handle(http::Exchange& x) override;
  Result<void> on_status(std::function<void(bool up)> listener) override;
  // Copies under way.
  size_t under_way() const { return under_way_->load(); }

 private:
  struct Copies;
  std::vector<size_t> due();
  std::shared_ptr<Copies> prepare(http::Exchange& x, const std::vector<size_t>& mirrors);
  static Task<void> send(std::shared_ptr<Copies> copies);
  void start(http::Exchange& x, std::shared_ptr<Copies> copies);

  Parts parts_;
  std::string stage_;
  std::mutex mutex_;
  uint64_t total_ = 0;
  std::vector<uint64_t> counts_;
  std::shared_ptr<std::atomic<size_t>> under_way_ = std::make_shared<std::atomic<size_t>>(0);
};

}  // namespace gateproof::upstream
