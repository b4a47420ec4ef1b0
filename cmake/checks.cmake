# Checks of the tree that run as tests: ctest -L check. They want Debian's Python and its standard library only;
# the stubs check alone uses .venv, and is left out where tools/setup has not made it.
find_program(GP_PYTHON3 NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
if(NOT GP_PYTHON3)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  set(GP_PYTHON3 ${Python3_EXECUTABLE})
endif()

function(gp_check name)
  add_test(NAME check.${name} COMMAND ${GP_PYTHON3} ${CMAKE_SOURCE_DIR}/tools/check_${name} ${ARGN})
  set_tests_properties(check.${name} PROPERTIES LABELS check TIMEOUT 300 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
endfunction()

gp_check(layers)
gp_check(banned)
gp_check(style)
gp_check(registry)
gp_check(headers --compiler g++)
set_tests_properties(check.headers PROPERTIES PROCESSORS 2)
if(GP_PYTHON AND EXISTS ${CMAKE_SOURCE_DIR}/.venv/bin/python)
  gp_check(stubs)
endif()
add_test(NAME check.format COMMAND ${GP_PYTHON3} ${CMAKE_SOURCE_DIR}/tools/format)
set_tests_properties(check.format PROPERTIES LABELS check TIMEOUT 300)
