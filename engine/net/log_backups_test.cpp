#include "engine/net/log_backups.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace gateproof::net {
namespace {

constexpr int64_t ns_per_second = 1'000'000'000;
constexpr int64_t noon = 1'769'860'800 * ns_per_second;  // 2026-01-31T12:00:00Z
constexpr int64_t day = 86'400 * ns_per_second;

using Names = std::vector<std::string>;

TEST(LogBackups, NamesAreThoseOfTraefiksLogger) {
  struct Row {
    std::string_view path, folder, backup;
  };
  for (const Row& r : {Row{"/var/log/app.log", "/var/log/", "app-2026-01-31T12-00-00.007.log"},
                       Row{"app.log", "", "app-2026-01-31T12-00-00.007.log"},
                       Row{"logs/app", "logs/", "app-2026-01-31T12-00-00.007"},
                       Row{"/a.b/c.d.log", "/a.b/", "c.d-2026-01-31T12-00-00.007.log"}}) {
    const LogPath path(r.path);
    EXPECT_EQ(path.folder, r.folder) << r.path;
    EXPECT_EQ(path.backup_name(noon + 7'999'999), r.backup) << r.path;
  }
}

TEST(LogBackups, OnlyFilesOfThisLogAreItsOwn) {
  const LogPath path("/l/app.log");
  EXPECT_EQ(path.backup_time("app-2026-01-31T12-00-00.000.log"), noon);
  EXPECT_EQ(path.backup_time("app-2026-01-31T12-00-00.000.log.gz"), noon);
  for (const char* other :
       {"", "app.log", "app-.log", "app-other.log", "app-2026-01-31T12-00-00.000",
        "app-2026-01-31T12-00-00.000.txt", "app-2026-13-31T12-00-00.000.log",
        "app-2026-02-30T12-00-00.000.log", "app-2026-01-31T24-00-00.000.log",
        "app-2026-01-31T12-60-00.000.log", "app-2026-01-31T12-00-60.000.log",
        "app-2026-01-31 12-00-00.000.log", "app-2026-01-31T12-00-00.00x.log",
        "application-2026-01-31T12-00-00.000.log", "xapp-2026-01-31T12-00-00.000.log",
        "app-2026-01-31T12-00-00.000.log.gz.gz", "app-2026-01-31T12-00-00.000.log.bz2"}) {
    EXPECT_EQ(path.backup_time(other), std::nullopt) << other;
  }
}

TEST(LogBackups, ATimeIsReadBackToTheMillisecond) {
  EXPECT_TRUE(rc::check([] {
    const auto ms = *rc::gen::inRange<int64_t>(0, 4'102'444'800'000);  // to 2100
    const LogPath path(*rc::gen::element<std::string>("/l/app.log", "app", "a-b.c"));
    RC_ASSERT(path.backup_time(path.backup_name(ms * 1'000'000)) == ms * 1'000'000);
  }));
}

TEST(LogBackups, TheNewestAreKept) {
  const LogPath path("app.log");
  const Names names = {path.backup_name(noon - 3 * day),
                       path.backup_name(noon - 2 * day) + ".gz",
                       path.backup_name(noon - day),
                       path.backup_name(noon - day) + ".gz",  // half compressed when it ended
                       path.backup_name(noon),
                       "app.log",
                       "app-other.log"};
  struct Row {
    int64_t backups, days;
    Names remove, compress;
  };
  for (const Row& r :
       {Row{0, 0, {}, {names[4], names[2], names[0]}}, Row{3, 0, {names[0]}, {names[4], names[2]}},
        Row{2, 0, {names[1], names[0]}, {names[4], names[2]}},
        Row{1, 0, {names[3], names[2], names[1], names[0]}, {names[4]}},
        Row{4, 2, {names[0]}, {names[4], names[2]}}, Row{0, 3, {}, {names[4], names[2], names[0]}},
        Row{-1, -1, {}, {names[4], names[2], names[0]}}}) {
    const BackupPlan plan = plan_backups(path, names, r.backups, r.days, noon);
    EXPECT_EQ(plan.remove, r.remove) << r.backups << " " << r.days;
    EXPECT_EQ(plan.compress, r.compress) << r.backups << " " << r.days;
  }
  EXPECT_EQ(plan_backups(path, {names[1]}, 0, 2, noon + 1).remove, Names{names[1]}) << "one over";
}

}  // namespace
}  // namespace gateproof::net
