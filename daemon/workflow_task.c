/*
 * Workflow, tasks: what a person must do beside the items themselves. A task is an item with an
 * owner, a clock and a ladder of its own; one table holds what each asks for, in German. A further
 * kind of task is one row.
 */
#include <string.h>

#include "config.h"
#include "directory.h"
#include "route.h"
#include "store.h"
#include "store_audit.h"
#include "store_clock.h"
#include "store_delivery.h"
#include "talk.h"
#include "tell.h"
#include "util.h"
#include "verdict.h"
#include "workflow_parts.h"

/* "{n}" stands for the task's number, "{todo}" for what to do about the class of failure that it
 * is, "{day}" for the day it reminds of, "{project}" for the name of a project, which is no case's,
 * "{unit}" for the unit that it is about. No sentence may name a service, a legal area or a reason
 * that tells something of the person (DOMAIN R4). */
static const struct {
    const char *code, *german;
} sentences[] = {
    {"parked", "Zu diesem Vorgang kam eine Meldung an, der seit 24 Stunden eine frühere fehlt. "
               "Bitte fragen Sie bei der meldenden Stelle nach."},
    {"ping_pong", "Dieser Vorgang wurde zum {n}. Mal zurückgegeben. Bitte klären Sie mit beiden "
                  "Stellen, wer zuständig ist."},
    {"contact_missed", "Ein Termin kam zum zweiten Mal in Folge nicht zustande. Bitte nehmen Sie "
                       "Kontakt auf, bevor etwas anderes veranlasst wird."},
    {"next_step", "Bitte klären Sie die Anschlussperspektive, solange die Beratung noch läuft."},
    {"horizon",
     "Diese Beratung läuft seit {n} Monaten. Bitte prüfen Sie, ob die Einschätzung vom Anfang noch "
     "gilt und welche Anschlussperspektive es jetzt gibt."},
    {"second_function", "Ihre Stelle hat zu diesem Vorgang einen eigenen Teil zu erledigen. Der "
                        "Vorgang bleibt offen, bis beide Teile erledigt sind."},
    {"consent", "Eine Mitteilung ist angehalten, weil die Einwilligung fehlt. Bitte die Zustimmung "
                "einholen und die Meldung mit der Einwilligung neu senden."},
    {"permission", "Eine Mitteilung ist angehalten, weil die Berechtigung dafür fehlt. Bitte "
                   "prüfen Sie, ob sie eingetragen werden darf."},
    {"basis",
     "Eine Mitteilung ist angehalten, weil die Rechtsgrundlage fehlt. Bitte klären Sie sie "
     "mit der abgebenden Stelle."},
    {"agreement_over", "Eine Mitteilung ist angehalten, weil die Vereinbarung mit dem Träger nicht "
                       "mehr gilt. Bitte klären Sie, wie es weitergeht."},
    {"circle",
     "Eine Mitteilung ist angehalten, weil nur wenige Stellen von diesem Vorgang erfahren "
     "dürfen. Bitte klären Sie mit der abgebenden Stelle, wer ihn übernimmt."},
    {"no_partner", "Für diesen Ort und dieses Anliegen gibt es keinen Träger. Bitte vermitteln Sie "
                   "selbst."},
    {"out_of_order", "Ein Bescheid wurde gemeldet, bevor die vorgesehenen Schritte gemeldet waren. "
                     "Bitte prüfen Sie den Ablauf."},
    {"intake", "Ein neuer Fall hat noch keine zuständige Stelle. Bitte sorgen Sie heute dafür."},
    {"budget", "Das Budget ist zu {n} % gebunden. Bitte steuern Sie, ob weitere Freigaben möglich "
               "sind."},
    {"agreement", "Eine Kooperationsvereinbarung endet in {n} Tagen. Bitte klären Sie die "
                  "Verlängerung."},
    {"pool_hint", "In diesem Sozialraum gibt es {n} offene Anfragen gleicher Art. Bitte prüfen Sie "
                  "ein gemeinsames Angebot (§ 116 Abs. 2 SGB IX, nur mit Zustimmung)."},
    {"bounced", "Eine Adresse oder Nummer von {unit} war zum zweiten Mal nicht erreichbar. {todo}"},
    {"bounced_last", "{unit} ist nur noch auf einem Weg erreichbar: Eine Adresse oder Nummer war "
                     "zum zweiten Mal nicht erreichbar. {todo}"},
    {"unreachable", "{unit} ist auf keinem Weg mehr erreichbar: Keine der eingetragenen Adressen "
                    "und Nummern war zuletzt zu erreichen. Bitte klären Sie sofort, wie die Stelle "
                    "erreichbar ist, und lassen Sie das Verzeichnis berichtigen."},
    {"voice", "Auf eine Notlage hat niemand geantwortet. Bitte rufen Sie an."},
    {"missed_appt", "Eine Frühwarnung ist eingegangen. Bitte nehmen Sie Kontakt auf."},
    {"rent_arrears", "Eine Frühwarnung ist eingegangen. Bitte nehmen Sie Kontakt auf."},
    {"hospital_discharge", "Eine Frühwarnung ist eingegangen. Bitte nehmen Sie Kontakt auf."},
    {"contact_loss", "Eine Frühwarnung ist eingegangen. Bitte nehmen Sie Kontakt auf."},
    {"meeting_held",
     "Zu einem Termin hat niemand geantwortet, ob er stattgefunden hat. Bitte klären "
     "Sie das."},
    {"meeting_minutes", "Zu einem Termin fehlt das Protokoll. Bitte sorgen Sie dafür, dass es "
                        "abgelegt wird."},
    {"plan_review",
     "Die vereinbarte Überprüfung ist am {day} fällig. Bitte bereiten Sie sie vor und "
     "vereinbaren Sie dabei auch sozialräumliche Anteile."},
    {"aftercare", "Die vereinbarte Nachfrage ist am {day} fällig. Bitte melden Sie sich und halten "
                  "Sie fest, ob etwas gebraucht wird."},
    {"followup_call",
     "Ein Schreiben ist verschickt. Bitte telefonieren Sie nach ({n}. Versuch) und "
     "vermerken Sie: erreicht, nicht erreicht oder kein Bedarf."},
    {"visit_phb", "Ein Besuch ist am {day} fällig. Bitte vereinbaren Sie einen Termin."},
    {"visit_p37_3", "Ein Besuch ist am {day} fällig. Bitte vereinbaren Sie einen Termin."},
    {"visit_joint", "Zwei Besuche stehen kurz nacheinander an. Bitte stimmen Sie mit der anderen "
                    "Stelle einen gemeinsamen Termin ab, bis {day}."},
    {"project_report", "Der Bericht zum Projekt {project} ist am {day} fällig. Bitte reichen Sie "
                       "ihn bis dahin ein."},
    {"no_date", "Für einen Termin wurde kein Tag gefunden, an dem alle können. Bitte vereinbaren "
                "Sie ihn selbst und tragen Sie ihn ein."},
    {"followup", "Nach dem Ende einer Beratung ist eine Anschlussperspektive vorgeschlagen. Bitte "
                 "übernehmen Sie die weiteren Schritte."},
};

/* Tasks of earlier versions have no class. */
static void put_todo(struct buf *out, int64_t class)
{
    bool known = class > CLASS_NONE && class < ERROR_CLASS_COUNT;
    buf_puts(out, verdict_of(known ? (enum error_class) class : CLASS_ADDRESS)->coordinator);
}

static void fill_hole(const struct stafette *g, struct buf *out, const char *hole, size_t len,
                      const struct item *item)
{
    const struct project *project = directory_project(g->config->directory, item->complexity);
    if (strncmp(hole, "{n}", len) == 0)
        buf_printf(out, "%lld", (long long)item->amount_cents);
    else if (strncmp(hole, "{todo}", len) == 0)
        put_todo(out, item->amount_cents);
    else if (strncmp(hole, "{day}", len) == 0)
        day_german(out, item->due_day);
    else if (strncmp(hole, "{project}", len) == 0)
        buf_printf(out, "„%s“", project ? project->name : "");
    else if (strncmp(hole, "{unit}", len) == 0)
        buf_puts(out, work_unit(g, item->from_unit)->name);
}

void work_task_sentence(const struct stafette *g, struct buf *out, const struct item *item)
{
    size_t i = 0;
    while (i < COUNT_OF(sentences) - 1 && !str_eq(sentences[i].code, item->code))
        i++;
    for (const char *p = sentences[i].german; *p;) {
        size_t text = strcspn(p, "{"), hole = strcspn(p + text, "}");
        buf_add(out, p, text);
        p += text;
        if (!*p)
            return;
        fill_hole(g, out, p, hole + 1, item);
        p += hole + 1;
    }
}

static void fill(struct work *w, const struct task *task, const struct unit *unit)
{
    struct item *item = &w->item;
    const struct item *parent = task->parent;
    str_copy(item->code, sizeof item->code, task->code);
    item->urgency = task->urgency;
    item->amount_cents = task->number;
    str_copy(item->from_unit, sizeof item->from_unit, task->about ? task->about->id : "");
    item->due_day = task->due_day;
    str_copy(item->complexity, sizeof item->complexity, task->plan ? task->plan : "");
    str_copy(item->owner_unit, sizeof item->owner_unit, unit->id);
    str_copy(item->to_unit, sizeof item->to_unit, unit->id);
    str_copy(item->waiting_unit, sizeof item->waiting_unit, unit->id);
    item->flags = task->flags;
    if (!parent)
        return;
    item->parent_seq = parent->seq;
    item->event_seq = parent->event_seq;
    item->case_key = parent->case_key;
    item->restricted = parent->restricted;
    item->flags |= parent->flags & (ITEM_ANVERTRAUT | ITEM_OUT_OF_ORDER);
    memcpy(item->case_ref, parent->case_ref, sizeof item->case_ref);
    memcpy(item->source, parent->source, sizeof item->source);
    memcpy(item->from_unit, parent->from_unit, sizeof item->from_unit);
    memcpy(item->place, parent->place, sizeof item->place);
    memcpy(item->area, parent->area, sizeof item->area);
    memcpy(item->service, parent->service, sizeof item->service);
}

/* The limits of the item it belongs to, else those of the first policy. */
static void take_limits(struct work *w, const struct task *task, const struct policy *policy)
{
    if (!policy && task->parent && task->parent->limits_id) {
        w->item.limits_id = task->parent->limits_id;
        work_limits(w->g, &w->item, &w->limits);
        return;
    }
    limits_of(&w->limits, policy ? policy : &w->g->config->directory->policy[0], task->urgency);
    work_freeze(w);
}

static void tell_task(struct work *w)
{
    struct buf sentence = BUF_INIT;
    work_task_sentence(w->g, &sentence, &w->item);
    int64_t due_ms = workflow_set_clock(w->g, &w->item, &w->limits, 0);
    const struct telling telling = {work_unit(w->g, w->item.waiting_unit), REASON_TASK,
                                    "task.opened", due_ms, buf_str(&sentence)};
    tell_unit(w->g, &w->item, &w->limits, &telling);
    tell_status(w->g, &w->item, "task.opened", "code", w->item.code);
    buf_release(&sentence);
}

int64_t work_task_begin_ms(const struct stafette *g, const struct task *task,
                           const struct unit *unit)
{
    const struct worktime *hours = &unit->hours;
    int64_t day = task->not_before ? worktime_staffed_from(hours, task->begin_day)
                                   : worktime_staffed_before(hours, task->begin_day);
    int64_t at_ms = worktime_next_open(hours, day_start_ms(day));
    return at_ms > g->now_ms ? at_ms : g->now_ms;
}

static int64_t open_task(struct stafette *g, const struct task *task, const struct unit *unit,
                         const struct policy *policy)
{
    struct work w;
    const struct item nothing = {0};
    work_begin_inner(&w, g, &nothing);
    work_new_item(&w, ITEM_TASK);
    fill(&w, task, unit);
    take_limits(&w, task, policy);
    int64_t begins_ms = task->begin_day ? work_task_begin_ms(g, task, unit) : task->begins_ms;
    w.item.state = begins_ms ? STATE_WAITING : STATE_OPEN;
    store_item_add(g->store, &w.item);
    if (begins_ms)
        work_add_clock(g, &w.item, CLOCK_BEGIN, 0, begins_ms);
    else
        tell_task(&w);
    int64_t seq = w.item.seq;
    work_end_inner(&w);
    return seq;
}

int64_t work_task(struct stafette *g, const struct task *task)
{
    return open_task(g, task, task->unit ? task->unit : g->config->directory->catch_all, NULL);
}

static void find_route(struct stafette *g, const struct task *task, struct route_result *route)
{
    const struct directory *dir = g->config->directory;
    const struct item *about = task->parent;
    const struct route_query query = {
        .kind = ITEM_TASK,
        .urgency = task->urgency,
        .place = about ? directory_place(dir, about->place) : NULL,
        .area = about ? directory_area(dir, about->area) : NULL,
        .service = about ? directory_service(dir, about->service) : NULL,
        .complexity = "",
        .code = task->code,
        .count = task->number,
        .from = about ? directory_unit(dir, about->from_unit) : NULL,
        .restricted = about && about->restricted,
        .at_ms = g->now_ms,
    };
    route_decide(g->config->routing, dir, &query, route);
}

const struct unit *work_task_route(struct stafette *g, const struct task *task)
{
    struct route_result route;
    find_route(g, task, &route);
    return route.target[0].unit;
}

int64_t work_routed_task(struct stafette *g, const struct task *task)
{
    struct route_result route;
    find_route(g, task, &route);
    if (route.target[0].reason == REASON_CATCH_ALL)
        return 0;
    return open_task(g, task, route.target[0].unit, route.policy);
}

void work_task_begins(struct stafette *g, struct item *item)
{
    struct work w;
    if (work_reminder_begins(g, item))
        return;
    work_begin_inner(&w, g, item);
    work_limits(g, item, &w.limits);
    w.item.state = STATE_OPEN;
    w.item.changed_ms = g->now_ms;
    store_item_update(g->store, &w.item);
    tell_task(&w);
    work_end_inner(&w);
}

struct ending {
    struct stafette *g;
    const struct item *parent;
};

/* Ends a task that nobody was told of yet. */
static void forget(struct stafette *g, struct item *task)
{
    task->state = STATE_CLOSED;
    task->waiting_unit[0] = '\0';
    task->changed_ms = task->closed_ms = g->now_ms;
    store_clock_cancel(g->store, task->seq);
    store_item_update(g->store, task);
}

/* Who was not told of it before the referral ended need not be told any more. */
static bool only_while_running(const char *code)
{
    static const char *const codes[] = {"next_step", "horizon"};
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        if (str_eq(codes[i], code))
            return true;
    return false;
}

/* What ends with its item: a forwarded application's clock when the receiver has taken over (the
 * law's clock stays with a giver that keeps the case), every task when there is nothing left to do,
 * and what was to be told while it runs. A task that says what comes next goes on. */
static bool end_child(void *context, const struct item *child)
{
    struct ending *e = context;
    const enum item_state state = e->parent->state;
    if (child->kind == ITEM_MEETING)
        return true; /* talk.h */
    bool taken = state == STATE_ACCEPTED;
    bool nothing_left = state == STATE_WITHDRAWN || state == STATE_REFUSED ||
                        (e->parent->kind == ITEM_HANDOVER && state == STATE_CLOSED);
    bool clock = child->kind == ITEM_DEADLINE;
    bool late = e->parent->kind == ITEM_REFERRAL && child->state == STATE_WAITING &&
                only_while_running(child->code);
    if (clock ? !taken : !nothing_left && !late)
        return true;
    struct item ended = *child;
    if (child->state == STATE_WAITING)
        forget(e->g, &ended);
    else
        work_close(e->g, &ended, clock ? STATE_MET : STATE_CLOSED,
                   clock ? "Der Vorgang ist übernommen; die Frist ist damit erledigt."
                         : "Der Vorgang ist beendet; die Aufgabe hat sich damit erledigt.");
    struct buf text = BUF_INIT;
    buf_printf(&text, "step kind=%s state=%s with item=%lld", item_kind_name(ended.kind),
               item_state_name(ended.state), (long long)e->parent->seq);
    store_audit_add(e->g->store, e->g->now_ms, ended.seq, buf_str(&text));
    buf_release(&text);
    return true;
}

void work_end_tasks(struct stafette *g, const struct item *parent)
{
    struct ending ending = {g, parent};
    if (parent->kind == ITEM_HANDOVER || parent->kind == ITEM_REFERRAL)
        store_item_each_child(g->store, parent->seq, &ending, end_child);
    talk_end(g, parent);
}

static bool has_second_function(void *context, const struct item *child)
{
    bool *open = context;
    *open = str_eq(child->code, "second_function");
    return !*open;
}

bool work_tasks_open(struct stafette *g, int64_t parent_seq)
{
    bool open = false;
    store_item_each_child(g->store, parent_seq, &open, has_second_function);
    return open;
}

void work_task_ended(struct stafette *g, const struct item *task)
{
    struct item parent;
    if (str_eq(task->code, "second_function") &&
        store_item_get(g->store, task->parent_seq, &parent) && !parent.closed_ms &&
        !work_tasks_open(g, parent.seq))
        work_inner(g, &parent, ON_TASKS_DONE);
}
