/*
 * The bytes of a configuration: see conf_source.h.
 *
 * It finds what libconfig would swallow: a byte order mark, NUL bytes and `\x00` (they cut the
 * text), bytes that are not UTF-8, and integers beyond 32 bits, which libconfig 1.5 wraps silently.
 * For that it follows the text just far enough to tell code from strings and comments.
 *
 * Refused: includes deeper than 10, files over 16 MB, more than 64 MB in all, what is no regular
 * file. Reads only; a crash leaves nothing.
 */
#include "conf_source.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conf.h"
#include "util.h"

enum { FILE_BYTES_MAX = 16 << 20, ALL_BYTES_MAX = 64 << 20, INCLUDE_DEPTH_MAX = 10 };

enum scan_state { SCAN_CODE, SCAN_STRING, SCAN_COMMENT };

struct scan {
    struct conf_source *source;
    struct conf_faults *faults;
    enum scan_state state;
    int depth;     /* -1: a text in memory, includes refused */
    bool complete; /* false when an included file could not be read */
};

void conf_source_init(struct conf_source *s)
{
    memset(s, 0, sizeof *s);
}

void conf_source_release(struct conf_source *s)
{
    for (size_t i = 0; i < s->files; i++)
        free(s->file[i]);
    free(s->file);
    free(s->place);
    buf_release(&s->text);
    conf_source_init(s);
}

struct conf_place conf_source_place(const struct conf_source *s, int line)
{
    if (s->places == 0)
        return (struct conf_place){s->files ? s->file[0] : "", 0};
    size_t i = line < 1 ? 0 : (size_t)line - 1;
    return s->place[i < s->places ? i : s->places - 1];
}

/* Chained, so that moving bytes from one file to the next changes the version. */
static void add_file(struct conf_source *s, const char *name, const char *bytes, size_t len)
{
    s->file = grow(s->file, s->files, &s->files_cap, sizeof *s->file);
    s->file[s->files++] = xstrdup(name);
    unsigned char chain[2 * DIGEST_FULL];
    memcpy(chain, s->hash, DIGEST_FULL);
    digest_sha256(chain + DIGEST_FULL, bytes, len);
    digest_sha256(s->hash, chain, sizeof chain);
}

static void add_line(struct conf_source *s, const char *text, size_t len, struct conf_place at)
{
    s->place = grow(s->place, s->places, &s->cap, sizeof *s->place);
    s->place[s->places++] = at;
    buf_add(&s->text, text, len);
    buf_addc(&s->text, '\n');
}

/* Looks at the number that starts at text; returns its length. */
static size_t scan_number(struct scan *scan, const char *text, struct conf_place at)
{
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, hex ? 16 : 10);
    bool real = *end == '.' || (!hex && (*end == 'e' || *end == 'E'));
    bool wide = *end == 'L';
    if (!real && (errno == ERANGE || (!wide && value > INT32_MAX)))
        conf_fault_at(scan->faults, at.file, at.line,
                      "the number is too large; write lengths of time and sizes as texts with a "
                      "unit (\"15m\", \"5 MB\")");
    size_t n = (size_t)(end - text);
    return n + strspn(text + n, "0123456789.eExX+-L");
}

/* A step inside code; returns how many bytes it took, 0 when the rest of the line is a comment. */
static size_t scan_code(struct scan *scan, const char *text, struct conf_place at)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_*-";
    if (text[0] == '#' || (text[0] == '/' && text[1] == '/'))
        return 0;
    if (text[0] == '/' && text[1] == '*') {
        scan->state = SCAN_COMMENT;
        return 2;
    }
    if (text[0] == '"')
        scan->state = SCAN_STRING;
    else if (isdigit((unsigned char)text[0]))
        return scan_number(scan, text, at);
    else if (isalpha((unsigned char)text[0]) || text[0] == '*')
        return strspn(text, name);
    return 1;
}

static size_t scan_string(struct scan *scan, const char *text, struct conf_place at)
{
    if (text[0] == '"')
        scan->state = SCAN_CODE;
    if (text[0] != '\\' || text[1] == '\0')
        return 1;
    if (str_starts(text + 1, "x00") || str_starts(text + 1, "X00"))
        conf_fault_at(scan->faults, at.file, at.line, "\\x00 would cut the text off; remove it");
    return 2;
}

/* Follows one line, which ends with NUL. */
static void scan_line(struct scan *scan, const char *text, struct conf_place at)
{
    for (size_t i = 0, step = 1; text[i]; i += step) {
        switch (scan->state) {
        case SCAN_CODE:
            step = scan_code(scan, text + i, at);
            if (step == 0)
                return;
            break;
        case SCAN_STRING:
            step = scan_string(scan, text + i, at);
            break;
        case SCAN_COMMENT:
            step = str_starts(text + i, "*/") ? 2 : 1;
            if (step == 2)
                scan->state = SCAN_CODE;
            break;
        }
    }
}

static void scan_text(struct scan *scan, const char *name, const char *text, size_t len);

/* The name in an @include line: false when the line is none. *file is "" when malformed. */
static bool include_name(const char *line, char *file, size_t size)
{
    const char *p = line + strspn(line, " \t");
    if (!str_starts(p, "@include"))
        return false;
    p += strlen("@include");
    p += strspn(p, " \t");
    const char *end = *p == '"' ? strchr(p + 1, '"') : NULL;
    const char *rest = end ? end + 1 + strspn(end + 1, " \t\r;") : "";
    bool alone = *rest == '\0' || *rest == '#' || str_starts(rest, "//");
    file[0] = '\0';
    if (end && alone && (size_t)(end - p) <= size) {
        memcpy(file, p + 1, (size_t)(end - p - 1));
        file[end - p - 1] = '\0';
    }
    return true;
}

static bool read_regular(struct buf *bytes, const char *path, struct buf *why)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        buf_printf(why, "cannot read %s: %s", path, strerror(errno));
        return false;
    }
    if (!S_ISREG(st.st_mode)) {
        buf_printf(why, "%s is not a regular file", path);
        return false;
    }
    return buf_read_file(bytes, path, FILE_BYTES_MAX, why) == 0;
}

static void include_file(struct scan *scan, const char *file, struct conf_place at)
{
    if (str_empty(file) || scan->depth < 0 || scan->depth >= INCLUDE_DEPTH_MAX) {
        conf_fault_at(scan->faults, at.file, at.line, "%s",
                      str_empty(file)   ? "write it as @include \"file\" on a line of its own"
                      : scan->depth < 0 ? "@include is not possible here"
                                        : "includes are nested too deep; does a file include "
                                          "itself?");
        scan->complete = false;
        return;
    }
    struct buf path = BUF_INIT, bytes = BUF_INIT, why = BUF_INIT;
    struct conf_node here = {.file = at.file, .line = at.line};
    conf_resolve(&here, file, &path);
    if (read_regular(&bytes, buf_str(&path), &why)) {
        scan->depth++;
        scan_text(scan, buf_str(&path), buf_str(&bytes), bytes.len);
        scan->depth--;
    } else {
        conf_fault_at(scan->faults, at.file, at.line, "%s", buf_str(&why));
        scan->complete = false;
    }
    buf_release(&path);
    buf_release(&bytes);
    buf_release(&why);
}

/* Takes over one line of `len` bytes: checks it, follows it, or puts its include in place. */
static void take_line(struct scan *scan, const char *text, size_t len, struct conf_place at)
{
    char file[512];
    char *line = xstrndup(text, len);
    if (memchr(text, '\0', len))
        conf_fault_at(scan->faults, at.file, at.line, "NUL byte in the text; remove it");
    else if (!utf8_valid(text, len))
        conf_fault_at(scan->faults, at.file, at.line,
                      "not UTF-8 (perhaps ISO 8859-1); save the file as UTF-8");
    if (scan->state == SCAN_CODE && include_name(line, file, sizeof file)) {
        include_file(scan, file, at);
    } else {
        scan_line(scan, line, at);
        add_line(scan->source, line, strlen(line), at);
    }
    free(line);
}

static void scan_text(struct scan *scan, const char *name, const char *text, size_t len)
{
    struct conf_source *s = scan->source;
    if (s->text.len + len > ALL_BYTES_MAX) {
        conf_fault_at(scan->faults, name, 0, "all files together are larger than 64 MB");
        scan->complete = false;
        return;
    }
    add_file(s, name, text, len);
    struct conf_place at = {s->file[s->files - 1], 0};
    if (str_starts(text, "\xef\xbb\xbf")) {
        conf_fault_at(scan->faults, at.file, 1,
                      "the file starts with a byte order mark; save it as UTF-8 without BOM");
        text += 3;
        len -= 3;
    }
    while (len > 0) {
        const char *newline = memchr(text, '\n', len);
        size_t n = newline ? (size_t)(newline - text) : len;
        at.line++;
        take_line(scan, text, n, at);
        n += newline ? 1 : 0;
        text += n;
        len -= n;
    }
}

bool conf_source_file(struct conf_source *s, const char *path, struct conf_faults *faults)
{
    struct buf bytes = BUF_INIT, why = BUF_INIT;
    struct scan scan = {.source = s, .faults = faults, .complete = true};
    bool readable = read_regular(&bytes, path, &why);
    if (readable)
        scan_text(&scan, path, buf_str(&bytes), bytes.len);
    else
        conf_fault_at(faults, path, 0, "%s", buf_str(&why));
    buf_release(&bytes);
    buf_release(&why);
    return readable && scan.complete;
}

void conf_source_text(struct conf_source *s, const char *name, const char *text, size_t len,
                      struct conf_faults *faults)
{
    struct buf copy = BUF_INIT;
    struct scan scan = {.source = s, .faults = faults, .depth = -1, .complete = true};
    buf_add(&copy, text, len);
    scan_text(&scan, name, buf_str(&copy), len);
    buf_release(&copy);
}
