/*
 * descriptor.h
 *	  Descriptors that are not of the server's own files, counted.
 *
 * src/http/descriptor.h
 */
#ifndef QF_HTTP_DESCRIPTOR_H
#define QF_HTTP_DESCRIPTOR_H

extern bool qf_descriptor_acquire(void);
extern void qf_descriptor_release(void);
extern void qf_descriptor_adopt(int n);
extern bool qf_descriptor_few_left(void);

#endif							/* QF_HTTP_DESCRIPTOR_H */
