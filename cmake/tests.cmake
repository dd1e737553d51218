# Tests: every tests/test_*.c is one cmocka program that may look inside the library; every tests/*.sh, *.bats and *.py is
# a script that gets the program's path as its argument, and in the environment DESCENT (the program), DS_BUILD (the
# build folder) and DS_SOURCE. Exit 77 with a line "skipped: reason" means skipped.
# Labels: threads (what the thread sanitizer runs), peers (compares with other software; `make test-long`).
enable_testing()

function(descent_test name)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900
    ENVIRONMENT "DESCENT=${CMAKE_BINARY_DIR}/descent;DS_BUILD=${CMAKE_BINARY_DIR};DS_SOURCE=${CMAKE_SOURCE_DIR};DS_CC=${CMAKE_C_COMPILER};DS_SANITIZE=${DS_SANITIZE}")
endfunction()

# The table of result hashes stands alone, so that it can also be built for other machines. Every choice of kernels must
# give the one table; those that this processor lacks say so.
file(GLOB HASH_SOURCES CONFIGURE_DEPENDS tests/hashes/*.c)
inside_program(hash_table ${HASH_SOURCES})
descent_test(hashes ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:hash_table> ${CMAKE_SOURCE_DIR}/tests/hashes/table.txt)
set_tests_properties(hashes PROPERTIES LABELS threads)
if(DS_CORE_ONLY)
  return()
endif()

pkg_check_modules(CMOCKA cmocka)
if(CMOCKA_FOUND)
  file(GLOB TEST_SOURCES CONFIGURE_DEPENDS tests/test_*.c)
  foreach(source ${TEST_SOURCES})
    get_filename_component(name ${source} NAME_WE)
    inside_program(${name} ${source})
    target_include_directories(${name} PRIVATE ${CMOCKA_INCLUDE_DIRS} ${JANSSON_INCLUDE_DIRS})
    target_link_libraries(${name} PRIVATE ${CMOCKA_LIBRARIES})
    descent_test(${name} ${name})
    file(STRINGS ${source} threaded REGEX "thread" LIMIT_COUNT 1)
    if(threaded)
      set_tests_properties(${name} PROPERTIES LABELS threads)
    endif()
  endforeach()
else()
  message(STATUS "cmocka is missing: the tests in C are not built (tools/deps test installs it)")
endif()

file(GLOB TEST_SCRIPTS CONFIGURE_DEPENDS tests/*.sh tests/*.bats tests/*.py)
foreach(script ${TEST_SCRIPTS})
  get_filename_component(name ${script} NAME_WE)
  get_filename_component(extension ${script} EXT)
  # What looks at sources or builds for itself says the same in every build folder: once is enough.
  if(name MATCHES "^(arm64|lint)" AND NOT (CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "Release"))
    continue()
  endif()
  if(extension STREQUAL ".py")
    set(runner python3)
  elseif(extension STREQUAL ".bats")
    set(runner bats --tap)
  else()
    set(runner sh)
  endif()
  if(extension STREQUAL ".bats")
    descent_test(${name} ${runner} ${script})
  else()
    descent_test(${name} ${runner} ${script} ${CMAKE_BINARY_DIR}/descent)
  endif()
  if(name MATCHES "_torch$")
    set_tests_properties(${name} PROPERTIES LABELS peers)
  endif()
endforeach()

foreach(source ${EXAMPLE_SOURCES})
  get_filename_component(name ${source} NAME_WE)
  descent_test(example_${name} example_${name})
endforeach()
