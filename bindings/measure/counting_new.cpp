#include "bindings/measure/counting_new.h"

#include <cstdlib>
#include <new>

namespace {

// The measured engine has one thread.
uint64_t count = 0;
uint64_t bytes = 0;

void* counted(size_t size) {
  ++count;
  bytes += size;
  return std::malloc(size == 0 ? 1 : size);
}

void* counted(size_t size, std::align_val_t alignment) {
  ++count;
  bytes += size;
  const auto step = static_cast<size_t>(alignment);
  return std::aligned_alloc(step, (size + step - 1) / step * step);
}

void* or_throw(void* p) {
  if (!p) throw std::bad_alloc();
  return p;
}

}  // namespace

gateproof::measure::Allocations gateproof::measure::allocations() { return {count, bytes}; }

void* operator new(size_t size) { return or_throw(counted(size)); }
void* operator new[](size_t size) { return or_throw(counted(size)); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void* operator new(size_t size, std::align_val_t a) { return or_throw(counted(size, a)); }
void* operator new[](size_t size, std::align_val_t a) { return or_throw(counted(size, a)); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete[](void* p, size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, size_t, std::align_val_t) noexcept { std::free(p); }
