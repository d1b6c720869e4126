/*
 * Fuzzing of the file of school holidays. The input is the file.
 *
 * Properties: what is refused names a fault, and no flood of them; what is read knows each of its
 * holidays, and never a day after the last one.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "../../daemon/buf.h"
#include "../../daemon/conf.h"
#include "../../daemon/school.h"
#include "../../daemon/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const keys[] = {"NW", "BW", "BY+mh", "SN+fl", "", "X"};
    struct buf report = BUF_INIT;
    struct conf_faults faults = {.text = &report};
    struct school *school = school_read("file", (const char *)data, size, &faults);
    assert(!school == (faults.errors > 0) && !school == (report.len > 0));
    assert(faults.errors <= 21);
    for (size_t i = 0; school && i < COUNT_OF(keys); i++) {
        int64_t last = school_last_day(school, keys[i]);
        if (last == INT64_MIN)
            continue;
        assert(school_is_holiday(school, keys[i], last) && school_knows(school, keys[i], last));
        assert(!school_is_holiday(school, keys[i], last + 1));
        assert(!school_knows(school, keys[i], last + 1));
        for (int64_t day = last - 400; day <= last; day++)
            assert(!school_is_holiday(school, keys[i], day) || school_knows(school, keys[i], day));
    }
    school_free(school);
    buf_release(&report);
    return 0;
}
