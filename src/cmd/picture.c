/* picture.c - see picture.h. */
#include "picture.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cmd.h"

enum { NOT_THERE = 127 };

void ds_picture_text(FILE *script, const char *text)
{
    fputc('"', script);
    for (const char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\') fputc('\\', script);
        fputc(*c, script);
    }
    fputc('"', script);
}

/* Okabe and Ito's eight, then four of Paul Tol's. */
const char *ds_picture_color(int k)
{
    static const char *const colors[DS_COLORS] = { "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9",
                                                   "#000000", "#999933", "#882255", "#44aa99", "#661100", "#6699cc" };
    return colors[k % DS_COLORS];
}

int ds_picture_begin(ds_picture *p, const char *path, int width, int height)
{
    const char *dot = strrchr(path, '.');
    bool png = dot && !strcmp(dot, ".png"), svg = dot && !strcmp(dot, ".svg");
    *p = (ds_picture){ .path = path };
    if (!png && !svg) return ds_complain(DS_EXIT_USAGE, "%s: a picture ends in .png or .svg", path);
    p->script = open_memstream(&p->text, &p->bytes);
    if (!p->script) return ds_complain(DS_EXIT_FAILED, "out of memory");
    fprintf(p->script, "set terminal %s size %d,%d %s\nset output ", png ? "pngcairo" : "svg", width, height,
            png ? "font \"sans,11\" background \"white\"" : "font \"sans,13\" background \"white\"");
    ds_picture_text(p->script, path);
    fputs("\nset encoding utf8\nset border 3 lc rgb \"#808080\"\nset tics nomirror textcolor rgb \"#404040\"\n"
          "set grid lc rgb \"#e0e0e0\" lw 1\nset key noenhanced\n",
          p->script);
    return 0;
}

/* Exit status of gnuplot, NOT_THERE where there is none. */
static int feed(const ds_picture *p)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
    fflush(stdout);
    sigaction(SIGPIPE, &ignore, &before);
    FILE *pipe = popen("command -v gnuplot >/dev/null 2>&1 || exit 127; exec gnuplot >/dev/null", "w");
    if (pipe) fwrite(p->text, 1, p->bytes, pipe);
    int status = pipe ? pclose(pipe) : -1;
    sigaction(SIGPIPE, &before, NULL);
    return status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int ds_picture_end(ds_picture *p, bool *missing)
{
    bool good = !ferror(p->script);
    *missing = false;
    if (fclose(p->script)) good = false;
    int status = good ? feed(p) : 1;
    *missing = status == NOT_THERE;
    free(p->text);
    return status == 0 || *missing ? 0 : ds_complain(DS_EXIT_DATA, "%s: gnuplot cannot draw it", p->path);
}

void ds_picture_drop(ds_picture *p)
{
    fclose(p->script);
    free(p->text);
}
