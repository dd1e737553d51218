# What the same-bits promise asks of compiler and machine; configuring stops where it cannot be kept.
include(CheckCSourceCompiles)

if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  set(DS_LEAST_VERSION 12)
elseif(CMAKE_C_COMPILER_ID STREQUAL "Clang")
  set(DS_LEAST_VERSION 14)
else()
  message(FATAL_ERROR "found the compiler ${CMAKE_C_COMPILER_ID}, wanted gcc or clang; set CC=gcc or CC=clang")
endif()
if(CMAKE_C_COMPILER_VERSION VERSION_LESS DS_LEAST_VERSION)
  message(FATAL_ERROR "found ${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}, wanted ${DS_LEAST_VERSION} or later: "
                      "older ones lack the vector operations used here; set CC to a later compiler")
endif()

# Switches that let the compiler change values. The macros of a compiled check do not show all of them.
string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
string(REGEX MATCH "-Ofast|-ffast-math|-funsafe-math-optimizations|-fassociative-math|-freciprocal-math|-ffinite-math-only|-fno-signed-zeros|-ffp-model=fast|-fsingle-precision-constant|-mdaz-ftz|-mfpmath=387"
       unsafe "${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${build_type}}")
if(unsafe)
  message(FATAL_ERROR "found ${unsafe} in the C flags, which changes results; descent gives the same bits everywhere. "
                      "Take it out of CFLAGS or CMAKE_C_FLAGS")
endif()

check_c_source_compiles("
#include <float.h>
#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error fast-math
#endif
#if FLT_EVAL_METHOD != 0
#error expressions are evaluated wider than their type
#endif
#if FLT_RADIX != 2 || FLT_MANT_DIG != 24 || FLT_MAX_EXP != 128 || DBL_MANT_DIG != 53 || DBL_MAX_EXP != 1024
#error not IEEE 754
#endif
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error big-endian
#endif
_Static_assert(sizeof(float) == 4 && sizeof(double) == 8, \"IEEE sizes\");
int main(void) { return 0; }" DS_IEEE_ARITHMETIC)
if(NOT DS_IEEE_ARITHMETIC)
  message(FATAL_ERROR "wanted a little-endian IEEE 754 machine with FLT_EVAL_METHOD 0 and no fast-math, found another; "
                      "on 32-bit x86 add -msse2 -mfpmath=sse, and take fast-math switches out of CFLAGS")
endif()
