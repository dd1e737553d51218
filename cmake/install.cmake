# What `cmake --install build` puts where: program, both libraries, headers, pkg-config file and CMake package.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS descent_static descent_shared EXPORT descent-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET descent)
  install(TARGETS descent RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY include/descent DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
# What `make docs` has made: man pages, completion where the shells look for it, the editors' schema.
file(GLOB MAN1 CONFIGURE_DEPENDS man/*.1)
file(GLOB MAN5 CONFIGURE_DEPENDS man/*.5)
install(FILES ${MAN1} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${MAN5} DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES completion/descent.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME descent)
install(FILES completion/_descent DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES completion/descent.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES docs/reference/config.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/descent)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

configure_file(cmake/descent.pc.in descent.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/descent.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/descent)
install(EXPORT descent-targets NAMESPACE descent:: DESTINATION ${package_dir})
configure_file(cmake/descent-config.cmake.in descent-config.cmake @ONLY)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/descent-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/descent-config.cmake ${CMAKE_BINARY_DIR}/descent-config-version.cmake DESTINATION ${package_dir})
