/* routing.c - see routing.h. */
#include "routing.h"

#include "cmd.h"

ds_status ds_routing_open(ds_session *s, ds_optim **out)
{
    ds_status status = ds_session_optimizer(s, out);
    if (status != DS_OK || !*out || ds_optim_groups(*out) > 1) return status;
    ds_optim_free(*out);
    *out = NULL;
    return DS_OK;
}

static void print_line(FILE *f, const ds_routing *r)
{
    char shape[64], lr[32] = "-", decay[32] = "-";
    if (r->rule) {
        snprintf(lr, sizeof lr, "%.3g", r->lr);
        snprintf(decay, sizeof decay, "%.3g", r->weight_decay);
    }
    fprintf(f, "%-17s %-12s %-6s %-13s %-10s %7s %7s %10zu\n", r->name, ds_shape_text(r->shape, shape, sizeof shape),
            r->role, *r->group ? r->group : "-", r->rule ? r->rule : "frozen", lr, decay, r->state_bytes);
}

void ds_print_routing(FILE *f, const ds_optim *o)
{
    ds_routing r;
    fprintf(f, "%-17s %-12s %-6s %-13s %-10s %7s %7s %10s\n", "tensor", "shape", "role", "group", "rule", "rate",
            "decay", "state");
    for (int i = 0; ds_optim_routing(o, i, &r); i++) print_line(f, &r);
    fprintf(f, "%d groups, %zu bytes of state\n", ds_optim_groups(o), ds_optim_state_bytes(o));
}

static void print_json(FILE *f, const ds_routing *r)
{
    fputs("{\"tensor\": ", f);
    ds_print_json_text(f, r->name);
    fputs(", \"shape\": [", f);
    for (int a = 0; a < r->shape.rank; a++) fprintf(f, "%s%lld", a ? ", " : "", (long long)r->shape.dim[a]);
    fprintf(f, "], \"role\": \"%s\", \"group\": \"%s\", \"rule\": ", r->role, r->group);
    if (!r->rule) {
        fputs("null}", f);
        return;
    }
    fprintf(f, "\"%s\", \"rate\": ", r->rule);
    ds_print_json_number(f, r->lr);
    fputs(", \"decay\": ", f);
    ds_print_json_number(f, r->weight_decay);
    fprintf(f, ", \"state\": %zu}", r->state_bytes);
}

void ds_print_routing_json(FILE *f, const ds_optim *o)
{
    ds_routing r;
    fputc('[', f);
    for (int i = 0; ds_optim_routing(o, i, &r); i++) {
        if (i) fputs(", ", f);
        print_json(f, &r);
    }
    fputc(']', f);
}
