/*
 * Pooling (DOMAIN KI8, § 116(2) SGB IX): several open requests for the same service in the same
 * place may be served together. Only how many there are is told, never which.
 */
#ifndef POOL_H
#define POOL_H

#include <stdint.h>

struct item;
struct stafette;

/* In the transaction, after a referral was requested: how many open ones for its place and service
 * were made within pool.days, itself included, when they are at least pool.threshold and this has
 * not been told within that time; it counts as told then. Else 0. Restricted items and entrusted
 * data never count and are never counted (R10, R11). */
int64_t pool_check(struct stafette *g, const struct item *item);

#endif
