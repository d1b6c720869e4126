/*
 * Fuzz target: names of destinations that an operator holds. The input is what is held and, behind
 * a line end, a lane. What means a lane without the urgent means it with them; a name that is no
 * mark alone means itself; a hold covers exactly what its name means.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/lane_hold.h"
#include "../../daemon/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lane_holds holds = {0};
    char *wanted = xstrndup((const char *)data, size), *lane = strchr(wanted, '\n');
    if (lane)
        *lane++ = '\0';
    else
        lane = wanted + strlen(wanted);
    bool meant = lane_is_meant(wanted, lane, false);
    assert(!meant || lane_is_meant(wanted, lane, true));
    assert(!meant || lane_name_is_urgent(wanted) == lane_name_is_urgent(lane));
    if (*wanted && strcmp(wanted, LANE_URGENT_MARK) != 0)
        assert(lane_is_meant(wanted, wanted, false));
    lane_holds_add(&holds, wanted, 1);
    const struct lane_hold *cover = lane_holds_cover(&holds, lane);
    assert((cover != NULL) == (meant || strcmp(wanted, lane) == 0));
    assert(lane_holds_find(&holds, wanted));
    lane_holds_release(&holds);
    free(wanted);
    return 0;
}
