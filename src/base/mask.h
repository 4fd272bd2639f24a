/*
 * mask.h
 *	  Foreign text without our secrets.
 *
 * src/base/mask.h
 */
#ifndef QF_BASE_MASK_H
#define QF_BASE_MASK_H

#include "base/credential.h"

extern char *qf_mask_text(const QfCredential *credential, const char *text,
						  int limit);
extern bool qf_mask_finds(const QfCredential *credential, const char *text,
						  bool signatures);

#endif							/* QF_BASE_MASK_H */
