# Files as one C table `const ds_template TABLE[]` of { name, text } (src/cmd/template.h), in the source file OUT. It is made
# at configuration, which runs anew when one of the files changes.
function(embed_texts out table)
  set(texts "")
  set(rows "")
  foreach(file ${ARGN})
    get_filename_component(name ${file} NAME_WE)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    string(APPEND texts "static const char text_${name}[] = { ${bytes}0 };\n")
    string(APPEND rows "    { \"${name}\", text_${name} },\n")
  endforeach()
  file(GENERATE OUTPUT ${out} CONTENT
    "#include \"template.h\"\n${texts}const ds_template ${table}[] = {\n${rows}    { 0, 0 },\n};\n")
endfunction()
