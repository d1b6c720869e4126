/*
 * Reading a configuration tree (conf.h): lookups with types and ranges, faults, suggestions. Pure.
 *
 * Each reader marks what it looked at, so that conf_check_unused() can name the rest; an unknown
 * setting is a fault, because a misspelt one would silently be its default.
 */
#include <inttypes.h>
#include <stdarg.h>

#include "buf.h"
#include "conf.h"
#include "util.h"

static void put_place(struct buf *out, const char *file, int line)
{
    buf_puts(out, str_empty(file) ? "configuration" : file);
    if (line > 0)
        buf_printf(out, ":%d", line);
    buf_puts(out, ": ");
}

/* Control characters could forge a line of the report. */
static void put_sentence(struct buf *out, const char *fmt, va_list ap)
{
    size_t from = out->len;
    buf_vprintf(out, fmt, ap);
    for (size_t i = from; i < out->len; i++)
        if ((unsigned char)out->data[i] < ' ' || out->data[i] == 0x7f)
            out->data[i] = ' ';
    buf_addc(out, '\n');
}

void conf_fault(struct conf_faults *faults, const struct conf_node *at, const char *fmt, ...)
{
    va_list ap;
    faults->errors++;
    put_place(faults->text, at->file, at->line);
    va_start(ap, fmt);
    put_sentence(faults->text, fmt, ap);
    va_end(ap);
}

void conf_warning(struct conf_faults *faults, const struct conf_node *at, const char *fmt, ...)
{
    va_list ap;
    faults->warnings++;
    put_place(faults->text, at->file, at->line);
    buf_puts(faults->text, "warning: ");
    va_start(ap, fmt);
    put_sentence(faults->text, fmt, ap);
    va_end(ap);
}

void conf_fault_at(struct conf_faults *faults, const char *file, int line, const char *fmt, ...)
{
    va_list ap;
    faults->errors++;
    put_place(faults->text, file, line);
    va_start(ap, fmt);
    put_sentence(faults->text, fmt, ap);
    va_end(ap);
}

struct conf_node *conf_get(struct conf_node *group, const char *name)
{
    if (!group || group->type != CONF_GROUP)
        return NULL;
    for (size_t i = 0; i < group->children; i++)
        if (str_eq(group->child[i]->name, name)) {
            group->child[i]->used = true;
            return group->child[i];
        }
    return NULL;
}

/* The member when it has the type; NULL when it is absent or was reported. */
static struct conf_node *member(struct conf_node *group, const char *name, enum conf_type type,
                                const char *what, struct conf_faults *faults)
{
    struct conf_node *node = conf_get(group, name);
    if (!node || node->type == type)
        return node;
    conf_fault(faults, node, "\"%s\" must be %s", name, what);
    return NULL;
}

const char *conf_text(struct conf_node *group, const char *name, const char *otherwise,
                      struct conf_faults *faults)
{
    struct conf_node *node = member(group, name, CONF_TEXT, "a text in quotes", faults);
    return node ? node->text : otherwise;
}

int64_t conf_int(struct conf_node *group, const char *name, int64_t otherwise, int64_t min,
                 int64_t max, struct conf_faults *faults)
{
    struct conf_node *node = member(group, name, CONF_INT, "a whole number without quotes", faults);
    if (!node)
        return otherwise;
    if (node->number >= min && node->number <= max)
        return node->number;
    conf_fault(faults, node, "\"%s\" must be from %" PRId64 " to %" PRId64, name, min, max);
    return otherwise;
}

bool conf_bool(struct conf_node *group, const char *name, bool otherwise,
               struct conf_faults *faults)
{
    struct conf_node *node = member(group, name, CONF_BOOL, "true or false", faults);
    return node ? node->number != 0 : otherwise;
}

static int64_t measure(struct conf_node *group, const char *name, int64_t otherwise,
                       bool (*parse)(const char *, int64_t *), struct conf_faults *faults)
{
    const char *what = parse == size_parse ? "a size in quotes such as \"64 KB\" or \"5 MB\""
                                           : "a length of time in quotes such as \"90s\", \"15m\", "
                                             "\"2h\" or \"3d\"";
    struct conf_node *node = member(group, name, CONF_TEXT, what, faults);
    int64_t value = otherwise;
    if (node && !parse(node->text, &value))
        conf_fault(faults, node, "\"%s\" must be %s", name, what);
    return value;
}

int64_t conf_duration_ms(struct conf_node *group, const char *name, int64_t otherwise_ms,
                         struct conf_faults *faults)
{
    return measure(group, name, otherwise_ms, duration_parse, faults);
}

int64_t conf_size_bytes(struct conf_node *group, const char *name, int64_t otherwise,
                        struct conf_faults *faults)
{
    return measure(group, name, otherwise, size_parse, faults);
}

const char *conf_nearest(const char *name, const char *const *known)
{
    enum { TYPING_ERRORS = 2 };
    const char *best = NULL;
    unsigned least = TYPING_ERRORS + 1;
    for (; known && *known; known++) {
        unsigned distance = str_distance(name, *known, TYPING_ERRORS);
        if (distance < least) {
            least = distance;
            best = *known;
        }
    }
    return best;
}

void conf_check_unused(struct conf_node *group, const char *const *known,
                       struct conf_faults *faults)
{
    if (!group || group->type != CONF_GROUP)
        return;
    for (size_t i = 0; i < group->children; i++) {
        const struct conf_node *node = group->child[i];
        const char *near = node->used ? NULL : conf_nearest(node->name, known);
        if (near)
            conf_fault(faults, node, "unknown setting \"%s\"; did you mean \"%s\"?", node->name,
                       near);
        else if (!node->used)
            conf_fault(faults, node, "unknown setting \"%s\"; remove it", node->name);
    }
}
