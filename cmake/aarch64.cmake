# Cross-compile for 64-bit Arm with Debian's gcc-aarch64-linux-gnu; programs run under qemu-user.
# DS_ARM64_ROOT, when given, holds arm64 libraries (tools/arm64-sysroot): programs find them through LD_LIBRARY_PATH.
# Without it only DS_CORE_ONLY builds, into static programs.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES DS_ARM64_ROOT)
if(DS_ARM64_ROOT)
  set(ENV{PKG_CONFIG_SYSROOT_DIR} ${DS_ARM64_ROOT})
  set(ENV{PKG_CONFIG_LIBDIR} ${DS_ARM64_ROOT}/usr/lib/aarch64-linux-gnu/pkgconfig)
  include_directories(SYSTEM ${DS_ARM64_ROOT}/usr/include)
  set(folder lib/aarch64-linux-gnu)
  set(CMAKE_EXE_LINKER_FLAGS_INIT
      "-L${DS_ARM64_ROOT}/usr/${folder} -Wl,-rpath-link,${DS_ARM64_ROOT}/usr/${folder}:${DS_ARM64_ROOT}/${folder}")
else()
  set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")
endif()
