/* env.c - `descent env`: what a bug report needs: version, compiler, processor path, threads, libraries. */
#include <string.h>
#include <sys/utsname.h>

#include "cmd.h"
#include "descent/registry.h"
#include "descent/version.h"

static const ds_option flags[] = {
    { .name = "json", .type = DS_OPT_BOOL, .def = "false", .help = "one JSON object on standard output" },
    { 0 },
};

static void processor(char *buf, size_t bytes)
{
    snprintf(buf, bytes, "unknown");
    FILE *f = fopen("/proc/cpuinfo", "r");
    if (!f) return;
    char line[256];
    while (fgets(line, sizeof line, f)) {
        char *colon = strchr(line, ':');
        if (!colon || strncmp(line, "model name", 10)) continue;
        snprintf(buf, bytes, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
        break;
    }
    fclose(f);
}

extern const ds_command ds_command_env;

static int run(ds_ctx *ctx, int argc, char **argv)
{
    const ds_command *c = &ds_command_env;
    ds_args a;
    int code = ds_args_parse(&a, c, argc, argv);
    if (code) return code;
    char model[128], threads[16], backend[64];
    struct utsname u;
    processor(model, sizeof model);
    snprintf(threads, sizeof threads, "%d", ds_ctx_threads(ctx));
    const char *isa = ds_isa(), *name = ds_default_backend();
    snprintf(backend, sizeof backend, "%s", name ? name : "none");
    const struct {
        const char *key, *value;
    } row[] = { { "version", ds_version() },
                { "compiler", ds_compiler() },
                { "processor", model },
                { "instruction set", isa ? isa : "unsupported" },
                { "instruction sets built", ds_isas_built() },
                { "threads", threads },
                { "backend", backend },
                { "system", uname(&u) == 0 ? u.sysname : "unknown" },
                { "machine", uname(&u) == 0 ? u.machine : "unknown" },
                { "libraries", ds_libraries() } };
    bool json = ds_args_flag(&a, c, "json")->integer;
    for (size_t k = 0; k < sizeof row / sizeof row[0]; k++)
        if (json) {
            fputs(k ? ", " : "{", stdout);
            ds_print_json_text(stdout, row[k].key);
            fputs(": ", stdout);
            ds_print_json_text(stdout, row[k].value);
        } else {
            printf("%-24s%s\n", row[k].key, row[k].value);
        }
    if (json) puts("}");
    if (!isa)
        return ds_complain(DS_EXIT_USAGE,
                           "DS_ISA asks for an instruction set that this processor or build does not have; built: %s",
                           ds_isas_built());
    return name ? DS_EXIT_OK
                : ds_complain(DS_EXIT_USAGE,
                              "DS_BACKEND asks for a backend that does not exist; there are ref, cpu and check");
}

const ds_command ds_command_env = {
    .head = { .name = "env",
              .summary = "show version, processor path, threads and libraries, for bug reports",
              .options = flags },
    .usage = "[--json]",
    .run = run,
};
