/* template.h - texts that the build puts into the program (cmake/embed.cmake): the configs of `descent init`, what the
 * completion scripts have beside their tables. */
#ifndef DS_CMD_TEMPLATE_H
#define DS_CMD_TEMPLATE_H

typedef struct ds_template {
    const char *name, *text;
} ds_template;

/* Files of src/cmd/template/ and src/cmd/completion/; closed by name NULL. */
extern const ds_template ds_templates[], ds_shells[];

#endif
