/* option.c - text to option values: one parser for config files, command lines and calls from code.
 *
 * The type comes from the table, never from the text: `1e-4` is a number where a number is wanted and a name where a
 * name is wanted. Numbers are decimal and finite; hexadecimal, infinities and trailing text are refused. */
#include "base/option.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_LENGTH = 64, NAME_LENGTH = 48 };

int ds_option_count(const ds_option *table)
{
    int n = 0;
    while (table && table[n].type != DS_OPT_END) n++;
    return n;
}

bool ds_list_has(const char *list, char separator, const char *word, int *index)
{
    size_t length = strlen(word);
    int i = 0;
    for (const char *p = list; p && *p; i++) {
        const char *end = strchr(p, separator);
        size_t bytes = end ? (size_t)(end - p) : strlen(p);
        if (bytes == length && memcmp(p, word, length) == 0) {
            if (index) *index = i;
            return true;
        }
        p = end ? end + 1 : NULL;
    }
    return false;
}

int ds_option_find(const ds_option *table, const char *name)
{
    int n = ds_option_count(table);
    for (int i = 0; i < n; i++)
        if (strcmp(table[i].name, name) == 0) return i;
    for (int i = 0; i < n; i++)
        if (*name && ds_list_has(table[i].aliases, ',', name, NULL)) return i;
    return -1;
}

/* Bytes of the decimal number that text begins with, 0 when it begins with none: [+-] digits [. digits] [e [+-]
 * digits]. */
static size_t number_prefix(const char *text)
{
    const char *p = text;
    if (*p == '+' || *p == '-') p++;
    size_t digits = strspn(p, "0123456789");
    p += digits;
    if (*p == '.') {
        size_t fraction = strspn(p + 1, "0123456789");
        digits += fraction;
        p += 1 + fraction;
    }
    if (digits == 0) return 0;
    if (*p == 'e' || *p == 'E') {
        const char *e = p + 1 + (p[1] == '+' || p[1] == '-');
        size_t exponent = strspn(e, "0123456789");
        if (exponent) p = e + exponent;
    }
    return (size_t)(p - text);
}

/* strtod in the C locale, whatever the program's own: a decimal comma must not turn 0.5 into 0. */
static bool to_double(const char *text, size_t bytes, double *out)
{
    char copy[NUMBER_LENGTH + 8];
    if (bytes == 0 || bytes > NUMBER_LENGTH) return false;
    memcpy(copy, text, bytes);
    copy[bytes] = 0;
    const char *point = localeconv()->decimal_point;
    char *dot = strchr(copy, '.');
    if (dot && strlen(point) == 1) *dot = *point;
    errno = 0;
    char *end;
    *out = strtod(copy, &end);
    return *end == 0 && isfinite(*out);
}

static bool parse_real(const char *text, double *out)
{
    size_t bytes = number_prefix(text);
    return text[bytes] == 0 && to_double(text, bytes, out);
}

static bool parse_integer(const char *text, int64_t *out)
{
    const char *digits = text + (*text == '+' || *text == '-');
    if (*digits == 0 || digits[strspn(digits, "0123456789")]) return false;
    errno = 0;
    *out = strtoll(text, NULL, 10);
    return errno == 0;
}

/* Both bounds 0 means that the table sets none. */
static bool inside(const ds_option *o, double x) { return (o->lo == 0 && o->hi == 0) || (x >= o->lo && x <= o->hi); }

/* "from 0 to 1", "of at least 0", "" for no bounds; infinities and the ends of int64 are no bounds. */
static void bounds_text(const ds_option *o, char *buf, size_t bytes)
{
    bool low = o->lo > -9e18, high = o->hi < 9e18;
    int digits = o->type == DS_OPT_INT ? 17 : 12;
    if ((o->lo == 0 && o->hi == 0) || (!low && !high))
        snprintf(buf, bytes, "%s", "");
    else if (low && high)
        snprintf(buf, bytes, " from %.*g to %.*g", digits, o->lo, digits, o->hi);
    else if (low)
        snprintf(buf, bytes, " of at least %.*g", digits, o->lo);
    else
        snprintf(buf, bytes, " of at most %.*g", digits, o->hi);
}

/* "a|b|c" as "a, b or c". */
static void choices_text(const char *choices, char *buf, size_t bytes)
{
    size_t at = 0;
    const char *last = strrchr(choices, '|');
    for (const char *p = choices; *p && at + 8 < bytes; p++) {
        if (*p == '|')
            at += (size_t)snprintf(buf + at, bytes - at, "%s", p == last ? " or " : ", ");
        else
            buf[at++] = *p;
    }
    buf[at] = 0;
}

char *ds_option_wants(const ds_option *o, char *buf, size_t bytes)
{
    char range[128];
    bounds_text(o, range, sizeof range);
    switch (o->type) {
    case DS_OPT_REAL: snprintf(buf, bytes, "a number%s", range); break;
    case DS_OPT_INT: snprintf(buf, bytes, "a whole number%s", range); break;
    case DS_OPT_BOOL: snprintf(buf, bytes, "true or false"); break;
    case DS_OPT_CHOICE: choices_text(o->choices ? o->choices : "", buf, bytes); break;
    case DS_OPT_SPAN:
        snprintf(buf, bytes, "a number%s and its unit, as in \"2 epochs\", \"100 steps\" or \"5 minutes\"", range);
        break;
    case DS_OPT_BYTES: snprintf(buf, bytes, "a number of bytes, as in 500K, 64M or 2G%s", range); break;
    case DS_OPT_RANGE: snprintf(buf, bytes, "two numbers [lo, hi] with lo < hi"); break;
    case DS_OPT_TEXT: snprintf(buf, bytes, o->kind ? "a name" : "text"); break;
    default: snprintf(buf, bytes, "%s", o->choices ? o->choices : "a value of its own kind"); break;
    }
    return buf;
}

static ds_status refuse(const ds_option *o, const char *text, const char *advice, char *why, size_t bytes)
{
    char wants[384];
    if (why && bytes)
        snprintf(why, bytes, "found \"%.60s%s\", wanted %s%s", text, strlen(text) > 60 ? "..." : "",
                 ds_option_wants(o, wants, sizeof wants), advice);
    return DS_ERANGE;
}

static const char *integer_advice(const char *text)
{
    double x;
    if (!strpbrk(text, ".eE") || !parse_real(text, &x)) return "";
    return x == rint(x) ? "; write all digits, without point or exponent" : "";
}

static const char *bool_advice(const char *text)
{
    static const char *const yes[] = { "yes", "on", "1", "True", "TRUE", "y", "Yes", "On" };
    static const char *const no[] = { "no", "off", "0", "False", "FALSE", "n", "No", "Off" };
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        if (strcmp(text, yes[i]) == 0) return "; write true";
        if (strcmp(text, no[i]) == 0) return "; write false";
    }
    return "";
}

static ds_status parse_choice(const ds_option *o, const char *text, ds_optval *out, char *why, size_t bytes)
{
    int index = 0;
    if (*text && ds_list_has(o->choices, '|', text, &index)) {
        out->integer = index;
        out->text = text;
        return DS_OK;
    }
    char list[512], advice[96] = "";
    const char *names[DS_MAX_OPTIONS];
    int n = 0;
    snprintf(list, sizeof list, "%s", o->choices ? o->choices : "");
    for (char *p = list; *p && n < DS_MAX_OPTIONS; n++) {
        names[n] = p;
        p += strcspn(p, "|");
        if (*p) *p++ = 0;
    }
    const char *near = ds_nearest(text, names, n);
    if (near) snprintf(advice, sizeof advice, "; did you mean \"%.40s\"?", near);
    return refuse(o, text, advice, why, bytes);
}

/* Units of spans and what one of them is in steps, epochs or seconds. */
static const struct unit {
    const char *names;
    ds_unit unit;
    double size;
} units[] = { { "step,steps", DS_UNIT_STEPS, 1 },
              { "epoch,epochs", DS_UNIT_EPOCHS, 1 },
              { "s,second,seconds", DS_UNIT_SECONDS, 1 },
              { "min,minute,minutes", DS_UNIT_SECONDS, 60 },
              { "h,hour,hours", DS_UNIT_SECONDS, 3600 } };

static ds_status parse_span(const ds_option *o, const char *text, ds_optval *out, char *why, size_t bytes)
{
    double x;
    size_t length = number_prefix(text);
    if (!to_double(text, length, &x)) return refuse(o, text, "", why, bytes);
    const char *word = text + length + strspn(text + length, " ");
    if (*word == 0) return refuse(o, text, "; the unit is missing", why, bytes);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (!ds_list_has(units[i].names, ',', word, NULL)) continue;
        if (units[i].unit == DS_UNIT_STEPS && x != rint(x)) return refuse(o, text, "; steps are whole", why, bytes);
        if (x < 0 || !inside(o, x)) return refuse(o, text, "", why, bytes);
        out->real = x * units[i].size;
        out->unit = units[i].unit;
        return DS_OK;
    }
    return refuse(o, text, "; units are steps, epochs, seconds, minutes and hours", why, bytes);
}

static ds_status parse_bytes(const ds_option *o, const char *text, ds_optval *out, char *why, size_t bytes)
{
    static const char letters[] = "KMGT";
    char digits[NUMBER_LENGTH];
    size_t n = strspn(text, "0123456789");
    const char *letter = text[n] ? strchr(letters, text[n]) : NULL;
    if (n == 0 || n >= sizeof digits || (text[n] && !letter) || (letter && text[n + 1]))
        return refuse(o, text, "", why, bytes);
    memcpy(digits, text, n);
    digits[n] = 0;
    int64_t unit = letter ? (int64_t)1 << (10 * (letter - letters + 1)) : 1;
    if (!parse_integer(digits, &out->integer) || __builtin_mul_overflow(out->integer, unit, &out->integer) ||
        !inside(o, (double)out->integer))
        return refuse(o, text, "", why, bytes);
    return DS_OK;
}

static ds_status parse_range(const ds_option *o, const char *text, ds_optval *out, char *why, size_t bytes)
{
    double x[2];
    const char *p = text + strspn(text, " ");
    if (*p++ != '[') return refuse(o, text, "", why, bytes);
    for (int i = 0; i < 2; i++) {
        p += strspn(p, " ");
        size_t length = number_prefix(p);
        if (!to_double(p, length, &x[i])) return refuse(o, text, "", why, bytes);
        p += length;
        p += strspn(p, " ");
        if (*p++ != (i ? ']' : ',')) return refuse(o, text, "", why, bytes);
    }
    if (p[strspn(p, " ")] || !(x[0] < x[1])) return refuse(o, text, "", why, bytes);
    out->real = x[0];
    out->real2 = x[1];
    return DS_OK;
}

ds_status ds_option_parse(const ds_option *o, const char *text, ds_optval *out, char *why, size_t bytes)
{
    *out = (ds_optval){ .given = true };
    switch (o->type) {
    case DS_OPT_REAL:
        if (!parse_real(text, &out->real) || !inside(o, out->real)) return refuse(o, text, "", why, bytes);
        return DS_OK;
    case DS_OPT_INT:
        if (!parse_integer(text, &out->integer)) return refuse(o, text, integer_advice(text), why, bytes);
        if (!inside(o, (double)out->integer)) return refuse(o, text, "", why, bytes);
        return DS_OK;
    case DS_OPT_BOOL:
        out->integer = strcmp(text, "true") == 0;
        if (!out->integer && strcmp(text, "false")) return refuse(o, text, bool_advice(text), why, bytes);
        return DS_OK;
    case DS_OPT_CHOICE: return parse_choice(o, text, out, why, bytes);
    case DS_OPT_SPAN: return parse_span(o, text, out, why, bytes);
    case DS_OPT_BYTES: return parse_bytes(o, text, out, why, bytes);
    case DS_OPT_RANGE: return parse_range(o, text, out, why, bytes);
    default: out->text = text; return DS_OK;
    }
}

ds_status ds_option_defaults(const ds_option *table, ds_optval *values, char *why, size_t bytes)
{
    int n = ds_option_count(table);
    for (int i = 0; i < n; i++) {
        const char *def = table[i].def;
        values[i] = (ds_optval){ .text = def };
        if (!def || !*def) continue;
        ds_status s = ds_option_parse(&table[i], def, &values[i], why, bytes);
        if (s != DS_OK) return s;
        values[i].given = false;
    }
    return DS_OK;
}

/* Letters of different case are equal, and so are - and _. */
static int fold(char c) { return c == '-' ? '_' : tolower((unsigned char)c); }

/* Optimal string alignment: insertions, deletions, exchanges and swaps of neighbours count one each. */
static int distance(const char *a, const char *b)
{
    int row[3][NAME_LENGTH + 1], *before = row[0], *last = row[1], *now = row[2];
    int n = (int)strlen(b);
    for (int j = 0; j <= n; j++) last[j] = before[j] = j;
    for (int i = 1; a[i - 1]; i++) {
        now[0] = i;
        for (int j = 1; j <= n; j++) {
            int same = fold(a[i - 1]) == fold(b[j - 1]);
            int d = last[j - 1] + !same;
            if (last[j] + 1 < d) d = last[j] + 1;
            if (now[j - 1] + 1 < d) d = now[j - 1] + 1;
            bool swapped = i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]);
            if (swapped && before[j - 2] + 1 < d) d = before[j - 2] + 1;
            now[j] = d;
        }
        int *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[n];
}

const char *ds_nearest(const char *word, const char *const *names, int n)
{
    int length = (int)strlen(word);
    if (length == 0 || length > NAME_LENGTH) return NULL;
    /* One slip in a short word, one more for each three letters. */
    int best = (length + 1) / 3 > 1 ? (length + 1) / 3 + 1 : 2;
    const char *near = NULL;
    for (int i = 0; i < n; i++) {
        int bytes = (int)strlen(names[i]);
        if (bytes > NAME_LENGTH) continue;
        int d = distance(word, names[i]), longer = bytes > length ? bytes : length;
        if (d < best && d < longer) {
            best = d;
            near = names[i];
        }
    }
    for (int i = 0; i < n && !near; i++) {
        /* The beginning of a long name: "cross" for "cross-entropy". */
        int k = 0;
        while (k < length && fold(word[k]) == fold(names[i][k])) k++;
        if (k == length && k >= 3) near = names[i];
    }
    return near;
}
