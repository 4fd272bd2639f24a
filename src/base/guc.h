/*
 * guc.h
 *	  Configuration parameters.
 *
 * src/base/guc.h
 */
#ifndef QF_BASE_GUC_H
#define QF_BASE_GUC_H

extern bool qf_guc_enable_cache;
extern bool qf_guc_enable_late_details;
extern bool qf_guc_enable_lookup_join;

extern void qf_guc_init(void);

extern int	qf_guc_cache_size(void);

/* The budget, qianfan_fdw.max_requests. */
extern void qf_guc_settle(void);
extern int	qf_guc_max_requests(void);
extern void qf_guc_check_max_requests(void);

#endif							/* QF_BASE_GUC_H */
