// Runs a fuzz target over files, or every file in directories: the corpus as a plain test, for any compiler.
// Each input is also tried cut short and with one byte changed, so that a replay is worth a little more than its corpus.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

void run(const std::string& text) {
  // A copy of exactly this size, so that a sanitizer sees a read past the end.
  const std::vector<uint8_t> bytes(text.begin(), text.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

void run_with_neighbours(std::string text) {
  constexpr size_t neighbours_max = 64;
  run(text);
  const size_t step = text.size() / neighbours_max + 1;
  for (size_t i = 0; i < text.size(); i += step) {
    run(text.substr(0, i));
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 0x20);
    run(changed);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i) {
    if (std::filesystem::is_directory(argv[i])) {
      for (const auto& e : std::filesystem::recursive_directory_iterator(argv[i])) {
        if (e.is_regular_file()) files.push_back(e.path());
      }
    } else if (std::filesystem::exists(argv[i])) {
      files.emplace_back(argv[i]);
    } else {
      std::fprintf(stderr, "no such corpus: %s\n", argv[i]);
      return 1;
    }
  }
  for (const auto& path : files) {
    std::ifstream in(path, std::ios::binary);
    run_with_neighbours(
        std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>()));
  }
  run("");
  std::printf("%zu inputs\n", files.size());
  return files.empty() ? 1 : 0;
}
