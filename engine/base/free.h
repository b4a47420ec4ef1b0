// The deleter of a std::unique_ptr to what a C library has made: Free<X509_free>.
#pragma once

namespace gateproof {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* p) const {
    free(p);
  }
};

}  // namespace gateproof
