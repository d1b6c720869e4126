/*
 * Fuzzes what people write about times in plans and control calls: moments, times of the day, quiet
 * hours, days of a shift, the hour of a week. What is read must be usable.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../daemon/roster.h"
#include "../../daemon/util.h"
#include "../../daemon/walltime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct quiet quiet;
    int64_t from_ms, to_ms;
    if (size > 200)
        return 0;
    char *text = xstrndup((const char *)data, size);
    int second = wall_time_of_day(text);
    assert(second >= -1 && second <= 86400);
    assert(roster_days_parse(text) <= ROSTER_DAILY);
    if (wall_parse(text, false, &from_ms)) {
        assert(wall_parse(text, true, &to_ms) && to_ms >= from_ms);
        int64_t day = wall_day(from_ms, &second);
        assert(second >= 0 && second < 86400 && wall_ms(day, second) <= from_ms);
    }
    int weekday;
    if (weekly_time_parse(text, &weekday, &second))
        assert(weekday >= 0 && weekday < 7 && second >= 0 && second < 86400);
    if (quiet_parse(text, &quiet))
        for (int64_t ms = 1806100000000; ms < 1806400000000; ms += 601000) {
            int64_t end_ms = quiet_end(&quiet, ms);
            assert(end_ms >= ms && quiet_end(&quiet, end_ms) == end_ms);
        }
    free(text);
    return 0;
}
