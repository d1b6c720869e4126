/*
 * The list of erased cases: see erasures.h. Appending goes to the end of the file and is fsynced,
 * the directory too when the file is new.
 *
 * Refuses a file with a line that it cannot read: to go on would bring erased cases back. A crash
 * leaves at most one line cut short, which goes when the next is appended.
 */
#include "erasures.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "util.h"

enum { FILE_MAX = 256 << 20, LINE_MAX_BYTES = 200, KEY_HEX = 16, HASH_HEX = 2 * DIGEST_ID };

static const char head[] = "# Erased cases, as keyed hashes; see stafetted(8). Keep this file "
                           "beside the database and out\n"
                           "# of its backups: it is applied again when a backup is restored.\n";

void erasure_of(struct erasure *e, const unsigned char key[DIGEST_KEY], const char *case_ref)
{
    size_t len = strlen(case_ref);
    e->case_key = (int64_t)digest_short(key, case_ref, len);
    digest_keyed(e->case_hash, sizeof e->case_hash, key, case_ref, len);
}

void erasure_ticket(char ticket[ERASURE_TICKET_LEN + 1], const struct erasure *e)
{
    struct buf hex = BUF_INIT;
    digest_hex(&hex, e->case_hash, ERASURE_TICKET_LEN / 2);
    str_copy(ticket, ERASURE_TICKET_LEN + 1, buf_str(&hex));
    buf_release(&hex);
}

static bool read_hex(const char *text, size_t digits, unsigned char *out)
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < digits; i++) {
        const char *at = text[i] ? strchr(hex, text[i]) : NULL;
        if (!at)
            return false;
        unsigned value = (unsigned)(at - hex);
        out[i / 2] = (unsigned char)(i % 2 ? (unsigned)out[i / 2] << 4 | value : value);
    }
    return text[digits] == '\0';
}

/* A whole line without its line feed; it is taken apart. */
static bool read_line(char *line, struct erasure *e)
{
    unsigned char key[KEY_HEX / 2];
    char *word[4], *save = NULL, *rest = line;
    for (size_t i = 0; i < COUNT_OF(word); i++, rest = NULL)
        if (!(word[i] = strtok_r(rest, " ", &save)))
            return false;
    if (strtok_r(NULL, " ", &save) || !int_parse(word[0], 1, INT64_MAX, &e->number) ||
        !time_parse(word[1], &e->at_ms) || strlen(word[2]) != KEY_HEX ||
        strlen(word[3]) != HASH_HEX || !read_hex(word[2], KEY_HEX, key) ||
        !read_hex(word[3], HASH_HEX, e->case_hash))
        return false;
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof key; i++)
        number = number << 8 | key[i];
    e->case_key = (int64_t)number;
    return true;
}

static int compare(const struct erasure *a, const struct erasure *b)
{
    if (a->case_key != b->case_key)
        return a->case_key < b->case_key ? -1 : 1;
    return memcmp(a->case_hash, b->case_hash, sizeof a->case_hash);
}

/* The first place whose entry is not before `like`; with `after`, that is behind it. */
static size_t place_of(const struct erasures *list, const struct erasure *like, bool after)
{
    size_t from = 0, to = list->by_key_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = compare(&list->entry[list->by_key[middle]], like);
        if (order < 0 || (after && order == 0))
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static void remember(struct erasures *list, const struct erasure *e)
{
    size_t at = place_of(list, e, true);
    list->entry = grow(list->entry, list->count, &list->cap, sizeof *list->entry);
    list->by_key = grow(list->by_key, list->by_key_count, &list->by_key_cap, sizeof *list->by_key);
    memmove(&list->by_key[at + 1], &list->by_key[at],
            (list->by_key_count - at) * sizeof *list->by_key);
    list->by_key[at] = list->count;
    list->by_key_count++;
    list->entry[list->count++] = *e;
}

int erasures_read(struct erasures *list, const char *text, size_t len, struct buf *err)
{
    int64_t number = 0;
    const char *end = text + len;
    for (long at = 1; text < end; at++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (!stop)
            break;
        char line[LINE_MAX_BYTES];
        struct erasure e;
        size_t n = (size_t)(stop - text);
        bool fits = n < sizeof line && !memchr(text, '\0', n);
        memcpy(line, text, fits ? n : 0);
        line[fits ? n : 0] = '\0';
        text = stop + 1;
        if (fits && (line[0] == '#' || n == 0))
            continue;
        if (!fits || !read_line(line, &e) || e.number <= number) {
            buf_printf(err,
                       "line %ld is no erasure, or its number is not above the one before; put the "
                       "right file back",
                       at);
            return -1;
        }
        number = e.number;
        remember(list, &e);
    }
    return 0;
}

int erasures_open(struct erasures *list, const char *path, struct buf *err)
{
    struct buf text = BUF_INIT, why = BUF_INIT;
    memset(list, 0, sizeof *list);
    list->path = xstrdup(path);
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return 0;
    int rc = buf_read_file(&text, path, FILE_MAX, &why);
    if (rc == 0 && (rc = erasures_read(list, buf_str(&text), text.len, &why)) < 0)
        buf_printf(err, "list of erasures %s: %s", path, buf_str(&why));
    else if (rc < 0)
        buf_printf(err, "list of erasures: %s", buf_str(&why));
    buf_release(&text);
    buf_release(&why);
    return rc;
}

void erasures_close(struct erasures *list)
{
    free(list->entry);
    free(list->by_key);
    free(list->path);
    memset(list, 0, sizeof *list);
}

/* A file name is on the disk when its directory is. */
static int sync_directory(const char *path)
{
    struct buf directory = BUF_INIT;
    const char *slash = strrchr(path, '/');
    if (slash)
        buf_add(&directory, path, (size_t)(slash - path) + 1);
    int fd = open(slash ? buf_str(&directory) : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 ? -1 : fsync(fd);
    if (fd >= 0)
        close(fd);
    buf_release(&directory);
    return rc;
}

/* Cuts off what a crash left of a line; a new file gets its head. */
static int mend_end(int fd, struct buf *text, bool *is_new, off_t *size)
{
    struct stat st;
    char last, whole[LINE_MAX_BYTES];
    if (fstat(fd, &st) < 0)
        return -1;
    *is_new = st.st_size == 0;
    *size = st.st_size;
    if (*is_new)
        buf_puts(text, head);
    if (*is_new || (pread(fd, &last, 1, st.st_size - 1) == 1 && last == '\n'))
        return 0;
    off_t from = st.st_size > (off_t)sizeof whole ? st.st_size - (off_t)sizeof whole : 0;
    ssize_t n = pread(fd, whole, sizeof whole, from);
    while (n > 0 && whole[n - 1] != '\n')
        n--;
    *size = from + n;
    return n < 0 ? -1 : ftruncate(fd, *size);
}

static void write_entry(struct buf *out, const struct erasure *e)
{
    buf_printf(out, "%lld ", (long long)e->number);
    time_utc(out, e->at_ms);
    buf_printf(out, " %016llx ", (unsigned long long)e->case_key);
    digest_hex(out, e->case_hash, sizeof e->case_hash);
    buf_addc(out, '\n');
}

int erasures_add(struct erasures *list, struct erasure *e, int64_t floor, struct buf *err)
{
    struct buf text = BUF_INIT;
    bool is_new = false;
    off_t size = -1;
    int64_t last = list->count ? list->entry[list->count - 1].number : 0;
    e->number = (last > floor ? last : floor) + 1;
    int fd = open(list->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int rc = fd < 0 ? -1 : mend_end(fd, &text, &is_new, &size);
    write_entry(&text, e);
    if (rc == 0 && (write(fd, text.data, text.len) != (ssize_t)text.len || fsync(fd) < 0 ||
                    (is_new && sync_directory(list->path) < 0)))
        rc = -1;
    if (rc < 0)
        buf_printf(err, "the list of erasures %s cannot be written: %s", list->path,
                   strerror(errno));
    /* What is not safe on the disk must not be found there by the next start either. */
    if (rc < 0 && size >= 0 && ftruncate(fd, size) < 0)
        buf_puts(err, "; look at its last line");
    if (rc == 0)
        remember(list, e);
    if (fd >= 0)
        close(fd);
    buf_release(&text);
    return rc;
}

const struct erasure *erasures_find(const struct erasures *list, const struct erasure *like)
{
    size_t at = place_of(list, like, true);
    if (at == 0 || compare(&list->entry[list->by_key[at - 1]], like) != 0)
        return NULL;
    return &list->entry[list->by_key[at - 1]];
}
