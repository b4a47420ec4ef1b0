# How gateproofd of a release build is linked: its libraries are part of it, and what runs stands together.

include(CheckCXXSourceCompiles)
find_program(GP_LLD NAMES ld.lld-16 ld.lld)
find_program(GP_PYTHON3 NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
# DT_RELR is read by glibc from 2.36 on, where Debian bookworm is.
check_cxx_source_compiles("#include <features.h>\n#if !__GLIBC_PREREQ(2, 36)\n#error\n#endif\nint main() {}" GP_HAS_RELR)

# Only OpenSSL, zlib and glibc, which are mended most often, stay outside. Twelve libraries fewer to map and to bind are a quarter of the
# time from start to the first answer, and a tenth of the memory. By a folder that has nothing but their archives: lld takes no shared
# library that is named by its path once -Bstatic is said.
function(gp_carry_libraries target)
  set(archives ${CMAKE_CURRENT_BINARY_DIR}/archives)
  file(MAKE_DIRECTORY ${archives})
  foreach(name re2 brotlienc brotlidec brotlicommon zstd crypt hiredis nghttp2 yaml-cpp resolv)
    find_library(GP_ARCHIVE_${name} lib${name}.a)
    mark_as_advanced(GP_ARCHIVE_${name})
    if(GP_ARCHIVE_${name})
      file(CREATE_LINK ${GP_ARCHIVE_${name}} ${archives}/lib${name}.a SYMBOLIC)
    endif()
  endforeach()
  target_link_options(${target} PRIVATE -L${archives} -static-libstdc++ -static-libgcc -Wl,--gc-sections)
  # What the compiler takes for cold (errors, clean-up) stays apart, and is not mapped beside what runs: 0.8 MB of resident memory.
  if(MOLD OR GP_LLD)
    target_link_options(${target} PRIVATE -Wl,-z,keep-text-section-prefix)
  endif()
endfunction()

# The system maps 16 pages of a program where one is touched. The functions that run at the start and under load are a fifth of all, and
# stood all over the text (docs/adr/0012-link-order.md). tools/link_order finds them, lld puts them in front; where lld or Python is
# missing the program is the same, larger in memory. Names come from a first link, by mold: the list has their hashes.
function(gp_link_in_order target source)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/link_order)
  file(MAKE_DIRECTORY ${folder})
  file(CREATE_LINK ${GP_LLD} ${folder}/ld.lld SYMBOLIC)  # the compiler looks for this name
  add_executable(${target}_unordered EXCLUDE_FROM_ALL ${source})
  target_link_libraries(${target}_unordered PRIVATE gp_daemon)
  target_precompile_headers(${target}_unordered REUSE_FROM gp_pch)
  set_target_properties(${target}_unordered PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${folder})
  gp_carry_libraries(${target}_unordered)
  set(names ${folder}/names.txt)
  set(tool ${CMAKE_SOURCE_DIR}/tools/link_order)
  add_custom_command(
    OUTPUT ${names}
    COMMAND ${GP_PYTHON3} ${tool} --names $<TARGET_FILE:${target}_unordered> ${names}
    DEPENDS ${target}_unordered ${tool} ${CMAKE_CURRENT_SOURCE_DIR}/link_order.txt
    VERBATIM)
  add_custom_target(${target}_names DEPENDS ${names})
  add_dependencies(${target} ${target}_names)
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${names})
  target_link_options(${target} PRIVATE -B${folder} -fuse-ld=lld -Wl,--symbol-ordering-file=${names} -Wl,--no-warn-symbol-ordering)
  # Relative addresses that the start has to fill in, in 2 KB instead of 240: PIE stays, and costs next to nothing.
  if(GP_HAS_RELR)
    target_link_options(${target} PRIVATE -Wl,-z,pack-relative-relocs)
  endif()
endfunction()
