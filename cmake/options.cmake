# Compiler, linker and cache settings shared by every target.
find_program(CCACHE ccache)
if(CCACHE)
  # PCH and ccache need these sloppiness settings to hit; the base folder lets another build folder or clone hit too.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()
# One flag for all: with CMake's own property programs get -fPIE, libraries -fPIC, and no PCH serves both.
add_compile_options(-fPIC)
# Nothing is exported from the Python module but its entry: calls inside it need no way round through a table.
add_compile_options(-fvisibility=hidden -fno-plt)
add_compile_options(-Wall -Wextra -Wno-missing-field-initializers -Wno-unused-parameter)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-fpch-preprocess)
endif()
if(GP_FUZZ)
  # Everywhere, not in the targets alone: the fuzzer is led by what the engine's own code does with an input.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(GP_SANITIZE)
  add_compile_options(-fsanitize=${GP_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${GP_SANITIZE})
endif()
find_program(MOLD mold)
if(MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=mold)
endif()
