/* template.h - the configs of src/cmd/template/, as `descent init` writes them. The table is made by cmake/embed.cmake.
 */
#ifndef DS_CMD_TEMPLATE_H
#define DS_CMD_TEMPLATE_H

typedef struct ds_template {
    const char *name, *text;
} ds_template;

extern const ds_template ds_templates[]; /* closed by name NULL */

#endif
