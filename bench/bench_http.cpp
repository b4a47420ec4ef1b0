// HTTP/1.1 heads: parsed and written, ns each. Allocations in steady state are counted too: they must be zero.
#include <atomic>
#include <cstdlib>
#include <new>

#include <benchmark/benchmark.h>

#include "engine/http/h1_parser.h"
#include "engine/http/h1_writer.h"

namespace {
std::atomic<size_t> allocations{0};
}

void* operator new(size_t n) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* p = std::malloc(n)) return p;
  std::abort();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }

namespace {

using namespace gateproof::http;

constexpr std::string_view small_get =
    "GET /bench HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: wrk\r\nAccept: */*\r\n\r\n";
constexpr std::string_view browser_get =
    "GET /shop/cart/7?lang=en&page=2 HTTP/1.1\r\n"
    "Host: shop.example.com\r\n"
    "Connection: keep-alive\r\n"
    "Cache-Control: max-age=0\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Safari/537.36\r\n"
    "Accept: "
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-User: ?1\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "Referer: https://shop.example.com/\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; "
    "_ga=GA1.2.1234567890.1234567890\r\n\r\n";
constexpr std::string_view response =
    "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Mon, 23 Nov 2026 20:00:00 GMT\r\nContent-Type: "
    "text/plain\r\n"
    "Content-Length: 0\r\nConnection: keep-alive\r\n\r\n";

void finish(benchmark::State& state, size_t before) {
  const size_t made = allocations.load() - before;
  state.counters["allocs"] = static_cast<double>(made) / static_cast<double>(state.iterations());
}

void parse_request(benchmark::State& state, std::string_view wire) {
  h1::RequestParser parser;
  for (int i = 0; i < 3; ++i) {
    parser.parse(wire);
    parser.reset();
  }
  const size_t before = allocations.load();
  for (auto _ : state) {
    benchmark::DoNotOptimize(parser.parse(wire).consumed);
    parser.reset();
  }
  finish(state, before);
}
BENCHMARK_CAPTURE(parse_request, small, small_get);
BENCHMARK_CAPTURE(parse_request, browser, browser_get);

void parse_response(benchmark::State& state) {
  h1::ResponseParser parser;
  for (int i = 0; i < 3; ++i) {
    parser.reset(false);
    parser.parse(response);
  }
  const size_t before = allocations.load();
  for (auto _ : state) {
    parser.reset(false);
    benchmark::DoNotOptimize(parser.parse(response).consumed);
  }
  finish(state, before);
}
BENCHMARK(parse_response);

void parse_chunked_body(benchmark::State& state) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string body;
  for (int i = 0; i < 16; ++i) body += "400\r\n" + std::string(1024, 'x') + "\r\n";
  body += "0\r\n\r\n";
  h1::ResponseParser parser;
  const size_t before = allocations.load();
  for (auto _ : state) {
    parser.reset(false);
    parser.parse(head);
    std::string_view rest = body;
    while (true) {
      const h1::Step step = parser.parse(rest);
      rest.remove_prefix(step.consumed);
      if (step.event == h1::Event::end) break;
    }
  }
  finish(state, before);
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * body.size()));
}
BENCHMARK(parse_chunked_body);

void write_request(benchmark::State& state) {
  h1::RequestParser parser;
  parser.parse(browser_get);
  const Headers headers = parser.head().headers;
  std::string out;
  out.reserve(4096);
  const size_t before = allocations.load();
  for (auto _ : state) {
    out.clear();
    write_request_head(out, "GET", "/shop/cart/7?lang=en&page=2", "shop.example.com", headers, 0,
                       false);
    benchmark::DoNotOptimize(out.data());
  }
  finish(state, before);
}
BENCHMARK(write_request);

void write_response(benchmark::State& state) {
  const Headers headers{{"Server", "nginx"}, {"Content-Type", "text/plain"}};
  ResponseHead head;
  head.headers = &headers;
  head.framing = Framing::length;
  head.wall_ns = 1'700'000'000'000'000'000;
  std::string out;
  out.reserve(4096);
  const size_t before = allocations.load();
  for (auto _ : state) {
    out.clear();
    write_response_head(out, head);
    benchmark::DoNotOptimize(out.data());
  }
  finish(state, before);
}
BENCHMARK(write_response);

}  // namespace

BENCHMARK_MAIN();
