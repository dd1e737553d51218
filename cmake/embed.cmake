# The files TEMPLATES (a list) as one C table: { name, text } each, by src/cmd/template.h. Made at configuration, and
# anew when a file changes.
function(embed_templates out)
  set(body "")
  set(table "")
  foreach(file ${ARGN})
    get_filename_component(name ${file} NAME_WE)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    string(APPEND body "static const char text_${name}[] = { ${bytes}0 };\n")
    string(APPEND table "    { \"${name}\", text_${name} },\n")
  endforeach()
  file(GENERATE OUTPUT ${out} CONTENT
    "/* Made from src/cmd/template/ by cmake/embed.cmake. */\n#include \"template.h\"\n${body}const ds_template ds_templates[] = {\n${table}    { 0, 0 },\n};\n")
endfunction()
