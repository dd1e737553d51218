# What `cmake --install build` puts where: program, both libraries, headers, pkg-config file and CMake package.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS descent_static descent_shared EXPORT descent-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET descent)
  install(TARGETS descent RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY include/descent DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

configure_file(cmake/descent.pc.in descent.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/descent.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/descent)
install(EXPORT descent-targets NAMESPACE descent:: DESTINATION ${package_dir})
configure_file(cmake/descent-config.cmake.in descent-config.cmake @ONLY)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/descent-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/descent-config.cmake ${CMAKE_BINARY_DIR}/descent-config-version.cmake DESTINATION ${package_dir})
