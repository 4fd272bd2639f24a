/*
 * guc.h
 *	  Configuration parameters.
 *
 * src/base/guc.h
 */
#ifndef QF_BASE_GUC_H
#define QF_BASE_GUC_H

extern bool qf_guc_enable_lookup_join;
extern int	qf_guc_max_requests;

extern void qf_guc_init(void);

#endif							/* QF_BASE_GUC_H */
