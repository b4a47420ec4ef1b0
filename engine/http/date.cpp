#include "engine/http/date.h"

#include <array>

#include "engine/base/text.h"

namespace gateproof::http {
namespace {

constexpr std::string_view days = "SunMonTueWedThuFriSat";
constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr size_t date_bytes = 29;

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

struct Date {
  int64_t year;
  unsigned month, day;  // from 1
};

// Howard Hinnant's civil_from_days and days_from_civil.
Date civil(int64_t day_number) {
  const int64_t z = day_number + 719468;
  const int64_t era = floor_div(z, 146097);
  const auto doe = static_cast<unsigned>(z - era * 146097);
  const unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const unsigned mp = (5 * doy + 2) / 153;
  const unsigned month = mp < 10 ? mp + 3 : mp - 9;
  return {static_cast<int64_t>(yoe) + era * 400 + (month <= 2), month,
          doy - (153 * mp + 2) / 5 + 1};
}

int64_t day_number(const Date& d) {
  const int64_t y = d.year - (d.month <= 2);
  const int64_t era = floor_div(y, 400);
  const auto yoe = static_cast<unsigned>(y - era * 400);
  const unsigned doy = (153 * (d.month > 2 ? d.month - 3 : d.month + 9) + 2) / 5 + d.day - 1;
  const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + static_cast<int64_t>(doe) - 719468;
}

void put_digits(char* at, int64_t v, int n) {
  for (int i = n - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + v % 10);
    v /= 10;
  }
}

void format(int64_t second, char* out) {
  const int64_t day = floor_div(second, 86400);
  const int64_t in_day = second - day * 86400;
  const Date d = civil(day);
  const auto weekday = static_cast<size_t>(((day + 4) % 7 + 7) % 7);
  std::string_view("xxx, 00 xxx 0000 00:00:00 GMT").copy(out, date_bytes);
  days.copy(out, 3, weekday * 3);
  put_digits(out + 5, d.day, 2);
  months.copy(out + 8, 3, (d.month - 1) * 3);
  put_digits(out + 12, d.year, 4);
  put_digits(out + 17, in_day / 3600, 2);
  put_digits(out + 20, in_day / 60 % 60, 2);
  put_digits(out + 23, in_day % 60, 2);
}

}  // namespace

std::string_view http_date(int64_t wall_ns) {
  struct Cache {
    int64_t second = INT64_MIN;
    std::array<char, date_bytes> text;
  };
  thread_local Cache cache;
  const int64_t second = floor_div(wall_ns, 1'000'000'000);
  if (second != cache.second) {
    format(second, cache.text.data());
    cache.second = second;
  }
  return {cache.text.data(), date_bytes};
}

std::optional<int64_t> parse_http_date(std::string_view s) {
  if (s.size() != date_bytes) return std::nullopt;
  constexpr std::string_view digits_at = ".....00.....0000.00.00.00....";
  for (size_t i = 0; i < date_bytes; ++i) {
    if (digits_at[i] == '0' && !text::is_digit(s[i])) return std::nullopt;
  }
  const auto number = [&](size_t at, size_t n) {
    int64_t v = 0;
    for (size_t i = 0; i < n; ++i) v = v * 10 + (s[at + i] - '0');
    return v;
  };
  const size_t month = months.find(s.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  const Date d{number(12, 4), static_cast<unsigned>(month / 3 + 1),
               static_cast<unsigned>(number(5, 2))};
  const int64_t second =
      day_number(d) * 86400 + number(17, 2) * 3600 + number(20, 2) * 60 + number(23, 2);
  // Written again it must be the same: that checks the weekday, the ranges and the punctuation at once.
  char again[date_bytes];
  format(second, again);
  if (std::string_view(again, date_bytes) != s) return std::nullopt;
  return second;
}

}  // namespace gateproof::http
