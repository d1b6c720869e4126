/*
 * For page*.c only: the handlers of the page table.
 */
#ifndef PAGE_PARTS_H
#define PAGE_PARTS_H

#include <stdbool.h>

#include "http.h"

struct known;
struct stafette;

/* Answers with JSON {"error": why}; at the public door with a page that says nothing else. */
void page_error(struct http_call *call, int status, const char *why);
/* Starts a JSON answer; the handler appends to call->answer. */
void page_json(struct http_call *call);

/* Who calls: the last address that the trusted proxy (http.proxy) wrote down, else the peer. */
const char *page_caller(const struct stafette *g, const struct http_call *call);

/* From memory. */
void page_metrics(struct stafette *g, struct http_call *call, struct known *fresh);
void page_health(struct stafette *g, struct http_call *call, struct known *fresh);
void page_outbox(struct stafette *g, struct http_call *call, struct known *fresh);
void page_sms(struct stafette *g, struct http_call *call, struct known *fresh);

/* Checked from memory, done and answered step by step. */
void page_retry(struct stafette *g, struct http_call *call, struct known *fresh);

/* In the transaction. */
void page_status(struct stafette *g, struct http_call *call, struct known *fresh);
void page_hold(struct stafette *g, struct http_call *call, struct known *fresh);
void page_unhold(struct stafette *g, struct http_call *call, struct known *fresh);
void page_cancel(struct stafette *g, struct http_call *call, struct known *fresh);
void page_resend(struct stafette *g, struct http_call *call, struct known *fresh);
void page_items(struct stafette *g, struct http_call *call, struct known *fresh);
void page_item(struct stafette *g, struct http_call *call, struct known *fresh);
void page_answer(struct stafette *g, struct http_call *call, struct known *fresh);
void page_close(struct stafette *g, struct http_call *call, struct known *fresh);
void page_send(struct stafette *g, struct http_call *call, struct known *fresh);
void page_mail_in(struct stafette *g, struct http_call *call, struct known *fresh);
void page_explain(struct stafette *g, struct http_call *call, struct known *fresh);
void page_who(struct stafette *g, struct http_call *call, struct known *fresh);
void page_absence(struct stafette *g, struct http_call *call, struct known *fresh);
void page_absence_end(struct stafette *g, struct http_call *call, struct known *fresh);
void page_absences(struct stafette *g, struct http_call *call, struct known *fresh);
void page_roster(struct stafette *g, struct http_call *call, struct known *fresh);
void page_meetings(struct stafette *g, struct http_call *call, struct known *fresh);
void page_meeting(struct stafette *g, struct http_call *call, struct known *fresh);
void page_meeting_call(struct stafette *g, struct http_call *call, struct known *fresh);
void page_meeting_move(struct stafette *g, struct http_call *call, struct known *fresh);
void page_meeting_cancel(struct stafette *g, struct http_call *call, struct known *fresh);
void page_meeting_mode(struct stafette *g, struct http_call *call, struct known *fresh);
void page_meeting_held(struct stafette *g, struct http_call *call, struct known *fresh);
void page_meeting_minutes(struct stafette *g, struct http_call *call, struct known *fresh);
void page_meeting_answer(struct stafette *g, struct http_call *call, struct known *fresh);
void page_agenda(struct stafette *g, struct http_call *call, struct known *fresh);
void page_contacts(struct stafette *g, struct http_call *call, struct known *fresh);
void page_certificates(struct stafette *g, struct http_call *call, struct known *fresh);
void page_polls(struct stafette *g, struct http_call *call, struct known *fresh);
void page_poll(struct stafette *g, struct http_call *call, struct known *fresh);
void page_poll_close(struct stafette *g, struct http_call *call, struct known *fresh);
void page_poll_vote(struct stafette *g, struct http_call *call, struct known *fresh);
void page_collisions(struct stafette *g, struct http_call *call, struct known *fresh);
void page_release(struct stafette *g, struct http_call *call, struct known *fresh);
void page_erase(struct stafette *g, struct http_call *call, struct known *fresh);
void page_clock(struct stafette *g, struct http_call *call, struct known *fresh);
void page_sms_in(struct stafette *g, struct http_call *call, struct known *fresh);
void page_report(struct stafette *g, struct http_call *call, struct known *fresh);

void page_link(struct stafette *g, struct http_call *call, struct known *fresh);
void page_feed(struct stafette *g, struct http_call *call, struct known *fresh);
void page_feed_address(struct stafette *g, struct http_call *call, struct known *fresh);
void page_link_post(struct stafette *g, struct http_call *call, struct known *fresh);

/* Before the turn: false when the link is none of ours, and the call is to be answered as it is. */
bool page_link_admit(struct stafette *g, struct http_call *call);
bool page_feed_admit(struct stafette *g, struct http_call *call);
/* Answers a link that is none of ours: the same page for all, and a count of who searches. */
void page_link_refuse(struct stafette *g, struct http_call *call);
void page_budgets(struct stafette *g, struct http_call *call, struct known *fresh);
void page_budget_freeze(struct stafette *g, struct http_call *call, struct known *fresh);
void page_budget_thaw(struct stafette *g, struct http_call *call, struct known *fresh);
void page_counts(struct stafette *g, struct http_call *call, struct known *fresh);
void page_caseloads(struct stafette *g, struct http_call *call, struct known *fresh);
void page_reach(struct stafette *g, struct http_call *call, struct known *fresh);
void page_drill(struct stafette *g, struct http_call *call, struct known *fresh);
void page_drills(struct stafette *g, struct http_call *call, struct known *fresh);
void page_digest(struct stafette *g, struct http_call *call, struct known *fresh);

/* After the commit of a page_send(), page_mail_in(), page_hold(), page_release(), page_erase(). */
void page_send_committed(struct stafette *g, const struct http_call *call);
void page_mail_in_committed(struct stafette *g, const struct http_call *call);
void page_hold_committed(struct stafette *g, const struct http_call *call);
void page_release_committed(struct stafette *g, const struct http_call *call);
void page_erase_committed(struct stafette *g, const struct http_call *call);
void page_sms_in_committed(struct stafette *g, const struct http_call *call);
void page_report_committed(struct stafette *g, const struct http_call *call);

#endif
