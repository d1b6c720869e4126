/*
 * A look into the folders of gammu-smsd: see sms_gammu.h. Runs on a carrier, because a folder may
 * lie on a disk that hangs.
 *
 * Promises: a file of another program is neither read nor removed: in sent and error only names
 * that end with a reference of ours count; a file that came in is read only when it has been left
 * alone for a second, because gammu-smsd writes it in place. Refuses files above 64 KB and names
 * that it would not have made. Every name and text is hostile: anybody may send an SMS.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../daemon/util.h"
#include "adapter.h"
#include "sms_gammu.h"

enum { NAMES_MAX = 2000, FILE_MAX = 64 * 1024, SETTLED_MS = 1000, OUT_FIELDS = 4 };

bool gammu_reference(char out[SPOOL_REFERENCE_MAX], const char *name)
{
    const char *p = name;
    const char *end = strrchr(name, '.');
    if (!str_starts(name, "OUT") || !end || !str_starts(end, ".txt"))
        return false;
    for (int i = 0; i < OUT_FIELDS; i++)
        if (!(p = strchr(p, '_')) || p++ > end)
            return false;
    size_t n = p < end ? (size_t)(end - p) : 0;
    size_t digits = *p == 'd' ? strspn(p + 1, "0123456789") : 0;
    if (n >= SPOOL_REFERENCE_MAX || digits == 0 || digits > 18 || p[1 + digits] != '.')
        return false;
    size_t tag = strspn(p + digits + 2, "0123456789abcdef");
    if (tag == 0 || digits + 2 + tag != n)
        return false;
    memcpy(out, p, n);
    out[n] = '\0';
    return true;
}

/* So many digits and then the character; moves *p behind it. */
static bool digits_then(const char **p, size_t count, char then)
{
    if (strspn(*p, "0123456789") != count || (*p)[count] != then)
        return false;
    *p += count + 1;
    return true;
}

size_t gammu_inbox_name(const char *name, char sender[40], int *part)
{
    const char *p = name + 2;
    if (!str_starts(name, "IN") || !digits_then(&p, 8, '_') || !digits_then(&p, 6, '_') ||
        !digits_then(&p, 2, '_'))
        return 0;
    const char *last = strrchr(p, '_');
    size_t n = last ? (size_t)(last - p) : 0;
    if (n == 0 || n >= 40 || memchr(p, '_', n))
        return 0;
    memcpy(sender, p, n);
    sender[n] = '\0';
    p = last + 1;
    if (strspn(p, "0123456789") != 2 || !str_eq(p + 2, ".txt"))
        return 0;
    *part = (p[0] - '0') * 10 + (p[1] - '0');
    return (size_t)(last - name);
}

static void put_point(struct buf *out, unsigned point)
{
    if (point < 0x80) {
        buf_addc(out, point == 0 ? ' ' : (char)point);
    } else if (point < 0x800) {
        buf_addc(out, (char)(0xc0 | point >> 6));
        buf_addc(out, (char)(0x80 | (point & 0x3f)));
    } else {
        buf_addc(out, (char)(0xe0 | point >> 12));
        buf_addc(out, (char)(0x80 | (point >> 6 & 0x3f)));
        buf_addc(out, (char)(0x80 | (point & 0x3f)));
    }
}

/* Pairs (pictures) say nothing to the grammar of answers: each half becomes "?". */
static void put_units(struct buf *out, const unsigned char *u, size_t units, bool big)
{
    for (size_t i = 0; i < units; i++) {
        unsigned unit =
            big ? (unsigned)u[2 * i] << 8 | u[2 * i + 1] : (unsigned)u[2 * i + 1] << 8 | u[2 * i];
        put_point(out, unit >= 0xd800 && unit <= 0xdfff ? '?' : unit);
    }
}

void gammu_text(struct buf *out, const char *bytes, size_t len)
{
    const unsigned char *u = (const unsigned char *)bytes;
    bool big = len >= 2 && u[0] == 0xfe && u[1] == 0xff;
    bool little = len >= 2 && u[0] == 0xff && u[1] == 0xfe;
    if (big || little) {
        put_units(out, u + 2, (len - 2) / 2, big);
        return;
    }
    bool valid = utf8_valid(bytes, len);
    for (size_t i = 0; i < len; i++)
        buf_addc(out, u[i] == 0 ? ' ' : u[i] < 0x80 || valid ? bytes[i] : '?');
}

/* ---- one folder */

struct names {
    char **name;
    size_t count, cap;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_release(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->name[i]);
    free(names->name);
}

static bool wanted(enum spool_kind kind, const char *name)
{
    char text[SPOOL_REFERENCE_MAX > 40 ? SPOOL_REFERENCE_MAX : 40];
    int part;
    if (strlen(name) >= SPOOL_NAME_MAX)
        return false;
    return kind == SPOOL_INBOX ? gammu_inbox_name(name, text, &part) > 0
                               : gammu_reference(text, name);
}

static bool list_folder(struct spool_look *look, enum spool_kind kind, struct names *names)
{
    DIR *d = opendir(look->folder[kind]);
    if (!d) {
        snprintf(look->why, sizeof look->why, "cannot read the folder %s: %s",
                 kind == SPOOL_INBOX  ? "inbox"
                 : kind == SPOOL_SENT ? "sent"
                                      : "error",
                 strerror(errno));
        look->failed = true;
        return false;
    }
    for (struct dirent *e; names->count < NAMES_MAX && (e = readdir(d));) {
        if (!wanted(kind, e->d_name))
            continue;
        names->name = grow(names->name, names->count, &names->cap, sizeof *names->name);
        names->name[names->count++] = xstrdup(e->d_name);
    }
    closedir(d);
    if (names->count)
        qsort(names->name, names->count, sizeof *names->name, by_name);
    return true;
}

static bool is_done(const struct spool_look *look, const char *path)
{
    for (size_t i = 0; i < look->done_count; i++)
        if (look->done[i] && str_eq(look->done[i], path))
            return true;
    return false;
}

/* Nobody has written to it of late; so a file of now and one of another clock count as old. */
static bool settled(const char *path)
{
    struct stat st;
    if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    int64_t age_ms =
        util_wall_ms() - (int64_t)st.st_mtim.tv_sec * 1000 - st.st_mtim.tv_nsec / 1000000;
    return age_ms >= SETTLED_MS || age_ms < -SETTLED_MS;
}

static struct spool_found *add_found(struct spool_look *look, enum spool_kind kind,
                                     const char *name)
{
    struct spool_found *found = &look->found[look->count++];
    *found = (struct spool_found){.kind = kind};
    str_copy(found->name, sizeof found->name, name);
    return found;
}

static void take_moved(struct spool_look *look, enum spool_kind kind, const struct names *names)
{
    for (size_t i = 0; i < names->count && look->count < SPOOL_FOUND_MAX; i++) {
        struct buf path = BUF_INIT;
        buf_printf(&path, "%s/%s", look->folder[kind], names->name[i]);
        if (!is_done(look, buf_str(&path)))
            gammu_reference(add_found(look, kind, names->name[i])->reference, names->name[i]);
        buf_wipe(&path);
    }
}

/* ---- what came in */

static bool read_part(struct buf *text, const char *path)
{
    struct buf bytes = BUF_INIT, err = BUF_INIT;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool read = fd >= 0 && buf_read_fd(&bytes, fd, FILE_MAX, &err) == 0;
    if (fd >= 0)
        close(fd);
    if (read)
        gammu_text(text, bytes.data ? bytes.data : "", bytes.len);
    buf_wipe(&bytes);
    buf_release(&err);
    return read;
}

/* How many names from i on are parts of one SMS. */
static size_t group_size(const struct names *names, size_t i, size_t common)
{
    char sender[40];
    int part;
    size_t n = 1;
    while (i + n < names->count && gammu_inbox_name(names->name[i + n], sender, &part) == common &&
           strncmp(names->name[i], names->name[i + n], common) == 0)
        n++;
    return n;
}

/* A longer one is cut between characters. */
static void keep_text(struct inbound *sms, const struct buf *text)
{
    size_t n = text->len < sizeof sms->text ? text->len : sizeof sms->text - 1;
    while (n > 0 && n < text->len && ((unsigned char)text->data[n] & 0xc0) == 0x80)
        n--;
    memcpy(sms->text, buf_str(text), n);
    sms->text[n] = '\0';
}

/* All parts of one SMS; nothing when one of them is still being written. */
static void take_group(struct spool_look *look, char *const *name, size_t count)
{
    char sender[40];
    int part;
    size_t before = look->count;
    struct buf text = BUF_INIT;
    bool ready = true, readable = true;
    for (size_t i = 0; i < count && ready; i++) {
        struct buf path = BUF_INIT;
        buf_printf(&path, "%s/%s", look->folder[SPOOL_INBOX], name[i]);
        ready = !is_done(look, buf_str(&path)) && settled(buf_str(&path));
        if (ready) {
            add_found(look, i == 0 ? SPOOL_INBOX : SPOOL_PART, name[i]);
            readable = readable && read_part(&text, buf_str(&path));
        }
        buf_wipe(&path);
    }
    gammu_inbox_name(name[0], sender, &part);
    struct inbound *sms = xcalloc(1, sizeof *sms);
    if (ready && readable && inbound_number(sms->from, sender)) {
        keep_text(sms, &text);
        look->found[before].sms = sms;
    } else {
        free(sms);
    }
    if (!ready)
        look->count = before;
    buf_wipe(&text);
}

static void take_inbox(struct spool_look *look, const struct names *names)
{
    char sender[40];
    int part;
    for (size_t i = 0, n; i < names->count; i += n) {
        n = group_size(names, i, gammu_inbox_name(names->name[i], sender, &part));
        if (look->count + n <= SPOOL_FOUND_MAX)
            take_group(look, &names->name[i], n);
    }
}

/* ---- the look */

static void remove_done(struct spool_look *look)
{
    for (size_t i = 0; i < look->done_count; i++) {
        if (unlink(look->done[i]) != 0 && errno != ENOENT) {
            snprintf(look->why, sizeof look->why, "cannot remove a file that is done: %s",
                     strerror(errno));
            look->failed = true;
            continue;
        }
        free(look->done[i]);
        look->done[i] = NULL;
    }
}

void gammu_look(struct spool_look *look)
{
    remove_done(look);
    for (int kind = SPOOL_SENT; kind <= SPOOL_INBOX && !look->failed; kind++) {
        struct names names = {0};
        if (str_empty(look->folder[kind]))
            continue;
        if (list_folder(look, (enum spool_kind)kind, &names)) {
            if (kind == SPOOL_INBOX)
                take_inbox(look, &names);
            else
                take_moved(look, (enum spool_kind)kind, &names);
        }
        names_release(&names);
    }
}

void gammu_look_release(struct spool_look *look)
{
    for (int i = 0; i < SPOOL_KIND_COUNT; i++)
        free(look->folder[i]);
    for (size_t i = 0; i < look->done_count; i++)
        free(look->done[i]);
    free(look->done);
    for (size_t i = 0; i < look->count; i++) {
        if (look->found[i].sms)
            explicit_bzero(look->found[i].sms, sizeof *look->found[i].sms);
        free(look->found[i].sms);
    }
    explicit_bzero(look->found, sizeof look->found);
}
