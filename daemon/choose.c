/*
 * Choosing a provider: see choose.h. Nothing is kept: who was asked stands in the notices, the load
 * in the items, so the same question after a crash has the same answer.
 */
#include "choose.h"

#include <string.h>

#include "buf.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "permit.h"
#include "route.h"
#include "store_item.h"
#include "store_notice.h"
#include "util.h"

enum { TRIED_MAX = 64 };

static const struct {
    const char *name, *german, *next;
} words[CHOICE_COUNT] = {
    [CHOICE_OFFER] = {"offer", "", ""},
    [CHOICE_NO_PARTNER] =
        {"no_partner", "Für diesen Ort und diese Leistung gibt es zurzeit keinen Träger.",
         "Bitte suchen Sie mit der Koordination eine andere Lösung, oder nennen Sie einen "
         "gewünschten Träger."},
    [CHOICE_NO_AGREEMENT] =
        {"no_agreement", "Mit dem vorgesehenen Träger besteht heute keine gültige Vereinbarung.",
         "Bitte wenden Sie sich an die Leitung; ohne Vereinbarung wird kein Träger "
         "benachrichtigt."},
    [CHOICE_NO_PERMISSION] = {"no_permission",
                              "Nach den hinterlegten Befugnissen darf dem vorgesehenen Träger auf "
                              "dieser Rechtsgrundlage "
                              "nichts mitgeteilt werden.",
                              "Bitte prüfen Sie die Rechtsgrundlage, oder lassen Sie die Befugnis "
                              "durch die Koordination "
                              "klären."},
    [CHOICE_NO_BASIS] = {"no_basis", "Die Anfrage nennt keine Rechtsgrundlage.",
                         "Bitte senden Sie die Anfrage mit der Rechtsgrundlage noch einmal."},
    [CHOICE_NO_CONSENT] =
        {"no_consent", "Für diese Mitteilung ist eine Zustimmung nötig, die noch nicht vorliegt.",
         "Bitte holen Sie die Zustimmung ein und senden Sie die Anfrage mit ihrem Zeichen noch "
         "einmal."},
    [CHOICE_TRIED_ALL] = {"tried_all",
                          "Alle vorgesehenen Träger sind angefragt; keiner hat angenommen.",
                          "Bitte entscheiden Sie, wie es weitergeht, und stellen Sie die Anfrage "
                          "gegebenenfalls neu."},
    [CHOICE_NO_CAPACITY] = {"no_capacity", "Alle vorgesehenen Träger sind zurzeit ausgelastet.",
                            "Bitte geben Sie den Auftrag neu frei, sobald ein Platz frei ist, oder "
                            "vereinbaren Sie mit "
                            "dem Träger eine Warteliste."},
};

const char *choice_name(enum choice choice)
{
    return words[choice].name;
}

const char *choice_missing(enum choice choice)
{
    const char *name = words[choice].name;
    return str_starts(name, "no_") ? name + strlen("no_") : name;
}

const char *choice_german(enum choice choice)
{
    return words[choice].german;
}

const char *choice_next_german(enum choice choice)
{
    return words[choice].next;
}

static bool is_full(const struct candidate *c)
{
    return c->capacity > 0 && c->load >= c->capacity;
}

static enum choice judge(const struct candidate *c)
{
    if (c->obstacle != CHOICE_OFFER)
        return c->obstacle;
    if (c->tried)
        return CHOICE_TRIED_ALL;
    return is_full(c) ? CHOICE_NO_CAPACITY : CHOICE_OFFER;
}

size_t choose_among(const struct candidate *list, size_t n, bool least_loaded, enum choice *choice)
{
    size_t best = n;
    *choice = CHOICE_NO_PARTNER;
    for (size_t i = 0; i < n; i++) {
        enum choice this = judge(&list[i]);
        bool nearer = best == n || this < *choice;
        bool lighter =
            this == *choice && least_loaded && best < n && list[i].load < list[best].load;
        if (!nearer && !lighter)
            continue;
        best = i;
        *choice = this;
    }
    return best;
}

/* Who was offered the item since it was last asked for. */
struct round {
    char unit[TRIED_MAX][ID_MAX];
    size_t units;
};

static void note_offer(void *context, const struct notice *notice)
{
    struct round *round = context;
    if (str_eq(notice->template_name, "referral.requested"))
        round->units = 0;
    else if (str_eq(notice->template_name, "referral.offered") && round->units < TRIED_MAX)
        str_copy(round->unit[round->units++], ID_MAX, notice->unit);
}

static bool was_tried(const struct round *round, const struct unit *unit)
{
    for (size_t i = 0; i < round->units; i++)
        if (str_eq(round->unit[i], unit->id))
            return true;
    return false;
}

enum choice choose_obstacle(struct stafette *g, const struct item *item, const struct unit *unit)
{
    const struct directory *dir = g->config->directory;
    const struct service *service = directory_service(dir, item->service);
    if (unit->kind == UNIT_PROVIDER &&
        !directory_agreement(dir, unit, service, berlin_day(g->now_ms)))
        return CHOICE_NO_AGREEMENT;
    switch (permit_basis(g, item, unit)) {
    case PERMIT_NO_BASIS:
        return CHOICE_NO_BASIS;
    case PERMIT_NO_ROW:
        return CHOICE_NO_PERMISSION;
    case PERMIT_NO_CONSENT:
        return CHOICE_NO_CONSENT;
    default:
        return CHOICE_OFFER;
    }
}

static void ask_routes(const struct stafette *g, const struct item *item,
                       struct route_result *route)
{
    const struct directory *dir = g->config->directory;
    const struct route_query query = {
        .kind = ITEM_REFERRAL,
        .urgency = item->urgency,
        .place = directory_place(dir, item->place),
        .area = directory_area(dir, item->area),
        .service = directory_service(dir, item->service),
        .complexity = item->complexity,
        .from = directory_unit(dir, item->from_unit),
        .restricted = item->restricted,
        .at_ms = g->now_ms,
    };
    route_decide(g->config->routing, dir, &query, route);
}

/* The place's own team that some rule for handovers names is no provider, and neither is the desk
 * that takes what nobody else does. */
static bool is_partner(const struct route_result *route, const struct unit *unit)
{
    if (unit->kind == UNIT_PROVIDER)
        return true;
    return unit->kind == UNIT_TEAM && route->target[0].reason != REASON_CATCH_ALL &&
           rule_says_kind(route->rule, ITEM_REFERRAL);
}

static int64_t load_of(struct stafette *g, const struct item *item, const struct unit *unit)
{
    int64_t load = store_item_load(g->store, unit->id);
    bool counted = str_eq(item->to_unit, unit->id) && item->seq && !item->closed_ms;
    return counted && load > 0 ? load - 1 : load;
}

static size_t list_candidates(struct stafette *g, const struct item *item,
                              const struct route_result *route,
                              struct candidate list[PROVIDERS_MAX])
{
    struct round round = {.units = 0};
    size_t n = 0;
    store_notice_each(g->store, item->seq, &round, note_offer);
    for (size_t i = 0; i < route->candidates; i++) {
        const struct unit *unit = route->candidate[i];
        if (is_partner(route, unit))
            list[n++] = (struct candidate){.unit = unit,
                                           .obstacle = choose_obstacle(g, item, unit),
                                           .tried = was_tried(&round, unit),
                                           .load = load_of(g, item, unit),
                                           .capacity = unit->capacity};
    }
    return n;
}

/* The client's choice as the only candidate; its capacity is for the provider to judge. */
static size_t list_pinned(struct stafette *g, const struct item *item, struct candidate *only)
{
    struct round round = {.units = 0};
    const struct unit *unit = directory_unit(g->config->directory, item->to_unit);
    if (!(item->flags & ITEM_PINNED) || !unit)
        return 0;
    store_notice_each(g->store, item->seq, &round, note_offer);
    *only = (struct candidate){
        .unit = unit, .obstacle = choose_obstacle(g, item, unit), .tried = was_tried(&round, unit)};
    return 1;
}

void choose_provider(struct stafette *g, const struct item *item, struct choose_result *result)
{
    struct candidate list[PROVIDERS_MAX];
    struct route_result route;
    ask_routes(g, item, &route);
    size_t n = list_pinned(g, item, list);
    *result = (struct choose_result){
        .rule = route.rule, .pinned = n > 0, .needs_approval = route.needs_approval};
    if (!n)
        n = list_candidates(g, item, &route, list);
    size_t best = choose_among(list, n, route.choice == CHOOSE_LEAST_LOADED, &result->choice);
    result->provider = best < n ? list[best].unit : NULL;
}

static void put_candidate(struct buf *out, const struct candidate *c)
{
    enum choice why = judge(c);
    buf_printf(out, "Träger %s (%s): %d offene Aufträge", c->unit->name, c->unit->id, (int)c->load);
    if (c->capacity)
        buf_printf(out, " von höchstens %d", (int)c->capacity);
    switch (why) {
    case CHOICE_OFFER:
        buf_puts(out, "; kann angefragt werden.\n");
        break;
    case CHOICE_TRIED_ALL:
        buf_puts(out, "; ist schon angefragt worden.\n");
        break;
    case CHOICE_NO_CAPACITY:
        buf_puts(out, "; ist ausgelastet.\n");
        break;
    default:
        buf_printf(out, ". %s\n", choice_german(why));
    }
}

void choose_explain(struct stafette *g, const struct item *item, struct buf *out)
{
    struct candidate list[PROVIDERS_MAX];
    struct choose_result result;
    struct route_result route;
    ask_routes(g, item, &route);
    size_t n = list_pinned(g, item, list);
    if (!n)
        n = list_candidates(g, item, &route, list);
    for (size_t i = 0; i < n; i++)
        put_candidate(out, &list[i]);
    choose_provider(g, item, &result);
    if (result.pinned)
        buf_puts(out, "Der Träger ist gewünscht (Wunsch- und Wahlrecht); Reihenfolge und "
                      "Auslastung zählen dann nicht.\n");
    if (result.choice == CHOICE_OFFER)
        buf_printf(out, "Angefragt würde jetzt: %s (%s).\n", result.provider->name,
                   result.provider->id);
    else
        buf_printf(out, "%s %s\n", choice_german(result.choice), choice_next_german(result.choice));
}
