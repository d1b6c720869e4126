/*
 * Fuzzing of the list of erased cases. The input is the file.
 *
 * Properties: what is refused names a line; what is read has rising numbers, and each entry is
 * found again by its key and hash, or a newer one of the same case.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "../../daemon/buf.h"
#include "../../daemon/erasures.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    digest_start();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct erasures list = {0};
    struct buf err = BUF_INIT;
    int rc = erasures_read(&list, (const char *)data, size, &err);
    assert((rc < 0) == (err.len > 0));
    assert(rc == 0 || strncmp(buf_str(&err), "line ", 5) == 0);
    for (size_t i = 0; i < list.count; i++) {
        const struct erasure *found = erasures_find(&list, &list.entry[i]);
        assert(found && found->number >= list.entry[i].number);
        assert(found->case_key == list.entry[i].case_key);
        assert(i == 0 || list.entry[i].number > list.entry[i - 1].number);
    }
    erasures_close(&list);
    buf_release(&err);
    return 0;
}
