/*
 * registry.h
 *	  The list of resources.
 *
 * src/resource/registry.h
 */
#ifndef QF_RESOURCE_REGISTRY_H
#define QF_RESOURCE_REGISTRY_H

#include "resource/resource.h"

extern const QfResource *const *qf_registry_list(int *count);
extern const QfResource *qf_registry_find(const char *name);
extern const QfColumn *qf_registry_column(const QfResource *resource,
										  const char *name);
extern const QfColumn *qf_registry_field(const QfResource *resource,
										 const char *path);

#endif							/* QF_RESOURCE_REGISTRY_H */
